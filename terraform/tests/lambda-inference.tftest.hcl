# The function: what mlreg moves stays where it is, and the API may reach every alias.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model             = "recommendation"
  environment       = "prod"
  package_file      = "./fixtures/function.zip"
  api_execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5"
}

run "names_and_reach" {
  command = plan

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = module.function.function.function_name == "recommendation-inference-prod"
    error_message = "mlreg.yaml expects the function by this name"
  }

  assert {
    condition     = toset(keys(aws_lambda_alias.this)) == toset(["live", "green"])
    error_message = "canary moves live, blue-green needs green beside it"
  }

  assert {
    condition     = alltrue([for name, permission in aws_lambda_permission.api : permission.qualifier == name && permission.principal == "apigateway.amazonaws.com"])
    error_message = "each permission is the alias's own: one of the function doesn't count for its aliases"
  }

  assert {
    condition     = toset(keys(aws_lambda_permission.api)) == toset(keys(aws_lambda_alias.this))
    error_message = "an alias without a permission answers 500 for everybody right at the swap"
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.api : startswith(permission.source_arn, var.api_execution_arn)])
    error_message = "no other API may invoke the function"
  }

  assert {
    condition     = module.function.function.environment[0].variables == tomap({ MLREG_MODEL = "recommendation", MLREG_ENVIRONMENT = "prod", MLREG_METRIC_RESOLUTION = "1" })
    error_message = "the router reads these, and an empty MLREG_API_KEYS_SHA256 would shut it"
  }

  assert {
    condition     = module.function.function.runtime == "nodejs22.x" && module.function.function.publish
    error_message = "nodejs20.x is refused, and aliases need a published version"
  }

  assert {
    condition     = module.function.log_group.name == "/aws/lambda/recommendation-inference-prod" && module.function.log_group.retention_in_days == 30
    error_message = "without a group of its own Lambda would make one that is kept for ever"
  }
}

run "least_privilege" {
  command = plan

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = module.function.role.statements[0].Resource == ["arn:aws:sagemaker:eu-west-1:123456789012:endpoint/recommendation-prod-*"]
    error_message = "the endpoints of this model in this environment, whatever their version, and no others"
  }

  assert {
    condition     = alltrue([for statement in module.function.role.statements : !contains(flatten([statement.Resource]), "*") && !contains(flatten([statement.Action]), "*")])
    error_message = "no wildcard where a pattern will do"
  }
}

run "capital_letters" {
  command = plan

  variables {
    model = "Recommendation"
  }

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = contains(module.function.role.statements[0].Resource, "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/recommendation-prod-*")
    error_message = "SageMaker's ARNs are in small letters"
  }
}

run "options" {
  command = plan

  variables {
    reserved_concurrency = 7
    shadow_function_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-shadow-prod"
    api_keys_sha256      = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
  }

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition = alltrue([
      module.function.function.reserved_concurrent_executions == 7,
      module.function.function.environment[0].variables["MLREG_API_KEYS_SHA256"] == join(",", var.api_keys_sha256),
    ])
    error_message = "each variable reaches its resource"
  }

  assert {
    condition     = toset([for statement in module.function.role.statements : statement.Sid]) == toset(["AskModels", "Logs", "ShadowCopies"])
    error_message = "each option brings its permission"
  }
}

run "keys_of_a_parameter" {
  command = plan

  variables {
    api_keys_parameter = { name = "/mlreg/prod/recommendation/api-keys", kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = module.function.function.environment[0].variables["MLREG_API_KEYS_PARAMETER"] == "/mlreg/prod/recommendation/api-keys" && !contains(keys(module.function.function.environment[0].variables), "MLREG_API_KEYS_SHA256")
    error_message = "the name is all that a version freezes"
  }

  assert {
    condition     = toset([for statement in module.function.role.statements : statement.Sid]) == toset(["AskModels", "Logs", "ReadKeyList", "DecryptKeyList"])
    error_message = "the router may read the list, and decrypt it"
  }
}

run "keys_of_receipts" {
  command = plan

  variables {
    api_keys_parameter = { name = "/mlreg/prod/recommendation/api-keys" }
    receipts_parameter = { name = "/mlreg/prod/receipts" }
  }

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = toset([for statement in module.function.role.statements : statement.Sid]) == toset(["AskModels", "Logs", "ReadKeyList", "ReceiptsReadKeyList"])
    error_message = "the router may read both parameters, each by a statement with an ID of its own"
  }

  assert {
    condition     = one([for statement in module.function.role.statements : statement.Resource if statement.Sid == "ReceiptsReadKeyList"]) == "arn:aws:ssm:eu-west-1:123456789012:parameter/mlreg/prod/receipts"
    error_message = "and no other parameter"
  }
}

run "mistakes" {
  command = plan

  variables {
    environment_variables = { MLREG_ROUTE = "{}" }
    aliases               = ["live"]
    reserved_concurrency  = 0
    timeout_seconds       = 60
    api_keys_sha256       = ["secret"]
  }

  module {
    source = "../modules/lambda-inference"
  }

  expect_failures = [
    var.environment_variables, var.aliases, var.reserved_concurrency, var.timeout_seconds, var.api_keys_sha256,
  ]
}
