# What the modules share: functions, roles, names.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  name            = "a-function"
  environment     = "prod"
  description     = "A function"
  package_file    = "./fixtures/function.zip"
  memory_mb       = 512
  timeout_seconds = 29
}

run "a_function" {
  command = plan

  module {
    source = "../internal/function"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.runtime == "nodejs22.x",
      aws_lambda_function.this.environment[0].variables == tomap({ MLREG_ENVIRONMENT = "prod" }),
      aws_cloudwatch_log_group.this.name == "/aws/lambda/a-function" && aws_cloudwatch_log_group.this.retention_in_days == 30,
      length(aws_lambda_function.this.vpc_config) == 0 && aws_lambda_function.this.tracing_config[0].mode == "PassThrough",
      length(aws_cloudwatch_metric_alarm.errors) == 0,
    ])
    error_message = "what it is where nobody says anything"
  }

  assert {
    condition     = module.role.statements[*].Sid == ["Logs"] && module.role.statements[0].Resource == "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/a-function:*" && module.role.policy_arns == []
    error_message = "it may write its own log, and no more"
  }
}

run "a_function_with_all" {
  command = plan

  variables {
    statements  = [{ Sid = "Ask", Effect = "Allow", Action = "sagemaker:InvokeEndpoint", Resource = ["a", "b"] }]
    policy_arns = { read = "arn:aws:iam::123456789012:policy/read" }
    alarm       = { name = "an-alarm", description = "It fails", topic_arn = "arn:aws:sns:eu-west-1:123456789012:t" }
    platform = {
      vpc                = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
      xray               = true
      log_retention_days = 365
      kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/k"
    }
  }

  module {
    source = "../internal/function"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"]),
      aws_lambda_function.this.tracing_config[0].mode == "Active",
      aws_lambda_function.this.kms_key_arn == var.platform.kms_key_arn,
      aws_cloudwatch_log_group.this.kms_key_id == var.platform.kms_key_arn,
      aws_cloudwatch_log_group.this.retention_in_days == 365,
      aws_cloudwatch_metric_alarm.errors[0].alarm_actions == toset([var.alarm.topic_arn]),
    ])
    error_message = "each setting reaches its resource"
  }

  assert {
    condition     = module.role.statements[*].Sid == ["Ask", "Logs", "Key", "Traces", "Network"] && module.role.policy_arns == [var.policy_arns.read]
    error_message = "each setting brings its permission"
  }
}

run "a_function_by_mistake" {
  command = plan

  variables {
    package_file = "./function.tar"
    memory_mb    = 64
    platform     = { runtime = "nodejs20.x" }
  }

  module {
    source = "../internal/function"
  }

  expect_failures = [var.package_file, var.memory_mb, var.platform]
}

run "nobody_elses_state_machine" {
  command = plan

  variables {
    service    = "states"
    statements = [{ Sid = "Tell", Effect = "Allow", Action = "sns:Publish", Resource = "t" }]

    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  module {
    source = "../internal/role"
  }

  assert {
    condition     = output.trust[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012" && output.trust[0].Principal.Service == "states.amazonaws.com"
    error_message = "the service takes it on, for this account alone"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn
    error_message = "it may never do more than the organisation allows"
  }
}

run "names" {
  command = plan

  variables {
    model       = "Fraud-Check"
    environment = "qa"
  }

  module {
    source = "../internal/naming"
  }

  assert {
    condition     = output.endpoint_arns == [for name in ["Fraud-Check-qa", "fraud-check-qa"] : "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/${name}-*"]
    error_message = "SageMaker's ARNs are in small letters"
  }
}

run "names_by_mistake" {
  command = plan

  variables {
    model       = "fraud_check"
    environment = "Prod"
  }

  module {
    source = "../internal/naming"
  }

  expect_failures = [var.model, var.environment]
}
