output "function" {
  description = "The function, whole: its function_name, arn and version among others."
  value       = aws_lambda_function.this
}

output "log_group" {
  description = "The group that it logs into, whole."
  value       = aws_cloudwatch_log_group.this
}

output "role" {
  description = "The role that it runs as: arn, name, statements and policy_arns."
  value       = module.role
}

output "alarm" {
  description = "The alarm when it fails, whole; null where nobody is told."
  value       = one(aws_cloudwatch_metric_alarm.errors[*])
}
