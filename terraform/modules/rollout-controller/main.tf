# Watches rollouts when the terminal or CI job that began them is gone: a function that looks once, a state machine
# that calls it again, a sweep for orphans, and alarms on itself.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account            = data.aws_caller_identity.current.account_id
  partition          = data.aws_partition.current.partition
  region             = data.aws_region.current.name
  here               = "${local.region}:${local.account}"
  name               = "mlreg-controller-${var.environment}"
  state_machine_name = "mlreg-rollout-${var.environment}"
  # By its name: machine, role and function would wait for one another.
  state_machine_arn = "arn:${local.partition}:states:${local.here}:stateMachine:${local.state_machine_name}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name        = local.name
  description = "The rollout controller of ${var.environment}"
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

# It does what the command line does, and may do no more.
resource "aws_iam_role_policy_attachment" "rollouts" {
  for_each   = var.policy_arns
  role       = aws_iam_role.this.name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "this" {
  name = "controller"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${local.name}:*"
        },
        { Sid = "StartLaps", Effect = "Allow", Action = "states:StartExecution", Resource = local.state_machine_arn },
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

# Looks at a rollout once and does what follows. Two at once do no harm: the older one's token is dead.
resource "aws_lambda_function" "this" {
  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.this,
    aws_iam_role_policy_attachment.rollouts,
    aws_iam_role_policy_attachment.vpc,
  ]

  function_name    = local.name
  description      = "Looks after the rollouts of ${var.environment}"
  role             = aws_iam_role.this.arn
  filename         = var.package_file
  source_code_hash = filebase64sha256(var.package_file)
  handler          = "index.handler"
  runtime          = var.runtime
  architectures    = [var.architecture]
  memory_size      = var.memory_mb
  timeout          = var.timeout_seconds
  kms_key_arn      = var.kms_key_arn
  tags             = var.tags

  environment {
    variables = merge(
      { MLREG_ENVIRONMENT = var.environment, MLREG_STATE_MACHINE = local.state_machine_arn },
      length(var.models) == 0 ? {} : { MLREG_MODELS = join(",", var.models) },
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
}

# An event that the controller missed is no loss: the next lap looks again.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
