provider "aws" {
  region = "eu-west-1"
}

module "controller" {
  source      = "../.."
  environment = "prod"
  # node terraform/package-controller.mjs --config mlreg.yaml --out dist/controller.zip
  package_file = "${path.module}/../../../../../dist/controller.zip"
  models       = ["recommendation"]
  topic_arn    = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  alarm_arns   = ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:mlreg-prod-recommendation-api-errors"]

  policy_arns = {
    read  = "arn:aws:iam::123456789012:policy/mlreg-prod-recommendation-read"
    write = "arn:aws:iam::123456789012:policy/mlreg-prod-recommendation-write"
  }
}

output "state_machine_name" {
  description = "controller of mlreg.yaml."
  value       = module.controller.state_machine_name
}
