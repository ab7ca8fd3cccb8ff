# A Step Functions state machine that trains a version, evaluates it and has it registered.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

locals {
  name   = "${var.model}-pipeline-${var.environment}"
  bucket = "arn:${module.naming.partition}:s3:::${var.bucket_name}"
  # A job's name has 63 characters; the last nine are a hyphen and eight of chance.
  job_prefix = trimsuffix(substr("${var.model}-${var.environment}", 0, 54), "-")
  jobs       = [for kind in ["training-job", "processing-job"] : "arn:${module.naming.partition}:sagemaker:${module.naming.here}:${kind}/${lower(local.job_prefix)}-*"]

  definition = templatefile("${path.module}/state-machine.asl.json.tftpl", {
    partition             = module.naming.partition
    environment           = var.environment
    model                 = var.model
    bucket                = var.bucket_name
    data_prefix           = var.data_prefix
    job_prefix            = local.job_prefix
    job_role_arn          = module.job_role.arn
    training              = var.training
    evaluation            = var.evaluation
    register_function_arn = var.register_function_arn
    topic_arn             = var.topic_arn
    output_config = merge(
      { "S3OutputPath.$" = "$.folder" },
      var.kms_key_arn == null ? {} : { KmsKeyId = var.kms_key_arn },
    )
  })
}

# What training and evaluation may do, and that is less than what a served model may not: they write artifacts.
module "job_role" {
  source                   = "../../internal/role"
  name                     = "${var.model}-jobs-${var.environment}"
  description              = "Training and evaluation of ${var.model} in ${var.environment}"
  service                  = "sagemaker"
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = var.tags

  statements = concat(
    [
      { Sid = "ReadData", Effect = "Allow", Action = "s3:GetObject", Resource = ["${local.bucket}/${var.data_prefix}/*", "${local.bucket}/${var.model}/*"] },
      { Sid = "WriteModels", Effect = "Allow", Action = ["s3:PutObject", "s3:AbortMultipartUpload"], Resource = "${local.bucket}/${var.model}/*" },
      { Sid = "FindData", Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketLocation"], Resource = local.bucket },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = [for group in ["TrainingJobs", "ProcessingJobs"] : "arn:${module.naming.partition}:logs:${module.naming.here}:log-group:/aws/sagemaker/${group}:*"]
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
    # IAM refuses a statement that names no resource.
    length(var.ecr_repository_arns) == 0 ? [] : [
      { Sid = "Images", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = var.ecr_repository_arns },
    ],
    length(var.ecr_repository_arns) == 0 ? [] : [
      # A token of the whole registry: ECR knows no narrower one.
      { Sid = "RegistryToken", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
    ],
    var.kms_key_arn == null ? [] : [
      { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn },
    ],
  )
}

module "pipeline" {
  source                   = "../../internal/state-machine"
  name                     = local.name
  description              = "What the pipeline of ${var.model} in ${var.environment} may start"
  definition               = local.definition
  permissions_boundary_arn = var.permissions_boundary_arn
  log_retention_days       = var.log_retention_days
  kms_key_arn              = var.kms_key_arn
  tags                     = var.tags

  statements = concat(
    [
      {
        Sid    = "Jobs"
        Effect = "Allow"
        Action = [
          "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob",
          "sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob",
          "sagemaker:AddTags",
        ]
        Resource = local.jobs
      },
      {
        Sid       = "PassJobRole"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = module.job_role.arn
        Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
      },
      {
        # How Step Functions hears that a job has ended.
        Sid      = "HearOfJobs"
        Effect   = "Allow"
        Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
        Resource = [for kind in ["Training", "Processing"] : "arn:${module.naming.partition}:events:${module.naming.here}:rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule"]
      },
      { Sid = "Tell", Effect = "Allow", Action = "sns:Publish", Resource = var.topic_arn },
      { Sid = "ReadMetrics", Effect = "Allow", Action = "s3:GetObject", Resource = "${local.bucket}/${var.model}/*" },
    ],
    var.register_function_arn != null ? [] : [
      { Sid = "Announce", Effect = "Allow", Action = "events:PutEvents", Resource = "arn:${module.naming.partition}:events:${module.naming.here}:event-bus/default" },
    ],
    var.register_function_arn == null ? [] : [
      { Sid = "Register", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = [var.register_function_arn, "${var.register_function_arn}:*"] },
    ],
    var.kms_key_arn == null ? [] : [
      { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn },
    ],
  )
}

# A failed run tells the topic by itself; one that was stopped, or that timed out, can't.
resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "mlreg-${var.environment}-${var.model}-pipeline-failed"
  alarm_description   = "A run of the training pipeline failed, timed out or was stopped"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  tags                = var.tags

  metric_query {
    id          = "unfinished"
    label       = "Runs without a version"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = "ExecutionsFailed", late = "ExecutionsTimedOut", stopped = "ExecutionsAborted" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        dimensions  = { StateMachineArn = module.pipeline.state_machine.arn }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}
