provider "aws" {
  region = "eu-west-1"
}

module "storage" {
  source                  = "../.."
  environment             = "prod"
  noncurrent_version_days = 365
}

output "bucket_name" {
  description = "Where artifacts belong."
  value       = module.storage.bucket_name
}
