# The shadow function: it can harm nobody.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model        = "recommendation"
  environment  = "prod"
  package_file = "./fixtures/function.zip"
  topic_arn    = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
}

run "harmless" {
  command = plan

  module {
    source = "../modules/shadow-function"
  }

  assert {
    condition     = module.function.function.function_name == "recommendation-shadow-prod" && module.function.function.handler == "index.shadow" && aws_lambda_alias.live.name == "live"
    error_message = "the router sends copies to this function's alias live"
  }

  assert {
    condition     = module.function.function.reserved_concurrent_executions == 10
    error_message = "copies never take the users' concurrency"
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.live.maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.live.maximum_event_age_in_seconds == 60 && aws_lambda_function_event_invoke_config.live.qualifier == "live"
    error_message = "no second try, and none that is late"
  }

  assert {
    condition     = aws_dynamodb_table.seen.hash_key == "requestId" && aws_dynamodb_table.seen.ttl[0].attribute_name == "expiresAt" && aws_dynamodb_table.seen.ttl[0].enabled
    error_message = "each request is compared once, and forgotten"
  }

  assert {
    condition     = module.function.function.environment[0].variables["MLREG_SHADOW_TABLE"] == aws_dynamodb_table.seen.name
    error_message = "it is told of its table"
  }

  assert {
    condition     = toset(flatten([for statement in module.function.role.statements : statement.Action])) == toset(["sagemaker:InvokeEndpoint", "dynamodb:PutItem", "logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "it asks models, remembers ids and writes its log"
  }

  assert {
    condition     = [for statement in module.function.role.statements : statement.Sid if contains(flatten([statement.Resource]), "*")] == []
    error_message = "no wildcard where a pattern will do"
  }

  assert {
    condition     = module.function.alarm.alarm_actions == toset([var.topic_arn])
    error_message = "its failures are told"
  }
}

run "an_account_with_none_to_spare" {
  command = plan

  variables {
    reserved_concurrency = -1
  }

  module {
    source = "../modules/shadow-function"
  }

  assert {
    condition     = module.function.function.reserved_concurrent_executions == -1
    error_message = "none is kept"
  }
}

run "no_limit_is_a_mistake" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  module {
    source = "../modules/shadow-function"
  }

  expect_failures = [var.reserved_concurrency]
}
