# The environments, whole: they fit together, and say to mlreg.yaml what it expects.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

run "dev" {
  command = plan

  module {
    source = "../environments/dev"
  }

  assert {
    condition = output.mlreg == {
      model           = "recommendation"
      environment     = "dev"
      region          = "eu-west-1"
      account         = "123456789012"
      function        = "recommendation-inference-dev"
      alias           = "live"
      green           = "green"
      shadow_function = "recommendation-shadow-dev"
      api_id          = "a1b2c3d4e5"
      api_name        = "recommendation-api-dev"
      stage           = "$default"
      recommend_path  = "/recommend"
      table           = "mlreg-dev"
      topic           = "mlreg-alerts-dev"
      model_role      = "arn:aws:iam::123456789012:role/a-role"
      controller      = null
    }
    error_message = "the names that mlreg.yaml has by default; no controller without a package"
  }
}

run "staging" {
  command = plan

  module {
    source = "../environments/staging"
  }

  assert {
    condition = output.mlreg == {
      model           = "recommendation"
      environment     = "staging"
      region          = "eu-west-1"
      account         = "123456789012"
      function        = "recommendation-inference-staging"
      alias           = "live"
      green           = "green"
      shadow_function = "recommendation-shadow-staging"
      api_id          = "a1b2c3d4e5"
      api_name        = "recommendation-api-staging"
      stage           = "$default"
      recommend_path  = "/recommend"
      table           = "mlreg-staging"
      topic           = "mlreg-alerts-staging"
      model_role      = "arn:aws:iam::123456789012:role/a-role"
      controller      = null
    }
    error_message = "the names that mlreg.yaml has by default; no controller without a package"
  }
}

run "prod" {
  command = plan

  module {
    source = "../environments/prod"
  }

  assert {
    condition = output.mlreg == {
      model           = "recommendation"
      environment     = "prod"
      region          = "eu-west-1"
      account         = "123456789012"
      function        = "recommendation-inference-prod"
      alias           = "live"
      green           = "green"
      shadow_function = "recommendation-shadow-prod"
      api_id          = "a1b2c3d4e5"
      api_name        = "recommendation-api-prod"
      stage           = "$default"
      recommend_path  = "/recommend"
      table           = "mlreg-prod"
      topic           = "mlreg-alerts-prod"
      model_role      = "arn:aws:iam::123456789012:role/a-role"
      controller      = null
    }
    error_message = "the names that mlreg.yaml has by default; no controller without a package"
  }
}

run "all_that_can_be_asked_for" {
  command = plan

  variables {
    router_package_file = "./fixtures/function.zip"
    ecr_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]
    model               = "Fraud-Check"
    environment         = "qa"
    platform = {
      kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/k"
      vpc         = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
      xray        = true

      permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    }
    controller_package_file = "./fixtures/function.zip"
    github                  = { repository = "acme/models", repository_ids = { owner = 1, repository = 2 } }
    subscriptions           = [{ protocol = "email", endpoint = "ml@example.com" }]
    pipeline = {
      training   = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1" }
      evaluation = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1" }
    }
    webhook_parameter_name = "/mlreg/qa/slack"
    trusted_principal_arns = ["arn:aws:iam::123456789012:role/ml-engineers"]
    api = {
      recommend_path = "/score"
      auto_deploy    = false
      cors_origins   = ["https://shop.example.com"]
      authorizer     = { kind = "lambda", function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:keys" }
    }
  }

  module {
    source = "../modules/stack"
  }

  assert {
    condition     = output.mlreg.function == "Fraud-Check-inference-qa" && output.mlreg.recommend_path == "/score"
    error_message = "names follow the model's"
  }

  assert {
    condition     = output.mlreg.controller == "mlreg-rollout-qa" && output.github_role_arn != null && output.pipeline_arn != null && output.cli_role_arn != null
    error_message = "what was asked for is there"
  }
}

run "as_little_as_possible" {
  command = plan

  variables {
    router_package_file = "./fixtures/function.zip"
    model               = "fraud"
    environment         = "qa"
    shadow              = null
    ecr_repository_arns = []
    api                 = { authorizer = { kind = "none" } }
  }

  module {
    source = "../modules/stack"
  }

  assert {
    condition     = output.mlreg.shadow_function == null && output.mlreg.controller == null && output.cli_role_arn == null && output.github_role_arn == null && output.pipeline_arn == null
    error_message = "what isn't there is said to be absent"
  }
}

run "second_model" {
  command = plan

  variables {
    router_package_file     = "./fixtures/function.zip"
    controller_package_file = "./fixtures/function.zip"
    model                   = "ranking"
    environment             = "qa"
    ecr_repository_arns     = []
    api                     = { authorizer = { kind = "none" } }
    github                  = { repository = "acme/ranking", repository_ids = { owner = 1, repository = 3 } }
    shared = {
      table_name          = "mlreg-qa"
      topic_name          = "mlreg-alerts-qa"
      bucket_name         = "mlreg-models-qa-123456789012"
      github_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    }
  }

  module {
    source = "../modules/stack"
  }

  assert {
    condition     = length(module.registry) == 0 && length(module.storage) == 0
    error_message = "table and bucket are there already"
  }

  assert {
    condition     = output.mlreg.table == "mlreg-qa" && output.mlreg.topic == "mlreg-alerts-qa" && output.bucket == "mlreg-models-qa-123456789012"
    error_message = "those that were given"
  }

  assert {
    condition     = output.mlreg.controller == "ranking-rollout-qa" && output.mlreg.function == "ranking-inference-qa"
    error_message = "what is its own carries the model"
  }

  assert {
    condition     = output.shared == var.shared
    error_message = "a third model can be given the same"
  }
}
