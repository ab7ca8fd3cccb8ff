# A Step Functions state machine that trains a version, evaluates it and has it registered.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  here      = "${local.region}:${local.account}"
  name      = "${var.model}-pipeline-${var.environment}"
  bucket    = "arn:${local.partition}:s3:::${var.bucket_name}"
  # A job's name has 63 characters; the last nine are a hyphen and eight of chance.
  job_prefix = trimsuffix(substr("${var.model}-${var.environment}", 0, 54), "-")
  jobs       = [for kind in ["training-job", "processing-job"] : "arn:${local.partition}:sagemaker:${local.here}:${kind}/${lower(local.job_prefix)}-*"]

  definition = templatefile("${path.module}/state-machine.asl.json.tftpl", {
    partition             = local.partition
    environment           = var.environment
    model                 = var.model
    bucket                = var.bucket_name
    data_prefix           = var.data_prefix
    job_prefix            = local.job_prefix
    job_role_arn          = aws_iam_role.job.arn
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
resource "aws_iam_role" "job" {
  name        = "${var.model}-jobs-${var.environment}"
  description = "Training and evaluation of ${var.model} in ${var.environment}"
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

resource "aws_iam_role_policy" "job" {
  name = "job"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Sid = "ReadData", Effect = "Allow", Action = "s3:GetObject", Resource = ["${local.bucket}/${var.data_prefix}/*", "${local.bucket}/${var.model}/*"] },
        { Sid = "WriteModels", Effect = "Allow", Action = ["s3:PutObject", "s3:AbortMultipartUpload"], Resource = "${local.bucket}/${var.model}/*" },
        { Sid = "FindData", Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketLocation"], Resource = local.bucket },
        { Sid = "Images", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = var.ecr_repository_arns },
        # A token of the whole registry: ECR knows no narrower one.
        { Sid = "RegistryToken", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
          Resource = [for group in ["TrainingJobs", "ProcessingJobs"] : "arn:${local.partition}:logs:${local.here}:log-group:/aws/sagemaker/${group}:*"]
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
      var.kms_key_arn == null ? [] : [
        { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn },
      ],
    )
  })
}

resource "aws_iam_role" "pipeline" {
  name        = local.name
  description = "What the pipeline of ${var.model} in ${var.environment} may start"
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

resource "aws_iam_role_policy" "pipeline" {
  name = "pipeline"
  role = aws_iam_role.pipeline.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
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
          Resource  = aws_iam_role.job.arn
          Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
        },
        {
          # How Step Functions hears that a job has ended.
          Sid      = "HearOfJobs"
          Effect   = "Allow"
          Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
          Resource = [for kind in ["Training", "Processing"] : "arn:${local.partition}:events:${local.here}:rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule"]
        },
        { Sid = "Tell", Effect = "Allow", Action = "sns:Publish", Resource = var.topic_arn },
        { Sid = "ReadMetrics", Effect = "Allow", Action = "s3:GetObject", Resource = "${local.bucket}/${var.model}/*" },
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
      ],
      var.register_function_arn != null ? [] : [
        { Sid = "Announce", Effect = "Allow", Action = "events:PutEvents", Resource = "arn:${local.partition}:events:${local.here}:event-bus/default" },
      ],
      var.register_function_arn == null ? [] : [
        { Sid = "Register", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = [var.register_function_arn, "${var.register_function_arn}:*"] },
      ],
      var.kms_key_arn == null ? [] : [
        { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn },
      ],
    )
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sfn_state_machine" "this" {
  depends_on = [aws_iam_role_policy.pipeline]
  name       = local.name
  type       = "STANDARD"
  role_arn   = aws_iam_role.pipeline.arn
  definition = local.definition
  tags       = var.tags

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
    include_execution_data = false
    level                  = "ERROR"
  }
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name = "mlreg-${var.environment}-${var.model}-pipeline-failed"
  # A failed run tells the topic by itself; one that was stopped, or timed out, can't.
  alarm_description   = "A run of the training pipeline failed"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this.arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  tags                = var.tags
}
