# Finds rollouts whose owner is gone: a killed job leaves no canary unwatched.
resource "aws_cloudwatch_event_rule" "sweep" {
  name                = "mlreg-${var.environment}-sweep"
  description         = "The controller looks for rollouts that nobody looks after"
  schedule_expression = "rate(1 minute)"
  tags                = var.platform.tags
}

resource "aws_cloudwatch_event_target" "sweep" {
  rule  = aws_cloudwatch_event_rule.sweep.name
  arn   = module.function.function.arn
  input = jsonencode({ kind = "sweep" })
}

resource "aws_lambda_permission" "sweep" {
  statement_id  = "sweep"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sweep.arn
}

# Retires endpoints whose time is over, as `mlreg gc` does. Where none is due it writes nothing.
resource "aws_cloudwatch_event_rule" "collect" {
  name                = "mlreg-${var.environment}-collect"
  description         = "The controller retires endpoints that nobody needs any more"
  schedule_expression = "rate(1 hour)"
  tags                = var.platform.tags
}

resource "aws_cloudwatch_event_target" "collect" {
  rule  = aws_cloudwatch_event_rule.collect.name
  arn   = module.function.function.arn
  input = jsonencode({ kind = "collect" })
}

resource "aws_lambda_permission" "collect" {
  statement_id  = "collect"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.collect.arn
}

# A breach need not wait for the next tick.
resource "aws_cloudwatch_event_rule" "alarm" {
  count       = length(var.alarm_arns) == 0 ? 0 : 1
  name        = "mlreg-${var.environment}-alarm"
  description = "The controller looks at once when an alarm is raised"
  tags        = var.platform.tags

  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm State Change"]
    resources   = var.alarm_arns
    detail      = { state = { value = ["ALARM"] } }
  })
}

resource "aws_cloudwatch_event_target" "alarm" {
  count = length(var.alarm_arns) == 0 ? 0 : 1
  rule  = aws_cloudwatch_event_rule.alarm[0].name
  arn   = module.function.function.arn
}

resource "aws_lambda_permission" "alarm" {
  count         = length(var.alarm_arns) == 0 ? 0 : 1
  statement_id  = "alarm"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.alarm[0].arn
}

# A dead man's alarm: who watches is watched. Missing data is the very thing it looks for.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "mlreg-${var.environment}-controller-silent"
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
