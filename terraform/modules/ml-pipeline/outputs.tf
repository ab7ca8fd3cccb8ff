output "state_machine_arn" {
  description = "The pipeline. Start: aws stepfunctions start-execution --state-machine-arn ARN --input '{\"version\":\"v2.3.0\",\"hyperparameters\":{}}'"
  value       = aws_sfn_state_machine.this.arn
}

output "job_role_arn" {
  description = "Role of training and evaluation."
  value       = aws_iam_role.job.arn
}

output "definition" {
  description = "The state machine as it was written."
  value       = local.definition
}
