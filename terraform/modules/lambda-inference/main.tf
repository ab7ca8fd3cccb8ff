# The function that routes requests to the models, its aliases and a permission for each, its role and its log.
# Terraform pushes code and settings into $LATEST; published versions, and where the aliases point, are mlreg's.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  name      = "${var.model}-inference-${var.environment}"
  endpoints = "arn:${local.partition}:sagemaker:${local.region}:${local.account}:endpoint"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name        = local.name
  description = "What ${local.name} may do"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "router"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # By pattern, so that a new version's endpoint needs no change here. SageMaker's ARNs are in small letters.
          Sid      = "AskModels"
          Effect   = "Allow"
          Action   = "sagemaker:InvokeEndpoint"
          Resource = distinct([for name in ["${var.model}-${var.environment}", lower("${var.model}-${var.environment}")] : "${local.endpoints}/${name}-*"])
        },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${local.name}:*"
        },
      ],
      var.shadow_function_arn == null ? [] : [
        { Sid = "ShadowCopies", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = [var.shadow_function_arn, "${var.shadow_function_arn}:*"] },
      ],
      var.kms_key_arn == null ? [] : [
        { Sid = "Key", Effect = "Allow", Action = "kms:Decrypt", Resource = var.kms_key_arn },
      ],
      !var.xray ? [] : [
        # X-Ray has no resources to name.
        { Sid = "Traces", Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = "*" },
      ],
    )
  })
}

# Network interfaces have no names to narrow this by.
resource "aws_iam_role_policy_attachment" "vpc" {
  count      = var.vpc == null ? 0 : 1
  role       = aws_iam_role.this.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_lambda_function" "this" {
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this, aws_iam_role_policy_attachment.vpc]

  function_name                  = local.name
  description                    = "Routes the requests of ${var.model} in ${var.environment}"
  role                           = aws_iam_role.this.arn
  filename                       = var.package_file
  source_code_hash               = filebase64sha256(var.package_file)
  handler                        = "index.handler"
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  # The aliases need a version to begin with.
  publish = true
  tags    = var.tags

  environment {
    variables = merge(
      var.environment_variables,
      {
        MLREG_MODEL             = var.model
        MLREG_ENVIRONMENT       = var.environment
        MLREG_METRIC_RESOLUTION = tostring(var.metric_resolution_seconds)
      },
      length(var.api_keys_sha256) == 0 ? {} : { MLREG_API_KEYS_SHA256 = join(",", var.api_keys_sha256) },
    )
  }

  tracing_config {
    mode = var.xray ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    # mlreg's part of the variables; all others stay Terraform's.
    ignore_changes = [
      environment[0].variables["MLREG_ROUTE"],
      environment[0].variables["MLREG_ROLLOUT"],
      environment[0].variables["MODEL_VERSION"],
      environment[0].variables["SAGEMAKER_ENDPOINT"],
    ]
  }
}

resource "aws_lambda_alias" "this" {
  for_each         = var.aliases
  name             = each.key
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    # Where an alias points, its weights and the stamp in its description are a rollout's.
    ignore_changes = [function_version, routing_config, description]
  }
}

# A permission of the function itself would not count for its aliases: without these the API answers 500.
resource "aws_lambda_permission" "api" {
  for_each      = var.aliases
  statement_id  = "api-gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.this[each.key].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${var.api_execution_arn}/*/*"
}
