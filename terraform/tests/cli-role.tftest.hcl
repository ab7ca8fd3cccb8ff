# What mlreg may do: enough for a rollout, and no more.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model                = "recommendation"
  environment          = "prod"
  function_name        = "recommendation-inference-prod"
  api_id               = "a1b2c3d4e5"
  table_arn            = "arn:aws:dynamodb:eu-west-1:123456789012:table/mlreg-prod"
  topic_arn            = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  bucket_arn           = "arn:aws:s3:::mlreg-models-prod-123456789012"
  model_role_arn       = "arn:aws:iam::123456789012:role/recommendation-model-prod"
  artifact_prefix      = "recommendation"
  shadow_function_name = "recommendation-shadow-prod"
  state_machine_name   = "mlreg-rollout-prod"
}

run "no_more_than_needed" {
  command = plan

  module {
    source = "../modules/cli-role"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.write.policy).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")] == []
    error_message = "whatever changes something names what it changes"
  }

  assert {
    condition     = [for statement in concat(jsondecode(aws_iam_policy.read.policy).Statement, jsondecode(aws_iam_policy.operator.policy).Statement) : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["ReadMetrics", "ReadUserCounts", "CheckAccount"]
    error_message = "only what has no resources to name is allowed everywhere"
  }

  assert {
    condition = length(setintersection(
      flatten([for statement in concat(jsondecode(aws_iam_policy.read.policy).Statement, jsondecode(aws_iam_policy.write.policy).Statement, jsondecode(aws_iam_policy.operator.policy).Statement) : statement.Action]),
      [
        "*", "lambda:*", "lambda:UpdateFunctionCode", "lambda:CreateAlias", "lambda:DeleteAlias",
        "lambda:AddPermission", "dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:*", "s3:PutObject", "s3:DeleteObject",
        "apigateway:DELETE", "apigateway:PUT", "cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "iam:*", "sagemaker:*",
      ],
    )) == 0
    error_message = "mlreg changes no code, deletes no table, no alias and no artifact, and silences no alarm"
  }

  assert {
    condition = alltrue(flatten([for statement in jsondecode(aws_iam_policy.write.policy).Statement : [
      for resource in flatten([statement.Resource]) : endswith(resource, ":function:recommendation-inference-prod:*")
    ] if contains(flatten([statement.Action]), "lambda:DeleteFunction")]))
    error_message = "mlreg deletes versions of the function, and never the function"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_policy.write.policy).Statement :
      statement.Resource == var.model_role_arn && statement.Condition.StringEquals["iam:PassedToService"] == "sagemaker.amazonaws.com" if contains(flatten([statement.Action]), "iam:PassRole")
    ])
    error_message = "one role, to SageMaker alone"
  }

  assert {
    condition = alltrue(flatten([for statement in jsondecode(aws_iam_policy.write.policy).Statement : [
      for resource in flatten([statement.Resource]) : can(regex(":(model|endpoint-config|endpoint)/recommendation-prod-", resource))
    ] if statement.Sid == "Endpoints"]))
    error_message = "endpoints of this model in this environment, in mlreg's own names"
  }

  assert {
    condition = alltrue([for statement in concat(jsondecode(aws_iam_policy.read.policy).Statement, jsondecode(aws_iam_policy.write.policy).Statement, jsondecode(aws_iam_policy.operator.policy).Statement) :
      jsonencode(statement.Condition) == jsonencode({
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["prod/recommendation", "prod/recommendation/*"] }
        Null                      = { "dynamodb:LeadingKeys" = "false" }
      })
      if length(setintersection(flatten([statement.Action]), ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"])) > 0
    ])
    error_message = "items of this model in this environment, and never all of the table"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.operator.policy).Statement : statement.Resource if statement.Sid == "ReadArtifacts"] == ["arn:aws:s3:::mlreg-models-prod-123456789012/recommendation/*"]
    error_message = "artifacts of this model"
  }

  assert {
    condition     = length([for statement in jsondecode(aws_iam_policy.write.policy).Statement : statement if contains(flatten([statement.Action]), "kms:CreateGrant")]) == 0
    error_message = "no grant without a key of one's own"
  }

  assert {
    condition     = max(length(aws_iam_policy.read.policy), length(aws_iam_policy.write.policy), length(aws_iam_policy.operator.policy)) < 6144
    error_message = "IAM takes 6144 characters"
  }

  assert {
    condition     = length(aws_iam_role.cli) == 0
    error_message = "no role where nobody is trusted"
  }
}

