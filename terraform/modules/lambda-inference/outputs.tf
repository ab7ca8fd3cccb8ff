output "function_name" {
  description = "Name of the function: lambda.function of mlreg.yaml."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = aws_lambda_function.this.arn
}

output "alias_names" {
  description = "The function's aliases."
  value       = sort([for alias in aws_lambda_alias.this : alias.name])
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "Where the function logs, and emits its metrics."
  value       = aws_cloudwatch_log_group.this.name
}
