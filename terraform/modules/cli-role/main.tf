# What mlreg may do in AWS, and no more: one policy to look, one to roll out, one for people and CI jobs alone, and a role
# for people. test/terraform/boundaries.ts holds them against what mlreg does.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

locals {
  account   = module.naming.account
  partition = module.naming.partition
  region    = module.naming.region
  here      = module.naming.here
  function  = "arn:${local.partition}:lambda:${local.here}:function:${var.function_name}"
  api       = "arn:${local.partition}:apigateway:${local.region}::/apis/${var.api_id}"
  stage     = "${local.api}/stages/${var.stage_name}"
  # SageMaker's ARNs are in small letters.
  endpoint_names = distinct(["${var.model}-${var.environment}", lower("${var.model}-${var.environment}")])
  sagemaker = flatten([for kind in ["model", "endpoint-config", "endpoint"] : [
    for name in local.endpoint_names : "arn:${local.partition}:sagemaker:${local.here}:${kind}/${name}-*"
  ]])
  server_logs = [
    for name in local.endpoint_names : "arn:${local.partition}:logs:${local.here}:log-group:/aws/sagemaker/Endpoints/${name}-*"
  ]
  router_log = [
    "arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${var.function_name}",
    "arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${var.function_name}:*",
  ]
  shadow_log = var.shadow_function_name == null ? [] : [
    "arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${var.shadow_function_name}",
    "arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${var.shadow_function_name}:*",
  ]

  # Partition keys of this model in this environment. ForAllValues alone also holds where a call names no key.
  own_items = {
    "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["${var.environment}/${var.model}", "${var.environment}/${var.model}/*"] }
    Null                      = { "dynamodb:LeadingKeys" = "false" }
  }

  # What every rollout looks at, whoever drives it.
  read = concat(
    [
      {
        Sid      = "LookAtFunction"
        Effect   = "Allow"
        Action   = ["lambda:GetFunctionConfiguration", "lambda:GetAlias", "lambda:ListAliases", "lambda:ListVersionsByFunction"]
        Resource = [local.function, "${local.function}:*"]
      },
      { Sid = "FindApi", Effect = "Allow", Action = "apigateway:GET", Resource = ["arn:${local.partition}:apigateway:${local.region}::/apis", local.stage, "${local.api}/deployments"] },
      { Sid = "LookAtEndpoints", Effect = "Allow", Action = ["sagemaker:DescribeModel", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeEndpoint"], Resource = local.sagemaker },
      # Has no resources to name.
      { Sid = "ReadMetrics", Effect = "Allow", Action = "cloudwatch:GetMetricData", Resource = "*" },
      # Other models' items lie in the same table.
      { Sid = "ReadRegistry", Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = var.table_arn, Condition = local.own_items },
      # Has no items to name: it tells a table from one that AWS restored.
      { Sid = "IdentifyTable", Effect = "Allow", Action = "dynamodb:DescribeTable", Resource = var.table_arn },
    ],
    [
      # Sticky rollouts count requests by user bucket out of the router's log. Only the query's start has a resource to name.
      { Sid = "CountUsers", Effect = "Allow", Action = "logs:StartQuery", Resource = local.router_log },
      { Sid = "ReadUserCounts", Effect = "Allow", Action = ["logs:GetQueryResults", "logs:StopQuery"], Resource = "*" },
    ],
    length(local.shadow_log) == 0 ? [] : [
      { Sid = "ReadComparisons", Effect = "Allow", Action = "logs:FilterLogEvents", Resource = local.shadow_log },
    ],
    length(var.kms_key_arns) == 0 ? [] : [
      { Sid = "ReadKeys", Effect = "Allow", Action = "kms:Decrypt", Resource = var.kms_key_arns },
    ],
  )

  # What a rollout and gc do. No code, no role, no alias and no table is made or deleted by it.
  write = concat(
    [
      { Sid = "Publish", Effect = "Allow", Action = ["lambda:UpdateFunctionConfiguration", "lambda:PublishVersion"], Resource = local.function },
      # Of versions alone: the resource without a qualifier is the function with all that it has.
      { Sid = "DeleteVersions", Effect = "Allow", Action = "lambda:DeleteFunction", Resource = "${local.function}:*" },
      { Sid = "MoveTraffic", Effect = "Allow", Action = "lambda:UpdateAlias", Resource = [local.function, "${local.function}:*"] },
      { Sid = "WarmUp", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "${local.function}:*" },
      { Sid = "SwapStage", Effect = "Allow", Action = "apigateway:PATCH", Resource = local.stage },
      { Sid = "Deployments", Effect = "Allow", Action = "apigateway:POST", Resource = "${local.api}/deployments" },
      {
        Sid    = "Endpoints"
        Effect = "Allow"
        Action = [
          "sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint", "sagemaker:AddTags",
          "sagemaker:InvokeEndpoint",
          "sagemaker:DeleteEndpoint", "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel",
        ]
        Resource = local.sagemaker
      },
      {
        Sid       = "PassModelRole"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = var.model_role_arn
        Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
      },
      # Nothing is ever deleted there.
      { Sid = "WriteRegistry", Effect = "Allow", Action = "dynamodb:PutItem", Resource = var.table_arn, Condition = local.own_items },
    ],
    var.topic_arn == null ? [] : [
      { Sid = "Tell", Effect = "Allow", Action = "sns:Publish", Resource = var.topic_arn },
    ],
    var.event_bus_name == null ? [] : [
      { Sid = "TellBus", Effect = "Allow", Action = "events:PutEvents", Resource = "arn:${local.partition}:events:${local.here}:event-bus/${var.event_bus_name}" },
    ],
    var.webhook_parameter_name == null ? [] : [
      { Sid = "Webhook", Effect = "Allow", Action = "ssm:GetParameter", Resource = "arn:${local.partition}:ssm:${local.here}:parameter/${trimprefix(var.webhook_parameter_name, "/")}" },
    ],
    length(var.kms_key_arns) == 0 ? [] : [
      { Sid = "WriteKeys", Effect = "Allow", Action = ["kms:Encrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arns },
    ],
    length(var.kms_key_arns) == 0 ? [] : [
      {
        # Lambda asks for grants in the caller's name where such a key encrypts a function's variables, DynamoDB where one encrypts the table.
        Sid      = "GrantKeysToServices"
        Effect   = "Allow"
        Action   = "kms:CreateGrant"
        Resource = var.kms_key_arns
        Condition = {
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
          StringEquals = { "kms:ViaService" = ["lambda.${local.region}.amazonaws.com", "dynamodb.${local.region}.amazonaws.com"] }
        }
      },
    ],
  )

  # What doctor, the checks before a rollout and `logs` look at, and handing a rollout over. The controller does none of it.
  operator = concat(
    [
      { Sid = "CheckFunction", Effect = "Allow", Action = ["lambda:GetPolicy", "lambda:GetProvisionedConcurrencyConfig"], Resource = "${local.function}:*" },
      { Sid = "CheckConcurrency", Effect = "Allow", Action = "lambda:GetFunctionConcurrency", Resource = local.function },
      { Sid = "CheckApi", Effect = "Allow", Action = "apigateway:GET", Resource = ["${local.api}/integrations", "${local.api}/deployments/*"] },
      # None has resources to name.
      { Sid = "CheckAccount", Effect = "Allow", Action = ["lambda:GetAccountSettings", "sagemaker:ListEndpoints", "cloudwatch:ListMetrics", "cloudwatch:DescribeAlarms"], Resource = "*" },
      { Sid = "ReadArtifacts", Effect = "Allow", Action = "s3:GetObject", Resource = var.artifact_prefix == "" ? "${var.bucket_arn}/*" : "${var.bucket_arn}/${var.artifact_prefix}/*" },
      # Without it a missing artifact would look like a forbidden one.
      { Sid = "FindArtifacts", Effect = "Allow", Action = "s3:ListBucket", Resource = var.bucket_arn },
      # doctor asks whether the router's role may reach a new endpoint, by asking IAM instead of users.
      { Sid = "AskAboutRouter", Effect = "Allow", Action = "iam:SimulatePrincipalPolicy", Resource = "arn:${local.partition}:iam::${local.account}:role/${var.function_name}" },
      # `mlreg logs`: what model servers print. SageMaker makes a group for each endpoint.
      { Sid = "ReadServerLogs", Effect = "Allow", Action = "logs:FilterLogEvents", Resource = local.server_logs },
    ],
    var.state_machine_name == null ? [] : [
      { Sid = "HandOver", Effect = "Allow", Action = "states:StartExecution", Resource = "arn:${local.partition}:states:${local.here}:stateMachine:${var.state_machine_name}" },
    ],
  )
}

resource "aws_iam_policy" "read" {
  name        = "mlreg-${var.environment}-${var.model}-read"
  description = "mlreg status, history, plan and doctor for ${var.model} in ${var.environment}"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.read })
  tags        = var.tags
}

resource "aws_iam_policy" "write" {
  name        = "mlreg-${var.environment}-${var.model}-write"
  description = "Beside reading: rollouts of ${var.model} in ${var.environment}"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.write })
  tags        = var.tags
}

resource "aws_iam_policy" "operator" {
  name        = "mlreg-${var.environment}-${var.model}-operator"
  description = "Beside reading and writing: what people and CI jobs do with ${var.model} in ${var.environment}, and the controller does not"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.operator })
  tags        = var.tags
}

resource "aws_iam_role" "cli" {
  count                = length(var.trusted_principal_arns) == 0 ? 0 : 1
  name                 = "mlreg-cli-${var.environment}-${var.model}"
  description          = "People who roll out ${var.model} in ${var.environment}"
  max_session_duration = 21600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.trusted_principal_arns }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "cli" {
  for_each   = length(var.trusted_principal_arns) == 0 ? {} : { read = aws_iam_policy.read.arn, write = aws_iam_policy.write.arn, operator = aws_iam_policy.operator.arn }
  role       = aws_iam_role.cli[0].name
  policy_arn = each.value
}
