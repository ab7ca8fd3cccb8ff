# A Step Functions state machine with its role and its log.

module "role" {
  source                   = "../role"
  name                     = var.name
  description              = var.description
  service                  = "states"
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = var.tags

  statements = concat(var.statements, [
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
  ])
}

# Under this prefix the policy of log deliveries doesn't grow with each group.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  type       = "STANDARD"
  role_arn   = module.role.arn
  definition = var.definition
  tags       = var.tags

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
    include_execution_data = false
    level                  = "ERROR"
  }
}