run "enough_for_a_rollout" {
  command = plan

  module {
    source = "../modules/cli-role"
  }

  assert {
    condition = length(setsubtract(
      [
        "lambda:GetFunctionConfiguration", "lambda:GetAlias", "lambda:ListAliases", "lambda:ListVersionsByFunction", "apigateway:GET",
        "sagemaker:DescribeModel", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeEndpoint", "cloudwatch:GetMetricData",
        "dynamodb:GetItem", "dynamodb:Query", "dynamodb:DescribeTable", "logs:FilterLogEvents",
        "logs:StartQuery", "logs:GetQueryResults", "logs:StopQuery",
      ],
      flatten([for statement in jsondecode(aws_iam_policy.read.policy).Statement : statement.Action]),
    )) == 0
    error_message = "reading"
  }

  assert {
    condition = length(setsubtract(
      [
        "lambda:UpdateFunctionConfiguration", "lambda:PublishVersion", "lambda:DeleteFunction", "lambda:UpdateAlias", "lambda:InvokeFunction", "apigateway:PATCH",
        "apigateway:POST", "sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint", "sagemaker:AddTags",
        "sagemaker:InvokeEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel", "iam:PassRole",
        "dynamodb:PutItem", "sns:Publish",
      ],
      flatten([for statement in jsondecode(aws_iam_policy.write.policy).Statement : statement.Action]),
    )) == 0
    error_message = "rolling out"
  }

  assert {
    condition     = toset(keys(output.policy_arns)) == toset(["read", "write", "operator"]) && toset(keys(output.controller_policy_arns)) == toset(["read", "write"])
    error_message = "the controller does not do what people do"
  }
}

run "keys_of_ones_own" {
  command = plan

  variables {
    kms_key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/k"]
  }

  module {
    source = "../modules/cli-role"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_policy.write.policy).Statement : [statement.Resource, statement.Condition] if contains(flatten([statement.Action]), "kms:CreateGrant")]) == jsonencode([[
      var.kms_key_arns,
      {
        Bool         = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = { "kms:ViaService" = ["lambda.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com"] }
      },
    ]])
    error_message = "Lambda makes grants when a version is published, and nobody else may ask for one"
  }

  assert {
    condition     = max(length(aws_iam_policy.read.policy), length(aws_iam_policy.write.policy), length(aws_iam_policy.operator.policy)) < 6144
    error_message = "IAM takes 6144 characters"
  }
}

run "webhook" {
  command = plan

  variables {
    webhook_parameter_name = "/mlreg/prod/slack-webhook"
    event_bus_name         = "default"
  }

  module {
    source = "../modules/cli-role"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.write.policy).Statement : statement.Resource if statement.Sid == "Webhook"] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/mlreg/prod/slack-webhook"]
    error_message = "one parameter, and no other"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.write.policy).Statement : statement.Resource if statement.Sid == "TellBus"] == ["arn:aws:events:eu-west-1:123456789012:event-bus/default"]
    error_message = "one bus, and no other"
  }
}

run "people" {
  command = plan

  variables {
    trusted_principal_arns = ["arn:aws:iam::123456789012:role/ml-engineers"]
  }

  module {
    source = "../modules/cli-role"
  }

  assert {
    condition     = jsondecode(aws_iam_role.cli[0].assume_role_policy).Statement[0].Principal.AWS == ["arn:aws:iam::123456789012:role/ml-engineers"] && length(aws_iam_role_policy_attachment.cli) == 3
    error_message = "those named, with all policies"
  }
}

run "mistakes" {
  command = plan

  variables {
    trusted_principal_arns = ["*"]
    model_role_arn         = "arn:aws:iam::123456789012:role/*"
    webhook_parameter_name = "/mlreg/*"
    artifact_prefix        = "*"
  }

  module {
    source = "../modules/cli-role"
  }

  expect_failures = [var.trusted_principal_arns, var.model_role_arn, var.webhook_parameter_name, var.artifact_prefix]
}
