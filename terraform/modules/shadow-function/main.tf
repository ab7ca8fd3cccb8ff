# The function that asks a challenger what the champion was asked, and compares. It has concurrency of its own, tries
# nothing twice and drops what is late: users never wait for it.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

# Request ids that were compared already: events come at least once. Nothing in it is worth keeping an hour.
resource "aws_dynamodb_table" "seen" {
  name         = "mlreg-shadow-${var.environment}-${var.model}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "requestId"
  tags         = var.platform.tags

  attribute {
    name = "requestId"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  dynamic "server_side_encryption" {
    for_each = var.platform.kms_key_arn[*]

    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}

# It asks challengers and writes down what it saw. It can't reach what a request would change.
module "function" {
  source               = "../../internal/function"
  name                 = "${var.model}-shadow-${var.environment}"
  environment          = var.environment
  description          = "Compares challengers of ${var.model} in ${var.environment} with the champion; no caller waits for it"
  package_file         = var.package_file
  handler              = "index.shadow"
  memory_mb            = var.memory_mb
  timeout_seconds      = var.timeout_seconds
  reserved_concurrency = var.reserved_concurrency
  publish              = true
  platform             = var.platform

  variables = {
    MLREG_MODEL             = var.model
    MLREG_SHADOW_TABLE      = aws_dynamodb_table.seen.name
    MLREG_METRIC_RESOLUTION = "1"
  }

  statements = concat(
    [
      { Sid = "AskModels", Effect = "Allow", Action = "sagemaker:InvokeEndpoint", Resource = module.naming.endpoint_arns },
      { Sid = "RememberRequests", Effect = "Allow", Action = "dynamodb:PutItem", Resource = aws_dynamodb_table.seen.arn },
    ],
    var.platform.kms_key_arn == null ? [] : [
      { Sid = "TableKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.platform.kms_key_arn },
    ],
  )

  alarm = {
    name        = "mlreg-${var.environment}-${var.model}-shadow-errors"
    description = "The shadow function crashes or times out: copies are lost, users notice nothing. See: mlreg status --environment ${var.environment}"
    topic_arn   = var.topic_arn
  }
}

# mlreg doesn't move this one: it follows the code.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What the router sends copies to"
  function_name    = module.function.function.function_name
  function_version = module.function.function.version
}

# A copy that is late or failed is worth nothing: no second try, and none that waited over a minute.
resource "aws_lambda_function_event_invoke_config" "live" {
  function_name                = module.function.function.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
