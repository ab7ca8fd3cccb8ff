# A role that the workflows of one repository take on in one GitHub environment, without any secret. Both forms of the
# subject claim are trusted.

locals {
  host               = "token.actions.githubusercontent.com"
  github_environment = coalesce(var.github_environment, var.environment)
  owner              = split("/", var.repository)[0]
  name               = split("/", var.repository)[1]
  provider_arn       = coalesce(var.provider_arn, one(aws_iam_openid_connect_provider.github[*].arn), "none")

  by_name  = "repo:${var.repository}:environment:${local.github_environment}"
  by_ids   = [for ids in var.repository_ids[*] : "repo:${local.owner}@${ids.owner}/${local.name}@${ids.repository}:environment:${local.github_environment}"]
  subjects = concat([local.by_name], local.by_ids)

  # A name can be taken by somebody else once its repository was renamed, moved or deleted. Its number can not.
  trusted = merge(
    {
      ByName = merge(
        { "${local.host}:aud" = ["sts.amazonaws.com"], "${local.host}:sub" = [local.by_name] },
        [for ids in var.repository_ids[*] : { "${local.host}:repository_id" = [tostring(ids.repository)] }]...
      )
    },
    length(local.by_ids) == 0 ? {} : {
      ByIds = { "${local.host}:aud" = ["sts.amazonaws.com"], "${local.host}:sub" = local.by_ids }
    },
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.provider_arn == null ? 1 : 0
  url            = "https://${local.host}"
  client_id_list = ["sts.amazonaws.com"]
  tags           = var.tags
}

resource "aws_iam_role" "github" {
  name                 = coalesce(var.role_name, "mlreg-github-${var.environment}")
  description          = "Workflows of ${var.repository} in the GitHub environment ${local.github_environment}"
  max_session_duration = var.max_session_hours * 3600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  # Equal, not alike: a pattern would let in every branch, or every repository that is named so.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for sid, equal in local.trusted : {
      Sid       = sid
      Effect    = "Allow"
      Principal = { Federated = local.provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = equal }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "github" {
  for_each   = var.policy_arns
  role       = aws_iam_role.github.name
  policy_arn = each.value
}
