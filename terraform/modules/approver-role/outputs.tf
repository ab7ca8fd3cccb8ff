output "role_arn" {
  description = "The variable MLREG_APPROVER_ROLE of the GitHub environment, and a role that approvers.roles of mlreg.yaml may list."
  value       = aws_iam_role.approver.arn
}
