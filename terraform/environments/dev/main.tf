# A small stack: no reserved capacity, short memories, easily torn down.

provider "aws" {
  region              = var.region
  allowed_account_ids = var.account == null ? null : [var.account]

  default_tags {
    tags = { "managed-by" = "terraform" }
  }
}

module "stack" {
  source      = "../../modules/stack"
  model       = var.model
  environment = "dev"

  function           = { memory_mb = 512 }
  api                = { rate = 20, burst = 40, authorizer = var.authorizer }
  shadow             = { reserved_concurrency = 2 }
  registry           = { deletion_protection = false, recovery_days = 7 }
  storage            = { noncurrent_version_days = 30, force_destroy = true }
  log_retention_days = 7

  router_package_file     = coalesce(var.router_package_file, "${path.module}/../../../dist/router.zip")
  controller_package_file = var.controller_package_file
  ecr_repository_arns     = var.ecr_repository_arns
  api_keys_sha256         = var.api_keys_sha256
  subscriptions           = [for address in var.alert_emails : { protocol = "email", endpoint = address }]
  webhook_parameter_name  = var.webhook_parameter_name
  trusted_principal_arns  = var.trusted_principal_arns
  github                  = var.github
  pipeline                = var.pipeline
  vpc                     = var.vpc
  kms_key_arn             = var.kms_key_arn
}
