output "function_name" {
  description = "Name of the controller's function."
  value       = aws_lambda_function.this.function_name
}

output "state_machine_name" {
  description = "What `mlreg deploy --detach` starts: controller of mlreg.yaml."
  value       = aws_sfn_state_machine.this.name
}

output "state_machine_arn" {
  description = "ARN of that state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "alarm_arns" {
  description = "Alarms on the controller itself."
  value       = [aws_cloudwatch_metric_alarm.silent.arn, aws_cloudwatch_metric_alarm.errors.arn]
}
