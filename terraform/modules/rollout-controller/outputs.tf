output "function_name" {
  description = "Name of the controller's function."
  value       = module.function.function.function_name
}

output "state_machine_name" {
  description = "What `mlreg deploy --detach` starts: controller of mlreg.yaml."
  value       = module.laps.state_machine.name
}

output "state_machine_arn" {
  description = "ARN of that state machine."
  value       = module.laps.state_machine.arn
}

output "alarm_arns" {
  description = "Alarms on the controller itself."
  value       = [aws_cloudwatch_metric_alarm.silent.arn, aws_cloudwatch_metric_alarm.unwatched.arn, module.function.alarm.arn]
}
