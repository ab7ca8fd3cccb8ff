# The role that the models run as, and its way to their artifacts and images. Endpoints, their configurations and the
# models themselves are mlreg's: one of each a version.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

module "role" {
  source                   = "../../internal/role"
  name                     = "${var.model}-model-${var.environment}"
  description              = "What the endpoints of ${var.model} in ${var.environment} may do"
  service                  = "sagemaker"
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = var.tags

  statements = concat(
    [
      { Sid = "Artifacts", Effect = "Allow", Action = ["s3:GetObject", "s3:GetObjectVersion"], Resource = var.artifact_prefix == "" ? "${var.bucket_arn}/*" : "${var.bucket_arn}/${var.artifact_prefix}/*" },
      { Sid = "FindArtifacts", Effect = "Allow", Action = "s3:ListBucket", Resource = var.bucket_arn },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = "arn:${module.naming.partition}:logs:${module.naming.here}:log-group:/aws/sagemaker/Endpoints/${var.model}-${var.environment}-*"
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
}
