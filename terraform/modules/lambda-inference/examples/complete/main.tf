provider "aws" {
  region = "eu-west-1"
}

module "api" {
  source       = "../../../api-gateway"
  model        = "recommendation"
  environment  = "prod"
  function_arn = module.inference.function_arn
  authorizer   = { kind = "iam" }
}

module "inference" {
  source               = "../.."
  model                = "recommendation"
  environment          = "prod"
  package_file         = "${path.module}/../../../../../dist/router.zip"
  api_execution_arn    = module.api.api_execution_arn
  memory_mb            = 1769
  reserved_concurrency = 400
  platform             = { xray = true }

  environment_variables = {
    MLREG_USER_KEY = "customerId"
  }
}

output "function_name" {
  description = "lambda.function of mlreg.yaml."
  value       = module.inference.function_name
}
