# A large stack: capacity of its own, long memories, protected.

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
  environment = "prod"

  function           = { memory_mb = 1769, reserved_concurrency = 400 } # 1769 MB: one whole CPU
  api                = { rate = 1000, burst = 2000, detailed_metrics = true, authorizer = var.authorizer }
  shadow             = { reserved_concurrency = 40 }
  registry           = { deletion_protection = true, recovery_days = 35 }
  storage            = { noncurrent_version_days = 365 }
  xray               = true
  log_retention_days = 365

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
