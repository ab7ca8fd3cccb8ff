terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # Bucket and Region are yours: terraform init -backend-config=backend.hcl
  backend "s3" {
    key          = "mlreg/dev/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
