# The role that the models run as, and its way to their artifacts and images. Endpoints, their configurations and the
# models themselves are mlreg's: one of each a version.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  objects   = var.artifact_prefix == "" ? "${var.bucket_arn}/*" : "${var.bucket_arn}/${var.artifact_prefix}/*"
}

resource "aws_iam_role" "model" {
  name        = "${var.model}-model-${var.environment}"
  description = "What the endpoints of ${var.model} in ${var.environment} may do"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sagemaker.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "model" {
  name = "model"
  role = aws_iam_role.model.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Sid = "Artifacts", Effect = "Allow", Action = ["s3:GetObject", "s3:GetObjectVersion"], Resource = local.objects },
        { Sid = "FindArtifacts", Effect = "Allow", Action = "s3:ListBucket", Resource = var.bucket_arn },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
          Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/sagemaker/Endpoints/${var.model}-${var.environment}-*"
        },
        {
          # Has no resources of its own: the namespace is all that can be said.
          Sid       = "Metrics"
          Effect    = "Allow"
          Action    = "cloudwatch:PutMetricData"
          Resource  = "*"
          Condition = { StringLike = { "cloudwatch:namespace" = ["AWS/SageMaker", "/aws/sagemaker/*"] } }
        },
      ],
      length(var.ecr_repository_arns) == 0 ? [] : [
        {
          Sid      = "Image"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = var.ecr_repository_arns
        },
      ],
      length(var.ecr_repository_arns) == 0 ? [] : [
        # A token of the whole registry: ECR knows no narrower one.
        { Sid = "RegistryToken", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      ],
      var.kms_key_arn == null ? [] : [
        { Sid = "Key", Effect = "Allow", Action = "kms:Decrypt", Resource = var.kms_key_arn },
      ],
    )
  })
}
