# Alarms that can fire, and somebody who is told.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model         = "recommendation"
  environment   = "prod"
  function_name = "recommendation-inference-prod"
  api_id        = "a1b2c3d4e5"
  table_name    = "mlreg-prod"
  subscriptions = [{ protocol = "email", endpoint = "ml@example.com" }]
}

run "alarms" {
  command = plan

  module {
    source = "../modules/monitoring"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.share)) == toset(["api-errors", "function-errors", "throttles"])
    error_message = "a share of failures at each layer"
  }

  assert {
    condition = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.share), values(aws_cloudwatch_metric_alarm.table_throttled),
      [aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.endpoint_errors, aws_cloudwatch_metric_alarm.undelivered[0]]) :
      alarm.actions_enabled != false && alarm.alarm_actions == toset([aws_sns_topic.alerts[0].arn]) && alarm.comparison_operator == "GreaterThanThreshold" && startswith(alarm.alarm_name, "mlreg-prod-")
    ])
    error_message = "each alarm tells the topic"
  }

  # Names of an HTTP API: 5XXError and 4XXError are those of REST APIs, and would have no data for ever.
  assert {
    condition     = toset([for query in aws_cloudwatch_metric_alarm.share["api-errors"].metric_query : query.metric[0].metric_name if length(query.metric) > 0]) == toset(["5xx", "Count"])
    error_message = "an HTTP API counts 5xx and Count"
  }

  assert {
    condition     = alltrue(flatten([for alarm in aws_cloudwatch_metric_alarm.share : [for query in alarm.metric_query : [for metric in query.metric : metric.stat == "Sum"]]]))
    error_message = "a rate is of sums: the average of zeros and ones never exceeds one"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.share : length([for query in alarm.metric_query : query if query.return_data == true]) == 1])
    error_message = "an alarm watches exactly one of its series"
  }

  assert {
    condition     = toset([for query in aws_cloudwatch_metric_alarm.share["throttles"].metric_query : query.metric[0].metric_name if length(query.metric) > 0]) == toset(["Throttles", "Invocations"])
    error_message = "a throttled call is no invocation"
  }

  assert {
    condition     = one(aws_cloudwatch_metric_alarm.endpoint_errors.metric_query).expression == "SELECT SUM(Errors) FROM SCHEMA(Mlreg, Environment, Model, ModelVersion) WHERE Environment = 'prod' AND Model = 'recommendation'" && one(aws_cloudwatch_metric_alarm.endpoint_errors.metric_query).period == 60
    error_message = "the router's own metric, over all versions"
  }

  assert {
    condition = aws_cloudwatch_metric_alarm.latency.threshold == 1000 && alltrue([
      for query in aws_cloudwatch_metric_alarm.latency.metric_query : query.id == "mean" ? strcontains(query.expression, ">= 20") : (
        query.metric[0].stat == (query.id == "latency" ? "Average" : "Sum") && query.metric[0].dimensions == tomap({ ApiId = "a1b2c3d4e5", Stage = "$default" })
      )
    ])
    error_message = "an HTTP API's latency is in milliseconds, by ApiId and Stage, and a few slow requests are no alarm"
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.share), [aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.endpoint_errors]) : alarm.treat_missing_data == "notBreaching"])
    error_message = "a night without traffic is no breach"
  }

  assert {
    condition     = length(output.guardrail_alarm_arns) == 5 && length(output.alarm_arns) == 8
    error_message = "the controller hears of what a rollout may be the cause of"
  }
}

run "topic" {
  command = plan

  module {
    source = "../modules/monitoring"
  }

  assert {
    condition     = aws_sns_topic.alerts[0].name == "mlreg-alerts-prod"
    error_message = "mlreg.yaml expects the topic by this name"
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.alerts[0].policy).Statement[0].Principal.Service == "cloudwatch.amazonaws.com"
    error_message = "alarms may publish"
  }

  assert {
    condition     = length(aws_sns_topic_subscription.alerts) == 1
    error_message = "somebody is told"
  }
}

run "dashboard" {
  command = plan

  module {
    source = "../modules/monitoring"
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 11
    error_message = "alarms, and ten charts"
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms) == 8
    error_message = "all alarms are on it"
  }
}

run "alarms_that_never_fire" {
  command = plan

  variables {
    limits = { error_rate_percent = 100, mean_latency_ms = 30000 }
  }

  module {
    source = "../modules/monitoring"
  }

  expect_failures = [var.limits]
}

run "a_topic_that_is_there" {
  command = plan

  variables {
    topic_name = "mlreg-alerts-prod"
  }

  module {
    source = "../modules/monitoring"
  }

  assert {
    condition     = length(aws_sns_topic.alerts) == 0 && length(aws_sns_topic_policy.alerts) == 0 && length(aws_cloudwatch_metric_alarm.undelivered) == 0
    error_message = "neither made anew nor watched twice"
  }

  assert {
    condition     = output.topic_arn == "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod" && aws_cloudwatch_metric_alarm.latency.alarm_actions == toset([output.topic_arn])
    error_message = "alarms tell it"
  }
}
