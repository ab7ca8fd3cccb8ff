# All modules together: what one model needs in one environment. The environments call it with their own sizes.

locals {
  # What the modules' resources have in common.
  kms_key_arn        = var.platform.kms_key_arn
  log_retention_days = var.platform.log_retention_days
  tags               = merge(var.platform.tags, { "mlreg:environment" = var.environment, "mlreg:model" = var.model })
  platform           = merge(var.platform, { tags = local.tags })
  # Models read their own folder of a bucket that others may use, too.
  artifact_prefix = var.storage.artifact_prefix == null ? var.model : var.storage.artifact_prefix
  arn_of_oidc     = "arn:${module.naming.partition}:iam::${module.naming.account}:oidc-provider/token.actions.githubusercontent.com"

  # Of this stack, or of the one that it shares them with. By their names, so that both can be planned at once.
  table_name  = var.shared == null ? one(module.registry[*].table_name) : var.shared.table_name
  table_arn   = var.shared == null ? one(module.registry[*].table_arn) : "arn:${module.naming.partition}:dynamodb:${module.naming.here}:table/${var.shared.table_name}"
  bucket_name = var.shared == null ? one(module.storage[*].bucket_name) : var.shared.bucket_name
  bucket_arn  = var.shared == null ? one(module.storage[*].bucket_arn) : "arn:${module.naming.partition}:s3:::${var.shared.bucket_name}"
  controller  = var.shared == null ? "mlreg-rollout-${var.environment}" : "${var.model}-rollout-${var.environment}"
  github_provider_arn = var.github == null ? null : (
    var.github.provider_arn != null || var.shared == null ? var.github.provider_arn : var.shared.github_provider_arn
  )

  router = coalesce(var.router_package_file, "${path.module}/../../../dist/router.zip")
}

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

module "storage" {
  source                  = "../s3-storage"
  count                   = var.shared == null ? 1 : 0
  environment             = var.environment
  bucket_name             = var.storage.bucket_name
  noncurrent_version_days = var.storage.noncurrent_version_days
  force_destroy           = var.storage.force_destroy
  kms_key_arn             = local.kms_key_arn
  tags                    = local.tags
}

module "registry" {
  source              = "../model-registry"
  count               = var.shared == null ? 1 : 0
  environment         = var.environment
  deletion_protection = var.registry.deletion_protection
  recovery_days       = var.registry.recovery_days
  kms_key_arn         = local.kms_key_arn
  tags                = local.tags
}

module "sagemaker" {
  source                   = "../sagemaker"
  model                    = var.model
  environment              = var.environment
  bucket_arn               = local.bucket_arn
  artifact_prefix          = local.artifact_prefix
  ecr_repository_arns      = var.ecr_repository_arns
  kms_key_arn              = local.kms_key_arn
  tags                     = local.tags
  permissions_boundary_arn = var.platform.permissions_boundary_arn
}

module "inference" {
  source                = "../lambda-inference"
  model                 = var.model
  environment           = var.environment
  package_file          = local.router
  memory_mb             = var.function.memory_mb
  timeout_seconds       = var.function.timeout_seconds
  reserved_concurrency  = var.function.reserved_concurrency
  environment_variables = merge(var.function.variables, var.api.recommend_path == "/recommend" ? {} : { MLREG_RECOMMEND_PATH = var.api.recommend_path })
  api_keys_parameter    = var.api_keys_parameter
  api_keys_sha256       = var.api_keys_sha256
  api_execution_arn     = module.api.api_execution_arn
  shadow_function_arn   = one(module.shadow[*].function_arn)
  platform              = local.platform
}

module "shadow" {
  source               = "../shadow-function"
  count                = var.shadow == null ? 0 : 1
  model                = var.model
  environment          = var.environment
  package_file         = local.router
  memory_mb            = var.shadow.memory_mb
  reserved_concurrency = var.shadow.reserved_concurrency
  topic_arn            = module.monitoring.topic_arn
  platform             = local.platform
}

module "api" {
  source             = "../api-gateway"
  model              = var.model
  environment        = var.environment
  function_arn       = module.inference.function_arn
  recommend_path     = var.api.recommend_path
  auto_deploy        = var.api.auto_deploy
  throttle           = { rate = var.api.rate, burst = var.api.burst }
  detailed_metrics   = var.api.detailed_metrics
  cors               = length(var.api.cors_origins) == 0 ? null : { allow_origins = var.api.cors_origins }
  authorizer         = var.api.authorizer
  log_retention_days = local.log_retention_days
  kms_key_arn        = local.kms_key_arn
  tags               = local.tags
}

module "monitoring" {
  source        = "../monitoring"
  model         = var.model
  environment   = var.environment
  function_name = module.inference.function_name
  api_id        = module.api.api_id
  stage_name    = module.api.stage_name
  # One set of alarms a table: its owner's.
  table_name    = one(module.registry[*].table_name)
  topic_name    = var.shared == null ? null : var.shared.topic_name
  subscriptions = var.subscriptions
  limits        = var.alarm_limits
  kms_key_arn   = local.kms_key_arn
  tags          = local.tags
}

module "cli" {
  source                   = "../cli-role"
  model                    = var.model
  environment              = var.environment
  function_name            = module.inference.function_name
  api_id                   = module.api.api_id
  stage_name               = module.api.stage_name
  table_arn                = local.table_arn
  topic_arn                = module.monitoring.topic_arn
  bucket_arn               = local.bucket_arn
  artifact_prefix          = local.artifact_prefix
  model_role_arn           = module.sagemaker.role_arn
  shadow_function_name     = one(module.shadow[*].function_name)
  state_machine_name       = var.controller_package_file == null ? null : local.controller
  webhook_parameter_name   = var.webhook_parameter_name
  event_bus_name           = var.event_bus_name
  kms_key_arns             = local.kms_key_arn[*]
  trusted_principal_arns   = var.trusted_principal_arns
  tags                     = local.tags
  permissions_boundary_arn = var.platform.permissions_boundary_arn
}

module "controller" {
  source               = "../rollout-controller"
  count                = var.controller_package_file == null ? 0 : 1
  environment          = var.environment
  model                = var.shared == null ? null : var.model
  models               = [var.model]
  package_file         = var.controller_package_file
  reserved_concurrency = var.controller_reserved_concurrency
  policy_arns          = module.cli.controller_policy_arns
  alarm_arns           = module.monitoring.guardrail_alarm_arns
  topic_arn            = module.monitoring.topic_arn
  platform             = local.platform
}

module "pipeline" {
  source                   = "../ml-pipeline"
  count                    = var.pipeline == null ? 0 : 1
  model                    = var.model
  environment              = var.environment
  bucket_name              = local.bucket_name
  data_prefix              = var.pipeline.data_prefix
  training                 = var.pipeline.training
  evaluation               = var.pipeline.evaluation
  ecr_repository_arns      = var.ecr_repository_arns
  topic_arn                = module.monitoring.topic_arn
  log_retention_days       = local.log_retention_days
  kms_key_arn              = local.kms_key_arn
  tags                     = local.tags
  permissions_boundary_arn = var.platform.permissions_boundary_arn
}

module "github" {
  source                   = "../github-oidc"
  count                    = var.github == null ? 0 : 1
  environment              = var.environment
  repository               = var.github.repository
  repository_ids           = var.github.repository_ids
  github_environment       = var.github.environment
  provider_arn             = local.github_provider_arn
  role_name                = var.shared == null ? null : "${var.model}-github-${var.environment}"
  policy_arns              = module.cli.policy_arns
  tags                     = local.tags
  permissions_boundary_arn = var.platform.permissions_boundary_arn
}
