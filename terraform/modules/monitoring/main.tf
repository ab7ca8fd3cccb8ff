# Dashboard, alarms and the topic that tells people.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

locals {
  # By these names mlreg's alarms are known.
  prefix = "mlreg-${var.environment}-${var.model}"
}

resource "aws_sns_topic" "alerts" {
  name              = "mlreg-alerts-${var.environment}"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
        Condition = { StringEquals = { "aws:SourceAccount" = module.naming.account } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  for_each  = { for subscription in var.subscriptions : "${subscription.protocol} ${subscription.endpoint}" => subscription }
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}
