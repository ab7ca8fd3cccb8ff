provider "aws" {
  region = "eu-west-1"
}

module "cli" {
  source                 = "../.."
  model                  = "recommendation"
  environment            = "prod"
  function_name          = "recommendation-inference-prod"
  api_id                 = "a1b2c3d4e5"
  table_arn              = "arn:aws:dynamodb:eu-west-1:123456789012:table/mlreg-prod"
  topic_arn              = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  bucket_arn             = "arn:aws:s3:::mlreg-models-prod-123456789012"
  model_role_arn         = "arn:aws:iam::123456789012:role/recommendation-model-prod"
  shadow_function_name   = "recommendation-shadow-prod"
  state_machine_name     = "mlreg-rollout-prod"
  trusted_principal_arns = ["arn:aws:iam::123456789012:role/ml-engineers"]
}

output "role_arn" {
  description = "What people take on: role_arn of an AWS profile."
  value       = module.cli.role_arn
}
