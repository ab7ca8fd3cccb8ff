# The Lambda authorizer that checks callers' API keys. It reads the list of valid keys at request time, so a revoked key
# is refused within a minute, and no rollout or rollback brings it back.

module "keys" {
  source      = "../../internal/key-list"
  environment = var.environment
  parameter   = var.parameter
}

# It reads one parameter and writes its log. It reaches no model.
module "function" {
  source               = "../../internal/function"
  name                 = "${var.model}-keys-${var.environment}"
  environment          = var.environment
  description          = "Checks the API keys of callers of ${var.model} in ${var.environment}"
  package_file         = var.package_file
  handler              = "index.authorizer"
  memory_mb            = var.memory_mb
  timeout_seconds      = 10
  reserved_concurrency = var.reserved_concurrency
  platform             = var.platform
  variables            = module.keys.variables
  statements           = module.keys.statements

  alarm = var.topic_arn == null ? null : {
    name        = "mlreg-${var.environment}-${var.model}-keys-errors"
    description = "The list of API keys has not been readable for ten minutes: callers are answered 500. See the log of ${var.model}-keys-${var.environment}"
    topic_arn   = var.topic_arn
  }
}

# Callers notice nothing while the last list is still in use, so the log has to say it.
resource "aws_cloudwatch_log_metric_filter" "unreadable" {
  count          = var.topic_arn == null ? 0 : 1
  name           = "${var.model}-keys-unreadable-${var.environment}"
  log_group_name = module.function.log_group.name
  pattern        = "\"the API keys could not be read\""

  metric_transformation {
    name      = "ApiKeysUnreadable-${var.model}-${var.environment}"
    namespace = "mlreg"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "unreadable" {
  count               = var.topic_arn == null ? 0 : 1
  alarm_name          = "mlreg-${var.environment}-${var.model}-keys-unreadable"
  alarm_description   = "The list of API keys cannot be read. Revoked keys may stay valid for up to ten minutes, then every request is refused"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "mlreg"
  metric_name         = aws_cloudwatch_log_metric_filter.unreadable[0].metric_transformation[0].name
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.platform.tags
}
