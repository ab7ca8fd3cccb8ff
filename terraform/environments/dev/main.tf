# A small stack: no reserved capacity, short memories, easily torn down.

provider "aws" {
  region = "eu-west-1" # yours
  # allowed_account_ids = ["123456789012"] # refuses to touch any other

  default_tags {
    tags = { "managed-by" = "terraform" }
  }
}

module "stack" {
  source      = "../../modules/stack"
  model       = "recommendation"
  environment = "dev"

  function = { memory_mb = 512 }
  api      = { rate = 20, burst = 40, authorizer = { kind = "none" } } # everybody is let in
  shadow   = { reserved_concurrency = -1 }                             # a new account has no concurrency to reserve
  registry = { deletion_protection = false, recovery_days = 7 }
  storage  = { noncurrent_version_days = 30, force_destroy = true }
  platform = { log_retention_days = 7 }

  # Yours. What else there is: ../../modules/stack/README.md
  ecr_repository_arns             = []   # repositories of the model server's images
  subscriptions                   = []   # who is told: [{ protocol = "email", endpoint = "ml@example.com" }]
  trusted_principal_arns          = []   # roles or users that may roll out from a terminal
  github                          = null # { repository = "acme/models" }: its workflows may roll out
  controller_reserved_concurrency = -1   # as for shadow
  controller_package_file         = null # "controller.zip": then rollouts are watched when their terminal or CI job is gone
}
