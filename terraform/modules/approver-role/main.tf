# Who approves: a role that looks at a waiting rollout and writes a request to its owner. It moves no traffic, and can write
# neither journal nor registry.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

locals {
  host               = "token.actions.githubusercontent.com"
  github_environment = coalesce(try(var.github.environment, null), var.environment)
  names              = var.github == null ? ["", ""] : split("/", var.github.repository)
  by_name            = "repo:${try(var.github.repository, "")}:environment:${local.github_environment}"
  ids                = try(var.github.repository_ids, null)[*]
  by_ids             = [for ids in local.ids : "repo:${local.names[0]}@${ids.owner}/${local.names[1]}@${ids.repository}:environment:${local.github_environment}"]
  subjects           = var.github == null ? [] : concat([local.by_name], local.by_ids)

  # As in github-oidc: a name can be taken by somebody else, the number of a repository can not.
  trusted = var.github == null ? {} : merge(
    {
      ByName = merge(
        { "${local.host}:aud" = ["sts.amazonaws.com"], "${local.host}:sub" = [local.by_name] },
        [for ids in local.ids : { "${local.host}:repository_id" = [tostring(ids.repository)] }]...
      )
    },
    length(local.by_ids) == 0 ? {} : {
      ByIds = { "${local.host}:aud" = ["sts.amazonaws.com"], "${local.host}:sub" = local.by_ids }
    },
  )

  function = "arn:${module.naming.partition}:lambda:${module.naming.here}:function:${var.function_name}"
  api      = "arn:${module.naming.partition}:apigateway:${module.naming.region}::/apis"
  # Everything of one rollout has one partition key, and each rollout's id begins with r-.
  own = "${var.environment}/${var.model}"

  statements = concat(
    [
      {
        Sid      = "LookAtTraffic"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:ListAliases", "lambda:GetFunctionConfiguration"]
        Resource = [local.function, "${local.function}:*"]
      },
      { Sid = "LookAtStage", Effect = "Allow", Action = "apigateway:GET", Resource = [local.api, "${local.api}/${var.api_id}/stages", "${local.api}/${var.api_id}/stages/*"] },
      {
        Sid      = "ReadRollouts"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = var.table_arn
        # ForAllValues alone also holds where a call names no key.
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = [local.own, "${local.own}/*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      },
      {
        Sid      = "WriteRequests"
        Effect   = "Allow"
        Action   = "dynamodb:PutItem"
        Resource = var.table_arn
        # A request has these attributes, and no record of the journal has only these.
        Condition = {
          "ForAllValues:StringLike"   = { "dynamodb:LeadingKeys" = ["${local.own}/r-*"] }
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["pk", "sk", "index", "request"] }
          Null                        = { "dynamodb:LeadingKeys" = "false" }
        }
      },
    ],
    length(var.kms_key_arns) == 0 ? [] : [
      # By the table alone: not what the same key encrypts elsewhere.
      {
        Sid       = "TableKeys"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = var.kms_key_arns
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${module.naming.region}.amazonaws.com" } }
      },
    ],
  )
}

resource "aws_iam_role" "approver" {
  name                 = "mlreg-approver-${var.environment}-${var.model}"
  description          = "Approves rollouts of ${var.model} in ${var.environment}, and starts none"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # Equal, not alike: a pattern would let in every branch, or every repository that is named so.
      [for sid, equal in local.trusted : {
        Sid       = sid
        Effect    = "Allow"
        Principal = { Federated = var.github.provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = { StringEquals = equal }
      }],
      length(var.trusted_principal_arns) == 0 ? [] : [{
        Effect    = "Allow"
        Principal = { AWS = var.trusted_principal_arns }
        Action    = "sts:AssumeRole"
      }],
    )
  })

  lifecycle {
    precondition {
      condition     = var.github != null || length(var.trusted_principal_arns) > 0
      error_message = "Nobody could take this role on: set github, trusted_principal_arns or both."
    }
  }
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = aws_iam_role.approver.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
