# The function that asks a challenger what the champion was asked, and compares. It has concurrency of its own, tries
# nothing twice and drops what is late: users never wait for it.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  name      = "${var.model}-shadow-${var.environment}"
  endpoints = "arn:${local.partition}:sagemaker:${local.region}:${local.account}:endpoint"
}

# Request ids that were compared already: events come at least once. Nothing in it is worth keeping an hour.
resource "aws_dynamodb_table" "seen" {
  name         = "mlreg-shadow-${var.environment}-${var.model}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "requestId"
  tags         = var.tags

  attribute {
    name = "requestId"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  dynamic "server_side_encryption" {
    for_each = var.kms_key_arn[*]

    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
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

# It asks challengers and writes down what it saw. It can't reach what a request would change.
resource "aws_iam_role_policy" "this" {
  name = "shadow"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "AskModels"
          Effect   = "Allow"
          Action   = "sagemaker:InvokeEndpoint"
          Resource = distinct([for name in ["${var.model}-${var.environment}", lower("${var.model}-${var.environment}")] : "${local.endpoints}/${name}-*"])
        },
        { Sid = "RememberRequests", Effect = "Allow", Action = "dynamodb:PutItem", Resource = aws_dynamodb_table.seen.arn },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${local.name}:*"
        },
      ],
      var.kms_key_arn == null ? [] : [
        { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn },
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
  description                    = "Compares challengers of ${var.model} in ${var.environment} with the champion; no caller waits for it"
  role                           = aws_iam_role.this.arn
  filename                       = var.package_file
  source_code_hash               = filebase64sha256(var.package_file)
  handler                        = "index.shadow"
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  publish                        = true
  tags                           = var.tags

  environment {
    variables = {
      MLREG_MODEL             = var.model
      MLREG_ENVIRONMENT       = var.environment
      MLREG_SHADOW_TABLE      = aws_dynamodb_table.seen.name
      MLREG_METRIC_RESOLUTION = tostring(var.metric_resolution_seconds)
    }
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
}

# mlreg doesn't move this one: it follows the code.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What the router sends copies to"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

# A copy that is late or failed is worth nothing: no second try, and none that waited over a minute.
resource "aws_lambda_function_event_invoke_config" "live" {
  function_name                = aws_lambda_function.this.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "mlreg-${var.environment}-${var.model}-shadow-errors"
  alarm_description   = "The shadow function crashes or times out: copies are lost, users notice nothing. See: mlreg status --environment ${var.environment}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  tags                = var.tags
}
