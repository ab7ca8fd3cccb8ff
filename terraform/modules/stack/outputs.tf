output "mlreg" {
  description = "What mlreg.yaml needs to know: terraform output -json | mlreg init --from-terraform -"
  value = {
    model           = var.model
    environment     = var.environment
    region          = module.naming.region
    account         = module.naming.account
    function        = module.inference.function_name
    alias           = "live"
    green           = "green"
    shadow_function = one(module.shadow[*].function_name)
    api_id          = module.api.api_id
    api_name        = module.api.api_name
    stage           = module.api.stage_name
    recommend_path  = var.api.recommend_path
    table           = local.table_name
    topic           = module.monitoring.topic_name
    model_role      = module.sagemaker.role_arn
    controller      = one(module.controller[*].state_machine_name)
  }
}

output "shared" {
  description = "What a further model of this environment shares with this one: the variable `shared` of its stack."
  value = {
    table_name          = local.table_name
    topic_name          = module.monitoring.topic_name
    bucket_name         = local.bucket_name
    github_provider_arn = var.github == null ? null : coalesce(local.github_provider_arn, local.arn_of_oidc)
  }
}

output "url" {
  description = "Where users reach the API."
  value       = module.api.url
}

output "bucket" {
  description = "Where artifacts belong: aws s3 cp model.tar.gz s3://BUCKET/MODEL/VERSION/"
  value       = local.bucket_name
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard."
  value       = module.monitoring.dashboard_name
}

output "cli_role_arn" {
  description = "Role for people who roll out; null where nobody is trusted."
  value       = module.cli.role_arn
}

output "cli_policy_arns" {
  description = "Policies of whoever runs mlreg, by `read`, `write` and `operator`."
  value       = module.cli.policy_arns
}

output "github_role_arn" {
  description = "The variable MLREG_ROLE of the GitHub environment; null without GitHub."
  value       = one(module.github[*].role_arn)
}

output "pipeline_arn" {
  description = "State machine that trains, evaluates and registers; null without a pipeline."
  value       = one(module.pipeline[*].state_machine_arn)
}
