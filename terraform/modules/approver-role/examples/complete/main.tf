provider "aws" {
  region = "eu-west-1"
}

module "approvers" {
  source        = "../.."
  model         = "recommendation"
  environment   = "prod"
  function_name = "recommendation-inference-prod"
  api_id        = "a1b2c3d4e5"
  table_arn     = "arn:aws:dynamodb:eu-west-1:123456789012:table/mlreg-prod"

  github = {
    repository     = "acme/models"
    repository_ids = { owner = 1234567, repository = 987654321 }
    provider_arn   = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }
}

output "role_arn" {
  description = "The variable MLREG_APPROVER_ROLE of the GitHub environment prod."
  value       = module.approvers.role_arn
}
