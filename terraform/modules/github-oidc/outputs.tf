output "role_arn" {
  description = "What the workflows take on: the variable MLREG_ROLE of the GitHub environment."
  value       = aws_iam_role.github.arn
}

output "provider_arn" {
  description = "GitHub's OIDC provider: other environments of the account use it as provider_arn."
  value       = local.provider_arn
}

output "subjects" {
  description = "Subjects that are let in."
  value       = local.subjects
}
