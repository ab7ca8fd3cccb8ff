# Dashboard, alarms and the topic that tells people.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

locals {
  # By these names mlreg's alarms are known.
  prefix     = "mlreg-${var.environment}-${var.model}"
  topic_name = coalesce(var.topic_name, "mlreg-alerts-${var.environment}")
  topic_arn  = var.topic_name == null ? aws_sns_topic.alerts[0].arn : "arn:${module.naming.partition}:sns:${module.naming.here}:${var.topic_name}"
}

resource "aws_sns_topic" "alerts" {
  count             = var.topic_name == null ? 1 : 0
  name              = local.topic_name
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "alerts" {
  count = var.topic_name == null ? 1 : 0
  arn   = local.topic_arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { StringEquals = { "aws:SourceAccount" = module.naming.account } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  for_each  = { for subscription in var.subscriptions : "${subscription.protocol} ${subscription.endpoint}" => subscription }
  topic_arn = local.topic_arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}
