provider "aws" {
  region = "eu-west-1"
}

module "registry" {
  source        = "../.."
  environment   = "prod"
  recovery_days = 35
}

output "table_name" {
  description = "table of mlreg.yaml."
  value       = module.registry.table_name
}
