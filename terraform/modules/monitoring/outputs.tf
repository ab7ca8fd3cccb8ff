locals {
  # What a rollout may be the cause of.
  guardrails = concat(
    [for alarm in aws_cloudwatch_metric_alarm.share : alarm.arn],
    [aws_cloudwatch_metric_alarm.latency.arn, aws_cloudwatch_metric_alarm.endpoint_errors.arn],
  )
  alarm_arns = concat(
    local.guardrails,
    aws_cloudwatch_metric_alarm.undelivered[*].arn,
    [for alarm in aws_cloudwatch_metric_alarm.table_throttled : alarm.arn],
  )
}

output "topic_arn" {
  description = "Topic of alarms and of mlreg's own messages."
  value       = local.topic_arn
}

output "topic_name" {
  description = "Name of the topic: notifications.sns of mlreg.yaml."
  value       = local.topic_name
}

output "guardrail_alarm_arns" {
  description = "Alarms that a rollout may be the cause of: the controller looks at once when one is raised."
  value       = local.guardrails
}

output "alarm_arns" {
  description = "All alarms of this module."
  value       = local.alarm_arns
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
