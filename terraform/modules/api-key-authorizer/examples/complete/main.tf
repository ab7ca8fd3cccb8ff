provider "aws" {
  region = "eu-west-1"
}

module "keys" {
  source       = "../.."
  model        = "recommendation"
  environment  = "prod"
  package_file = "${path.module}/../../../../../dist/router.zip"
  parameter    = { name = "/mlreg/prod/recommendation/api-keys" }
  topic_arn    = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
}

module "api" {
  source       = "../../../api-gateway"
  model        = "recommendation"
  environment  = "prod"
  function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-inference-prod"
  authorizer   = { kind = "lambda", function_arn = module.keys.function_arn }
}
