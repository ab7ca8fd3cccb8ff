# What makes the controller look, beside the laps of a rollout.
locals {
  events = merge(
    {
      # A killed job leaves no canary unwatched.
      sweep = { description = "The controller looks for rollouts that nobody looks after", schedule = "rate(1 minute)", pattern = null }
      # As `mlreg gc` does. Where none is due it writes nothing.
      collect = { description = "The controller retires endpoints that nobody needs any more", schedule = "rate(1 hour)", pattern = null }
    },
    length(var.alarm_arns) == 0 ? {} : {
      # A breach need not wait for the next tick.
      alarm = {
        description = "The controller looks at once when an alarm is raised"
        schedule    = null
        pattern = jsonencode({
          source      = ["aws.cloudwatch"]
          detail-type = ["CloudWatch Alarm State Change"]
          resources   = var.alarm_arns
          detail      = { state = { value = ["ALARM"] } }
        })
      }
    },
  )
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each            = local.events
  name                = "${local.prefix}-${each.key}"
  description         = each.value.description
  schedule_expression = each.value.schedule
  event_pattern       = each.value.pattern
  tags                = var.platform.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.events
  rule     = aws_cloudwatch_event_rule.this[each.key].name
  arn      = module.function.function.arn
  # An alarm's own event says which it is.
  input = each.value.schedule == null ? null : jsonencode({ kind = each.key })
}

resource "aws_lambda_permission" "events" {
  for_each      = local.events
  statement_id  = "events-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn

  lifecycle {
    # Between the old statement and the new one an event would find no permission.
    create_before_destroy = true
  }
}

# A dead man's alarm: who watches is watched. Missing data is the very thing it looks for.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "${local.prefix}-controller-silent"
  alarm_description   = "The controller has not looked for five minutes: rollouts are unwatched. Look after them from a terminal: mlreg resume --environment ${var.environment}"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = module.function.function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.platform.tags
}

# The store can not be read or written, and the controller owns no rollout that it could judge without it. If a rollout is
# under way and its owner is dead, nobody but a person can roll back. The controller writes the metric into its log.
resource "aws_cloudwatch_metric_alarm" "unwatched" {
  alarm_name          = "${local.prefix}-rollouts-unwatched"
  alarm_description   = "The store of ${var.environment} can not be used, and the controller can not roll back without it. Where users suffer: mlreg rollback --environment ${var.environment} moves the alias alone"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "Mlreg/Controller"
  metric_name         = "RolloutsUnwatched"
  dimensions          = { environment = var.environment }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.platform.tags
}
