locals {
  api = ["ApiId", var.api_id, "Stage", var.stage_name]
  # Any version, whatever its name.
  versions = "{Mlreg,Environment,Model,ModelVersion} Environment=\"${var.environment}\" Model=\"${var.model}\""
  # Endpoint names begin with model and environment.
  endpoints = "{AWS/SageMaker,EndpointName,VariantName} ${join(" ", split("-", "${var.model}-${var.environment}"))}"

  charts = [
    { title = "Requests by version", metrics = [[{ expression = "SEARCH('${local.versions} MetricName=\"Requests\"', 'Sum', 60)" }]] },
    { title = "Errors by version", metrics = [[{ expression = "SEARCH('${local.versions} MetricName=\"Errors\"', 'Sum', 60)" }]] },
    { title = "Latency by version, p50 and p95, ms", metrics = [
      [{ expression = "SEARCH('${local.versions} MetricName=\"Latency\"', 'p50', 60)" }],
      [{ expression = "SEARCH('${local.versions} MetricName=\"Latency\"', 'p95', 60)" }],
    ] },
    { title = "Feedback by version", metrics = [[{ expression = "SEARCH('${local.versions} MetricName=\"Feedback\"', 'Average', 300)" }]] },
    { title = "Shadow: compared, disagreed, errors", metrics = [
      [{ expression = "SEARCH('${local.versions} MetricName=\"ShadowCompared\"', 'Sum', 60)" }],
      [{ expression = "SEARCH('${local.versions} MetricName=\"ShadowDisagreed\"', 'Sum', 60)" }],
      [{ expression = "SEARCH('${local.versions} MetricName=\"ShadowErrors\"', 'Sum', 60)" }],
    ] },
    { title = "Endpoints: model latency, p95, microseconds", metrics = [[{ expression = "SEARCH('${local.endpoints} MetricName=\"ModelLatency\"', 'p95', 60)" }]] },
    { title = "Endpoints: errors", metrics = [
      [{ expression = "SEARCH('${local.endpoints} MetricName=\"Invocation4XXErrors\"', 'Sum', 60)" }],
      [{ expression = "SEARCH('${local.endpoints} MetricName=\"Invocation5XXErrors\"', 'Sum', 60)" }],
    ] },
    { title = "API", metrics = [
      concat(["AWS/ApiGateway", "Count"], local.api, [{ stat = "Sum" }]),
      concat(["AWS/ApiGateway", "4xx"], local.api, [{ stat = "Sum" }]),
      concat(["AWS/ApiGateway", "5xx"], local.api, [{ stat = "Sum" }]),
    ] },
    { title = "API: latency, ms", metrics = [
      concat(["AWS/ApiGateway", "Latency"], local.api, [{ stat = "p50" }]),
      concat(["AWS/ApiGateway", "Latency"], local.api, [{ stat = "p95" }]),
    ] },
    { title = "Function", metrics = [
      ["AWS/Lambda", "Invocations", "FunctionName", var.function_name, { stat = "Sum" }],
      ["AWS/Lambda", "Errors", "FunctionName", var.function_name, { stat = "Sum" }],
      ["AWS/Lambda", "Throttles", "FunctionName", var.function_name, { stat = "Sum" }],
      ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", var.function_name, { stat = "Maximum" }],
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.prefix

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type       = "alarm"
        x          = 0
        y          = 0
        width      = 24
        height     = 3
        properties = { title = "Alarms", alarms = local.alarm_arns }
      }],
      [for index, chart in local.charts : {
        type   = "metric"
        x      = index % 2 * 12
        y      = 3 + floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = chart.title
          region  = module.naming.region
          view    = "timeSeries"
          stacked = false
          period  = 60
          metrics = chart.metrics
        }
      }],
    )
  })
}
