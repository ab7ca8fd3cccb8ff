# The controller: it is called, it may do what mlreg may, and its silence is told.
# An account that isn't there. What AWS would answer stands in while planning, so that nothing is left unknown.
mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mlreg-controller-prod" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-role", id = "a-role" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a/log" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/a-rule" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:mlreg-rollout-prod" }
  }
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
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ MLREG_ENVIRONMENT = "prod", MLREG_MODELS = "recommendation", MLREG_STATE_MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:mlreg-rollout-prod" })
    error_message = "it knows where it is, and what to start"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.sweep.schedule_expression == "rate(1 minute)" && jsondecode(aws_cloudwatch_event_target.sweep.input) == { kind = "sweep" } && aws_lambda_permission.sweep.principal == "events.amazonaws.com"
    error_message = "orphans are looked for every minute"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.collect.schedule_expression == "rate(1 hour)" && jsondecode(aws_cloudwatch_event_target.collect.input) == { kind = "collect" } && aws_lambda_permission.collect.principal == "events.amazonaws.com"
    error_message = "endpoints whose time is over are retired"
  }

  assert {
    condition     = tolist(jsondecode(aws_cloudwatch_event_rule.alarm[0].event_pattern).resources) == var.alarm_arns && aws_cloudwatch_event_target.alarm[0].arn == aws_lambda_function.this.arn && aws_lambda_permission.alarm[0].source_arn == aws_cloudwatch_event_rule.alarm[0].arn
    error_message = "an alarm reaches it, by a rule that has a target"
  }

  assert {
    condition     = aws_sfn_state_machine.this.name == "mlreg-rollout-prod" && aws_sfn_state_machine.this.type == "STANDARD" && strcontains(aws_sfn_state_machine.this.definition, aws_lambda_function.this.arn)
    error_message = "laps call it, for as long as a bake takes"
  }

  assert {
    condition     = can(jsondecode(aws_sfn_state_machine.this.definition).StartAt)
    error_message = "the definition is JSON"
  }
}

run "in_china" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn" }
  }

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition     = !strcontains(aws_sfn_state_machine.this.definition, "arn:aws:states") && strcontains(aws_sfn_state_machine.this.definition, "arn:aws-cn:states:::lambda:invoke")
    error_message = "the state machine's own ARNs are the partition's"
  }
}

run "may" {
  command = plan

  module {
    source = "../modules/rollout-controller"
  }

  assert {
    condition     = toset(values(aws_iam_role_policy_attachment.rollouts)[*].policy_arn) == toset(values(var.policy_arns))
    error_message = "what the command line may, and no more"
  }

  assert {
    condition     = [for statement in concat(jsondecode(aws_iam_role_policy.this.policy).Statement, jsondecode(aws_iam_role_policy.states.policy).Statement) : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["Logs"]
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

run "mistakes" {
  command = plan

  variables {
    policy_arns     = {}
    timeout_seconds = 5
    models          = ["no model"]
  }

  module {
    source = "../modules/rollout-controller"
  }

  expect_failures = [var.policy_arns, var.timeout_seconds, var.models]
}
