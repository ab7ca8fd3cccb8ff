output "policy_arns" {
  description = "Policies that together let mlreg do all it does, by `read`, `write` and `operator`."
  value       = { read = aws_iam_policy.read.arn, write = aws_iam_policy.write.arn, operator = aws_iam_policy.operator.arn }
}

output "controller_policy_arns" {
  description = "Those that the rollout controller needs, by `read` and `write`."
  value       = { read = aws_iam_policy.read.arn, write = aws_iam_policy.write.arn }
}

output "role_arn" {
  description = "Role for people; null where nobody is trusted."
  value       = one(aws_iam_role.cli[*].arn)
}
