# A large stack: capacity of its own, long memories, protected.

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
  environment = "prod"

  function = { memory_mb = 1769, reserved_concurrency = 400 }                                      # 1769 MB: one whole CPU
  api      = { rate = 1000, burst = 2000, detailed_metrics = true, authorizer = { kind = "iam" } } # signed requests
  shadow   = { reserved_concurrency = 40 }
  registry = { deletion_protection = true, recovery_days = 35 }
  storage  = { noncurrent_version_days = 365 }
  platform = { log_retention_days = 365, xray = true }

  # Yours. What else there is: ../../modules/stack/README.md
  ecr_repository_arns     = []   # repositories of the model server's images
  subscriptions           = []   # who is told: [{ protocol = "email", endpoint = "ml@example.com" }]
  trusted_principal_arns  = []   # roles or users that may roll out from a terminal
  github                  = null # { repository = "acme/models" }: its workflows may roll out
  controller_package_file = null # "controller.zip": then rollouts are watched when their terminal or CI job is gone
}
