# Alarms of the whole environment: champion and challenger blended. What one version does is mlreg's to judge. Without
# traffic none of them fires (`notBreaching`): no requests are no errors, and mlreg never takes them for a pass.

locals {
  tell = [local.topic_arn]
  help = "See: mlreg status --environment ${var.environment}"

  # A share of requests, over five minutes; nothing below minimum_requests.
  shares = {
    api-errors = {
      description = "More than ${var.limits.error_rate_percent} % of requests were answered 5xx"
      threshold   = var.limits.error_rate_percent
      namespace   = "AWS/ApiGateway"
      dimensions  = { ApiId = var.api_id, Stage = var.stage_name }
      part        = "5xx"
      whole       = "Count"
      # A throttled call counts as no invocation.
      share = "IF(whole >= ${var.limits.minimum_requests}, 100 * FILL(part, 0) / whole, 0)"
    }
    function-errors = {
      description = "More than ${var.limits.error_rate_percent} % of invocations crashed or timed out"
      threshold   = var.limits.error_rate_percent
      namespace   = "AWS/Lambda"
      dimensions  = { FunctionName = var.function_name }
      part        = "Errors"
      whole       = "Invocations"
      share       = "IF(whole >= ${var.limits.minimum_requests}, 100 * FILL(part, 0) / whole, 0)"
    }
    throttles = {
      description = "More than ${var.limits.throttle_rate_percent} % of calls were throttled by Lambda"
      threshold   = var.limits.throttle_rate_percent
      namespace   = "AWS/Lambda"
      dimensions  = { FunctionName = var.function_name }
      part        = "Throttles"
      whole       = "Invocations"
      share       = "IF(part + FILL(whole, 0) >= ${var.limits.minimum_requests}, 100 * part / (part + FILL(whole, 0)), 0)"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "share" {
  for_each            = local.shares
  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = "${each.value.description}. ${local.help}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
  ok_actions          = local.tell
  tags                = var.tags

  metric_query {
    id          = "share"
    label       = "Per cent"
    expression  = each.value.share
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { part = each.value.part, whole = each.value.whole }

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

# One slow request in a quiet night is no incident.
resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.prefix}-latency"
  alarm_description   = "Requests took more than ${var.limits.mean_latency_ms} ms on average. ${local.help}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.mean_latency_ms
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
  ok_actions          = local.tell
  tags                = var.tags

  metric_query {
    id          = "mean"
    label       = "Milliseconds"
    expression  = "IF(requests >= ${var.limits.minimum_requests}, latency, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { latency = ["Latency", "Average"], requests = ["Count", "Sum"] }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value[0]
        dimensions  = { ApiId = var.api_id, Stage = var.stage_name }
        stat        = metric_query.value[1]
        period      = 300
      }
    }
  }
}

# Endpoints come and go with versions, and an alarm can't search for them: this asks the router, which counts per version.
resource "aws_cloudwatch_metric_alarm" "endpoint_errors" {
  alarm_name          = "${local.prefix}-endpoint-errors"
  alarm_description   = "Models failed more than ${var.limits.endpoint_errors_per_minute} requests a minute. ${local.help}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.endpoint_errors_per_minute
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
  ok_actions          = local.tell
  tags                = var.tags

  metric_query {
    id          = "errors"
    label       = "Errors a minute"
    expression  = "SELECT SUM(Errors) FROM SCHEMA(Mlreg, Environment, Model, ModelVersion) WHERE Environment = '${var.environment}' AND Model = '${var.model}'"
    period      = 60
    return_data = true
  }
}

# One a topic: its owner's.
resource "aws_cloudwatch_metric_alarm" "undelivered" {
  count               = var.topic_name == null ? 1 : 0
  alarm_name          = "${local.prefix}-undelivered"
  alarm_description   = "SNS could not deliver to somebody who wants to be told. ${local.help}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfNotificationsFailed"
  dimensions          = { TopicName = local.topic_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "table_throttled" {
  for_each            = var.table_name == null ? {} : { read = "ReadThrottleEvents", write = "WriteThrottleEvents" }
  alarm_name          = "${local.prefix}-table-${each.key}-throttled"
  alarm_description   = "DynamoDB throttles the registry: rollouts are late. ${local.help}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "AWS/DynamoDB"
  metric_name         = each.value
  dimensions          = { TableName = var.table_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
  tags                = var.tags
}
