provider "aws" {
  region = "eu-west-1"
}

module "github" {
  source      = "../.."
  environment = "prod"
  repository  = "acme/models"

  # gh api repos/acme/models --jq '.owner.id, .id'
  repository_ids = {
    owner      = 1234567
    repository = 987654321
  }

  policy_arns = {
    read  = "arn:aws:iam::123456789012:policy/mlreg-prod-recommendation-read"
    write = "arn:aws:iam::123456789012:policy/mlreg-prod-recommendation-write"
  }
}

output "role_arn" {
  description = "The variable MLREG_ROLE of the GitHub environment prod."
  value       = module.github.role_arn
}
