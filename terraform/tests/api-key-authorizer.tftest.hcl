# The authorizer of API keys: it reads one parameter, and nothing else.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model        = "recommendation"
  environment  = "prod"
  package_file = "./fixtures/function.zip"
  parameter    = { name = "/mlreg/prod/recommendation/api-keys" }
}

run "least_privilege" {
  command = plan

  module {
    source = "../modules/api-key-authorizer"
  }

  assert {
    condition     = module.function.function.function_name == "recommendation-keys-prod" && module.function.function.handler == "index.authorizer"
    error_message = "the bundle's authorizer"
  }

  assert {
    condition     = module.function.function.environment[0].variables == tomap({ MLREG_API_KEYS_PARAMETER = "/mlreg/prod/recommendation/api-keys", MLREG_ENVIRONMENT = "prod" })
    error_message = "it is told the parameter's name and no key"
  }

  assert {
    condition     = module.function.role.statements[0].Resource == "arn:aws:ssm:eu-west-1:123456789012:parameter/mlreg/prod/recommendation/api-keys"
    error_message = "that parameter and no other"
  }

  assert {
    condition     = toset(flatten([for statement in module.function.role.statements : statement.Action])) == toset(["ssm:GetParameter", "logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "it reads the list and writes its log; AWS's own key of the Parameter Store needs no permission"
  }

  assert {
    condition     = [for statement in module.function.role.statements : statement.Sid if strcontains(jsonencode(statement.Resource), "\"*\"")] == []
    error_message = "no wildcard where a name will do"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.unreadable) == 0 && module.function.alarm == null
    error_message = "without a topic there is nobody to tell"
  }
}

run "key_of_ones_own" {
  command = plan

  variables {
    parameter = { name = "/mlreg/prod/recommendation/api-keys", kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  module {
    source = "../modules/api-key-authorizer"
  }

  assert {
    condition     = [for statement in module.function.role.statements : statement.Resource if statement.Sid == "DecryptKeyList"] == [var.parameter.kms_key_arn]
    error_message = "it may decrypt with that key"
  }

  assert {
    condition     = [for statement in module.function.role.statements : statement.Condition.StringLike["kms:ViaService"] if statement.Sid == "DecryptKeyList"][0] == ["ssm.*.amazonaws.com*", "secretsmanager.*.amazonaws.com*"]
    error_message = "only what these services ask it to decrypt"
  }
}

run "by_arn_and_secret" {
  command = plan

  variables {
    parameter = { name = "/aws/reference/secretsmanager/mlreg/prod/keys" }
  }

  module {
    source = "../modules/api-key-authorizer"
  }

  assert {
    condition     = [for statement in module.function.role.statements : statement.Resource if statement.Sid == "ReadKeySecret"] == ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlreg/prod/keys-??????"]
    error_message = "a Secrets Manager secret is read through the Parameter Store, and needs a permission of its own"
  }

  assert {
    condition     = [for statement in module.function.role.statements : statement.Resource if statement.Sid == "ReadKeyList"] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/aws/reference/secretsmanager/mlreg/prod/keys"]
    error_message = "and the parameter's"
  }
}

run "by_arn" {
  command = plan

  variables {
    parameter = { name = "arn:aws:ssm:eu-west-1:999999999999:parameter/shared/keys" }
  }

  module {
    source = "../modules/api-key-authorizer"
  }

  assert {
    condition     = module.function.role.statements[0].Resource == var.parameter.name
    error_message = "a parameter of another account is named by its ARN"
  }
}

run "told" {
  command = plan

  variables {
    topic_arn = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  }

  module {
    source = "../modules/api-key-authorizer"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.unreadable[0].alarm_actions == toset([var.topic_arn]) && module.function.alarm.alarm_actions == toset([var.topic_arn])
    error_message = "a list that cannot be read is told before callers notice, and when they do"
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.unreadable[0].pattern == "\"the API keys could not be read\""
    error_message = "these are the router's words: src/router/key-source.ts"
  }
}

run "mistakes" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  module {
    source = "../modules/api-key-authorizer"
  }

  expect_failures = [var.reserved_concurrency]
}

run "a_version_of_the_parameter" {
  command = plan

  variables {
    parameter = { name = "/mlreg/prod/recommendation/api-keys:3" }
  }

  module {
    source = "../internal/key-list"
  }

  expect_failures = [var.parameter]
}
