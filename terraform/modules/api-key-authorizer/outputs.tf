output "function_arn" {
  description = "ARN of the function: authorizer.function_arn of the module api-gateway."
  value       = module.function.function.arn
}

output "function_name" {
  description = "Name of the function."
  value       = module.function.function.function_name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = module.function.role.arn
}

output "log_group_name" {
  description = "Where the function logs."
  value       = module.function.log_group.name
}
