# The function: what mlreg moves stays where it is, and the API may reach every alias.
# An account that isn't there. What AWS would answer stands in while planning, so that nothing is left unknown.
mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-inference-prod", version = "1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-role", id = "a-role" }
  }
}

variables {
  model             = "recommendation"
  environment       = "prod"
  package_file      = "./fixtures/function.zip"
  api_execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5"
}

run "names_and_reach" {
  command = plan

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = aws_lambda_function.this.function_name == "recommendation-inference-prod"
    error_message = "mlreg.yaml expects the function by this name"
  }

  assert {
    condition     = toset(keys(aws_lambda_alias.this)) == toset(["live", "green"])
    error_message = "canary moves live, blue-green needs green beside it"
  }

  assert {
    condition     = alltrue([for name, permission in aws_lambda_permission.api : permission.qualifier == name && permission.principal == "apigateway.amazonaws.com"])
    error_message = "each permission is the alias's own: one of the function doesn't count for its aliases"
  }

  assert {
    condition     = toset(keys(aws_lambda_permission.api)) == toset(keys(aws_lambda_alias.this))
    error_message = "an alias without a permission answers 500 for everybody right at the swap"
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.api : startswith(permission.source_arn, var.api_execution_arn)])
    error_message = "no other API may invoke the function"
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ MLREG_MODEL = "recommendation", MLREG_ENVIRONMENT = "prod", MLREG_METRIC_RESOLUTION = "60" })
    error_message = "the router reads these, and an empty MLREG_API_KEYS_SHA256 would shut it"
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "nodejs22.x" && aws_lambda_function.this.publish
    error_message = "nodejs20.x is refused, and aliases need a published version"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/recommendation-inference-prod" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "without a group of its own Lambda would make one that is kept for ever"
  }
}

run "least_privilege" {
  command = plan

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource == ["arn:aws:sagemaker:eu-west-1:123456789012:endpoint/recommendation-prod-*"]
    error_message = "the endpoints of this model in this environment, whatever their version, and no others"
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : !contains(flatten([statement.Resource]), "*") && !contains(flatten([statement.Action]), "*")])
    error_message = "no wildcard where a pattern will do"
  }
}

run "capital_letters" {
  command = plan

  variables {
    model = "Recommendation"
  }

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition     = contains(jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource, "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/recommendation-prod-*")
    error_message = "SageMaker's ARNs are in small letters"
  }
}

run "options" {
  command = plan

  variables {
    vpc                  = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    xray                 = true
    reserved_concurrency = 7
    log_retention_days   = 365
    kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/k"
    shadow_function_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-shadow-prod"
    api_keys_sha256      = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
  }

  module {
    source = "../modules/lambda-inference"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"]),
      aws_lambda_function.this.tracing_config[0].mode == "Active",
      aws_lambda_function.this.reserved_concurrent_executions == 7,
      aws_lambda_function.this.kms_key_arn == var.kms_key_arn,
      aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn,
      aws_cloudwatch_log_group.this.retention_in_days == 365,
      length(aws_iam_role_policy_attachment.vpc) == 1,
      aws_lambda_function.this.environment[0].variables["MLREG_API_KEYS_SHA256"] == join(",", var.api_keys_sha256),
    ])
    error_message = "each variable reaches its resource"
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid]) == toset(["AskModels", "Logs", "ShadowCopies", "Key", "Traces"])
    error_message = "each option brings its permission"
  }
}

run "mistakes" {
  command = plan

  variables {
    environment_variables = { MLREG_ROUTE = "{}" }
    runtime               = "nodejs20.x"
    aliases               = ["live"]
    reserved_concurrency  = 0
    timeout_seconds       = 60
    api_keys_sha256       = ["secret"]
  }

  module {
    source = "../modules/lambda-inference"
  }

  expect_failures = [
    var.environment_variables, var.runtime, var.aliases, var.reserved_concurrency, var.timeout_seconds, var.api_keys_sha256,
  ]
}
