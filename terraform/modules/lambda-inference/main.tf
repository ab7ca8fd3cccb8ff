# The function that routes requests to the models, its aliases and a permission for each, its role and its log.
# Terraform pushes code and settings into $LATEST; published versions, and where the aliases point, are mlreg's.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

module "keys" {
  source      = "../../internal/key-list"
  count       = var.api_keys_parameter == null ? 0 : 1
  environment = var.environment
  parameter   = var.api_keys_parameter
}

module "function" {
  source               = "../../internal/function"
  name                 = "${var.model}-inference-${var.environment}"
  environment          = var.environment
  description          = "Routes the requests of ${var.model} in ${var.environment}"
  package_file         = var.package_file
  memory_mb            = var.memory_mb
  timeout_seconds      = var.timeout_seconds
  reserved_concurrency = var.reserved_concurrency
  # The aliases need a version to begin with.
  publish  = true
  platform = var.platform

  variables = merge(
    var.environment_variables,
    { MLREG_MODEL = var.model, MLREG_METRIC_RESOLUTION = "1" },
    length(var.api_keys_sha256) == 0 ? {} : { MLREG_API_KEYS_SHA256 = join(",", var.api_keys_sha256) },
    one(module.keys[*].variables),
  )

  statements = concat(
    # By pattern, so that a new version's endpoint needs no change here.
    [{ Sid = "AskModels", Effect = "Allow", Action = "sagemaker:InvokeEndpoint", Resource = module.naming.endpoint_arns }],
    var.shadow_function_arn == null ? [] : [
      { Sid = "ShadowCopies", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "${var.shadow_function_arn}:*" },
    ],
    flatten(module.keys[*].statements),
  )
}

resource "aws_lambda_alias" "this" {
  for_each         = var.aliases
  name             = each.key
  function_name    = module.function.function.function_name
  function_version = module.function.function.version

  lifecycle {
    # Where an alias points, its weights and the stamp in its description are a rollout's.
    ignore_changes = [function_version, routing_config, description]
  }
}

# A permission of the function itself would not count for its aliases: without these the API answers 500.
resource "aws_lambda_permission" "api" {
  for_each      = var.aliases
  statement_id  = "api-gateway-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = module.function.function.function_name
  qualifier     = aws_lambda_alias.this[each.key].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${var.api_execution_arn}/*/*"

  lifecycle {
    # Between the old statement and the new one the API would answer 500.
    create_before_destroy = true
  }
}
