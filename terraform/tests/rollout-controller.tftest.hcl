# The controller: it is called, it may do what mlreg may, and its silence is told.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  environment  = "prod"
  package_file = "./fixtures/function.zip"
  models       = ["recommendation"]
  topic_arn    = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  alarm_arns   = ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:mlreg-prod-recommendation-api-errors"]
  policy_arns  = { read = "arn:aws:iam::123456789012:policy/read", write = "arn:aws:iam::123456789012:policy/write" }
}

run "called" {
  command = plan

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition     = module.function.function.environment[0].variables == tomap({ MLREG_ENVIRONMENT = "prod", MLREG_MODELS = "recommendation", MLREG_STATE_MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:mlreg-rollout-prod" })
    error_message = "it knows where it is, and what to start"
  }

  assert {
    condition     = module.function.function.reserved_concurrent_executions == 5
    error_message = "an overload of the users' function leaves it running"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["sweep"].schedule_expression == "rate(1 minute)" && jsondecode(aws_cloudwatch_event_target.this["sweep"].input) == { kind = "sweep" } && aws_lambda_permission.events["sweep"].principal == "events.amazonaws.com"
    error_message = "orphans are looked for every minute"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["collect"].schedule_expression == "rate(1 hour)" && jsondecode(aws_cloudwatch_event_target.this["collect"].input) == { kind = "collect" } && aws_lambda_permission.events["collect"].principal == "events.amazonaws.com"
    error_message = "endpoints whose time is over are retired"
  }

  assert {
    condition     = tolist(jsondecode(aws_cloudwatch_event_rule.this["alarm"].event_pattern).resources) == var.alarm_arns && aws_cloudwatch_event_target.this["alarm"].arn == module.function.function.arn && aws_lambda_permission.events["alarm"].source_arn == aws_cloudwatch_event_rule.this["alarm"].arn
    error_message = "an alarm reaches it, by a rule that has a target"
  }

  assert {
    condition     = module.laps.state_machine.name == "mlreg-rollout-prod" && module.laps.state_machine.type == "STANDARD" && strcontains(module.laps.state_machine.definition, module.function.function.arn)
    error_message = "laps call it, for as long as a bake takes"
  }

  assert {
    condition     = can(jsondecode(module.laps.state_machine.definition).StartAt)
    error_message = "the definition is JSON"
  }
}

run "in_china" {
  command = plan

  override_data {
    target = module.naming.data.aws_partition.current
    values = { partition = "aws-cn" }
  }

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition     = !strcontains(module.laps.state_machine.definition, "arn:aws:states") && strcontains(module.laps.state_machine.definition, "arn:aws-cn:states:::lambda:invoke")
    error_message = "the state machine's own ARNs are the partition's"
  }
}

run "may" {
  command = plan

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition     = toset(module.function.role.policy_arns) == toset(values(var.policy_arns))
    error_message = "what the command line may, and no more"
  }

  assert {
    condition     = [for statement in concat(module.function.role.statements, module.laps.role.statements) : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["Logs"]
    error_message = "only the delivery of a state machine's log has no resource to name"
  }
}

run "silence_is_told" {
  command = plan

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.silent.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.silent.comparison_operator == "LessThanThreshold" &&
      aws_cloudwatch_metric_alarm.silent.metric_name == "Invocations" && aws_cloudwatch_metric_alarm.silent.alarm_actions == toset([var.topic_arn])
    )
    error_message = "no invocation leaves no data: that is what must raise the alarm"
  }
}

run "unwatched_rollouts_are_told" {
  command = plan

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.unwatched.namespace == "Mlreg/Controller" && aws_cloudwatch_metric_alarm.unwatched.metric_name == "RolloutsUnwatched" &&
      aws_cloudwatch_metric_alarm.unwatched.dimensions == tomap({ environment = var.environment }) && aws_cloudwatch_metric_alarm.unwatched.threshold == 0 &&
      aws_cloudwatch_metric_alarm.unwatched.alarm_actions == toset([var.topic_arn])
    )
    error_message = "with the store out and the owner dead only a person can roll back, so one must be told"
  }
}

run "mistakes" {
  command = plan

  variables {
    policy_arns          = {}
    reserved_concurrency = 1
    timeout_seconds      = 5
    models               = ["no model"]
  }

  module {
    source = "../modules/rollout-controller"
  }

  expect_failures = [var.policy_arns, var.reserved_concurrency, var.timeout_seconds, var.models]
}
