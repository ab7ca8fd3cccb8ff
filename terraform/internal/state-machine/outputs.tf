output "state_machine" {
  description = "The state machine, whole: its name and arn among others."
  value       = aws_sfn_state_machine.this
}

output "role" {
  description = "The role that it runs as: arn, name, statements and policy_arns."
  value       = module.role
}
