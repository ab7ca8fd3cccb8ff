provider "aws" {
  region = "eu-west-1"
}

module "sagemaker" {
  source              = "../.."
  model               = "recommendation"
  environment         = "prod"
  bucket_arn          = "arn:aws:s3:::mlreg-models-prod-123456789012"
  artifact_prefix     = "recommendation"
  ecr_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]
}

output "role_arn" {
  description = "sagemaker.role of mlreg.yaml."
  value       = module.sagemaker.role_arn
}
