output "function_name" {
  description = "Name of the function: lambda.shadowFunction of mlreg.yaml."
  value       = module.function.function.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = module.function.function.arn
}

output "alias_name" {
  description = "The alias that copies are sent to."
  value       = aws_lambda_alias.live.name
}

output "table_name" {
  description = "Table of the request ids that were compared."
  value       = aws_dynamodb_table.seen.name
}

output "log_group_name" {
  description = "Where comparisons are written down."
  value       = module.function.log_group.name
}
