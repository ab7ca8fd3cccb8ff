output "arn" {
  description = "ARN of the role, which is usable once its policies are there."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}

output "statements" {
  description = "What the role may do by its own policy, read back."
  value       = jsondecode(aws_iam_role_policy.this.policy).Statement
}

output "policy_arns" {
  description = "Further policies of the role."
  value       = values(aws_iam_role_policy_attachment.this)[*].policy_arn
}

output "trust" {
  description = "Who may take it on, read back."
  value       = jsondecode(aws_iam_role.this.assume_role_policy).Statement
}
