output "function_name" {
  description = "Name of the function: lambda.function of mlreg.yaml."
  value       = module.function.function.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = module.function.function.arn
}

output "alias_names" {
  description = "The function's aliases."
  value       = sort([for alias in aws_lambda_alias.this : alias.name])
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = module.function.role.arn
}

output "log_group_name" {
  description = "Where the function logs, and emits its metrics."
  value       = module.function.log_group.name
}
