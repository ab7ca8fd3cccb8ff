output "role_arn" {
  description = "The models' role: sagemaker.role of mlreg.yaml."
  value       = module.role.arn
}

output "role_name" {
  description = "Name of that role."
  value       = module.role.name
}
