output "mlreg" {
  description = "What mlreg.yaml needs to know: terraform output -json | mlreg init --from-terraform -"
  value       = module.stack.mlreg
}

output "url" {
  description = "Where users reach the API."
  value       = module.stack.url
}

output "bucket" {
  description = "Where artifacts belong."
  value       = module.stack.bucket
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard."
  value       = module.stack.dashboard
}

output "cli_role_arn" {
  description = "Role for people who roll out; null where nobody is trusted."
  value       = module.stack.cli_role_arn
}

output "github_role_arn" {
  description = "The variable MLREG_ROLE of the GitHub environment; null without GitHub."
  value       = module.stack.github_role_arn
}

output "pipeline_arn" {
  description = "State machine that trains, evaluates and registers; null without a pipeline."
  value       = module.stack.pipeline_arn
}
