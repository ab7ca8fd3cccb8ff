provider "aws" {
  region = "eu-west-1"
}

module "api" {
  source       = "../.."
  model        = "recommendation"
  environment  = "prod"
  function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-inference-prod"
  throttle     = { rate = 1000, burst = 2000 }
  cors         = { allow_origins = ["https://shop.example.com"] }

  authorizer = {
    kind     = "jwt"
    issuer   = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc123"
    audience = ["shop"]
  }
}

output "url" {
  description = "Where users reach the API."
  value       = module.api.url
}
