# A Lambda function with its role, its log and, where wished, an alarm when it fails.

module "naming" {
  source      = "../naming"
  environment = var.environment
}

module "role" {
  source                   = "../role"
  name                     = var.name
  description              = "What ${var.name} may do"
  service                  = "lambda"
  permissions_boundary_arn = var.platform.permissions_boundary_arn
  tags                     = var.platform.tags

  statements = concat(
    var.statements,
    [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${module.naming.partition}:logs:${module.naming.here}:log-group:/aws/lambda/${var.name}:*"
      },
    ],
    var.platform.kms_key_arn == null ? [] : [
      { Sid = "Key", Effect = "Allow", Action = "kms:Decrypt", Resource = var.platform.kms_key_arn },
    ],
    !var.platform.xray ? [] : [
      # X-Ray has no resources to name.
      { Sid = "Traces", Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = "*" },
    ],
    var.platform.vpc == null ? [] : [
      {
        # Network interfaces have no names to narrow this by. AWS's own policy for it lets every log be written, too.
        Sid    = "Network"
        Effect = "Allow"
        Action = [
          "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
          "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
      },
    ],
  )

  policy_arns = var.policy_arns
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
  tags              = var.platform.tags
}

resource "aws_lambda_function" "this" {
  # Else Lambda makes the group by itself, and keeps it for ever.
  depends_on = [aws_cloudwatch_log_group.this]

  function_name                  = var.name
  description                    = var.description
  role                           = module.role.arn
  filename                       = var.package_file
  source_code_hash               = filebase64sha256(var.package_file)
  handler                        = var.handler
  runtime                        = var.platform.runtime
  architectures                  = [var.platform.architecture]
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.platform.kms_key_arn
  publish                        = var.publish
  tags                           = var.platform.tags

  environment {
    variables = merge({ MLREG_ENVIRONMENT = var.environment }, var.variables)
  }

  tracing_config {
    mode = var.platform.xray ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = var.platform.vpc[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    # mlreg's part of the inference function's variables; all others, and all of any other function's, stay Terraform's.
    ignore_changes = [
      environment[0].variables["MLREG_ROUTE"],
      environment[0].variables["MLREG_ROLLOUT"],
      environment[0].variables["MLREG_WEIGHTED"],
      environment[0].variables["MODEL_VERSION"],
      environment[0].variables["SAGEMAKER_ENDPOINT"],
    ]
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  count               = var.alarm == null ? 0 : 1
  alarm_name          = var.alarm.name
  alarm_description   = var.alarm.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm.topic_arn]
  ok_actions          = [var.alarm.topic_arn]
  tags                = var.platform.tags
}
