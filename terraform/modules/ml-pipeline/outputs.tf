output "state_machine_arn" {
  description = "The pipeline. Start: aws stepfunctions start-execution --state-machine-arn ARN --input '{\"version\":\"v2.3.0\",\"hyperparameters\":{}}'"
  value       = module.pipeline.state_machine.arn
}

output "job_role_arn" {
  description = "Role of training and evaluation."
  value       = module.job_role.arn
}

output "definition" {
  description = "The state machine as it was written."
  value       = local.definition
}
