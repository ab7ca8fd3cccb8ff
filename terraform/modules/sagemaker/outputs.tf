output "role_arn" {
  description = "The models' role: sagemaker.role of mlreg.yaml."
  value       = aws_iam_role.model.arn
}

output "role_name" {
  description = "Name of that role."
  value       = aws_iam_role.model.name
}
