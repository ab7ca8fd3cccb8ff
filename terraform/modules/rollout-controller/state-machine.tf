resource "aws_iam_role" "states" {
  name        = local.state_machine_name
  description = "The laps of the rollouts of ${var.environment}"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "states" {
  name = "laps"
  role = aws_iam_role.states.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Tick", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = [aws_lambda_function.this.arn, "${aws_lambda_function.this.arn}:*"] },
      # A long bake goes on in a successor: an execution ends at 25,000 events.
      { Sid = "Renew", Effect = "Allow", Action = "states:StartExecution", Resource = local.state_machine_arn },
      {
        # Deliveries of logs have no resources to name.
        Sid    = "Logs"
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
          "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "states" {
  name              = "/aws/vendedlogs/states/${local.state_machine_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sfn_state_machine" "this" {
  depends_on = [aws_iam_role_policy.states]
  name       = local.state_machine_name
  type       = "STANDARD"
  role_arn   = aws_iam_role.states.arn
  tags       = var.tags

  definition = templatefile("${path.module}/state-machine.asl.json", {
    controller_function_arn = aws_lambda_function.this.arn
    partition               = local.partition
  })

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.states.arn}:*"
    include_execution_data = false
    level                  = "ERROR"
  }
}
