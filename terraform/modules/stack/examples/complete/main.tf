provider "aws" {
  region = "eu-west-1"
}

module "stack" {
  source                  = "../.."
  model                   = "recommendation"
  environment             = "qa"
  router_package_file     = "${path.module}/../../../../../dist/router.zip"
  controller_package_file = "${path.module}/../../../../../dist/controller.zip"
  ecr_repository_arns     = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]
  subscriptions           = [{ protocol = "email", endpoint = "ml@example.com" }]

  api = {
    rate       = 50
    authorizer = { kind = "iam" }
  }

  github = {
    repository     = "acme/models"
    repository_ids = { owner = 1234567, repository = 987654321 }
  }
}

output "mlreg" {
  description = "What mlreg.yaml needs to know."
  value       = module.stack.mlreg
}
