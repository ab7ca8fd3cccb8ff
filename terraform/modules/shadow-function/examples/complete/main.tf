provider "aws" {
  region = "eu-west-1"
}

module "shadow" {
  source               = "../.."
  model                = "recommendation"
  environment          = "prod"
  package_file         = "${path.module}/../../../../../dist/router.zip"
  topic_arn            = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  reserved_concurrency = 40
}

output "function_name" {
  description = "lambda.shadowFunction of mlreg.yaml."
  value       = module.shadow.function_name
}
