provider "aws" {
  region = "eu-west-1"
}

module "pipeline" {
  source      = "../.."
  model       = "recommendation"
  environment = "prod"
  bucket_name = "mlreg-models-prod-123456789012"
  topic_arn   = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"

  ecr_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]

  training = {
    image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:train"
    instance_type = "ml.m5.2xlarge"
  }

  evaluation = {
    image      = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:train"
    entrypoint = ["python3", "/opt/ml/code/evaluate.py"]
  }
}

output "state_machine_arn" {
  description = "The pipeline."
  value       = module.pipeline.state_machine_arn
}
