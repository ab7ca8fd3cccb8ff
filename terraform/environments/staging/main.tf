# A middle stack: as production is, a size smaller.

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
  environment = "staging"

  function = { memory_mb = 1024, reserved_concurrency = 50 }
  api      = { rate = 100, burst = 200, authorizer = { kind = "iam" } } # signed requests
  shadow   = { reserved_concurrency = 5 }
  registry = { recovery_days = 14 }
  storage  = { noncurrent_version_days = 90 }
  platform = { log_retention_days = 30, xray = true }

  # Yours. What else there is: ../../modules/stack/README.md
  ecr_repository_arns     = []   # repositories of the model server's images
  subscriptions           = []   # who is told: [{ protocol = "email", endpoint = "ml@example.com" }]
  trusted_principal_arns  = []   # roles or users that may roll out from a terminal
  github                  = null # { repository = "acme/models" }: its workflows may roll out
  controller_package_file = null # "controller.zip": then rollouts are watched when their terminal or CI job is gone
}
