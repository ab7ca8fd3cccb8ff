# The environments, whole: they fit together, and say to mlreg.yaml what it expects.
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
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:a-function", version = "1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-role", id = "a-role" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/a-policy" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/a-table" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::a-bucket", id = "a-bucket" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a/log" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:mlreg-rollout-prod" }
  }
  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:an-alarm" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { id = "a1b2c3d4e5", execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5" }
  }
  mock_resource "aws_apigatewayv2_stage" {
    defaults = { invoke_url = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/a-rule" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod" }
  }
}

variables {
  controller_package_file = "./fixtures/function.zip"
  router_package_file     = "./fixtures/function.zip"
  ecr_repository_arns     = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]
  alert_emails            = ["ml@example.com"]
  github                  = { repository = "acme/models", repository_ids = { owner = 1, repository = 2 } }
  pipeline = {
    training   = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1" }
    evaluation = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1" }
  }
}

run "dev" {
  command = plan

  module {
    source = "../environments/dev"
  }

  assert {
    condition = output.mlreg == {
      model           = "recommendation"
      environment     = "dev"
      region          = "eu-west-1"
      account         = "123456789012"
      function        = "recommendation-inference-dev"
      alias           = "live"
      green           = "green"
      shadow_function = "recommendation-shadow-dev"
      api_id          = "a1b2c3d4e5"
      api_name        = "recommendation-api-dev"
      stage           = "$default"
      recommend_path  = "/recommend"
      table           = "mlreg-dev"
      topic           = "mlreg-alerts-dev"
      model_role      = "arn:aws:iam::123456789012:role/a-role"
      controller      = "mlreg-rollout-dev"
    }
    error_message = "the names that mlreg.yaml has by default"
  }
}

run "staging" {
  command = plan

  module {
    source = "../environments/staging"
  }

  assert {
    condition = output.mlreg == {
      model           = "recommendation"
      environment     = "staging"
      region          = "eu-west-1"
      account         = "123456789012"
      function        = "recommendation-inference-staging"
      alias           = "live"
      green           = "green"
      shadow_function = "recommendation-shadow-staging"
      api_id          = "a1b2c3d4e5"
      api_name        = "recommendation-api-staging"
      stage           = "$default"
      recommend_path  = "/recommend"
      table           = "mlreg-staging"
      topic           = "mlreg-alerts-staging"
      model_role      = "arn:aws:iam::123456789012:role/a-role"
      controller      = "mlreg-rollout-staging"
    }
    error_message = "the names that mlreg.yaml has by default"
  }
}

run "prod" {
  command = plan

  module {
    source = "../environments/prod"
  }

  assert {
    condition = output.mlreg == {
      model           = "recommendation"
      environment     = "prod"
      region          = "eu-west-1"
      account         = "123456789012"
      function        = "recommendation-inference-prod"
      alias           = "live"
      green           = "green"
      shadow_function = "recommendation-shadow-prod"
      api_id          = "a1b2c3d4e5"
      api_name        = "recommendation-api-prod"
      stage           = "$default"
      recommend_path  = "/recommend"
      table           = "mlreg-prod"
      topic           = "mlreg-alerts-prod"
      model_role      = "arn:aws:iam::123456789012:role/a-role"
      controller      = "mlreg-rollout-prod"
    }
    error_message = "the names that mlreg.yaml has by default"
  }
}

run "protected" {
  command = plan

  module {
    source = "../environments/prod"
  }

  assert {
    condition     = var.authorizer.kind == "iam"
    error_message = "production isn't open to everybody unless somebody says so"
  }
}

run "without_the_optional_parts" {
  command = plan

  variables {
    controller_package_file = null
    github                  = null
    pipeline                = null
  }

  module {
    source = "../environments/dev"
  }

  assert {
    condition     = output.mlreg.controller == null && output.github_role_arn == null && output.pipeline_arn == null
    error_message = "what isn't there is said to be absent"
  }
}

run "all_that_can_be_asked_for" {
  command = plan

  variables {
    model                     = "Fraud-Check"
    environment               = "qa"
    kms_key_arn               = "arn:aws:kms:eu-west-1:123456789012:key/k"
    vpc                       = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    xray                      = true
    metric_resolution_seconds = 1
    webhook_parameter_name    = "/mlreg/qa/slack"
    trusted_principal_arns    = ["arn:aws:iam::123456789012:role/ml-engineers"]
    api = {
      recommend_path = "/score"
      auto_deploy    = false
      cors_origins   = ["https://shop.example.com"]
      authorizer     = { kind = "lambda", function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:keys" }
    }
  }

  module {
    source = "../modules/stack"
  }

  assert {
    condition     = output.mlreg.function == "Fraud-Check-inference-qa" && output.mlreg.recommend_path == "/score"
    error_message = "names follow the model's"
  }
}

run "as_little_as_possible" {
  command = plan

  variables {
    model                   = "fraud"
    environment             = "qa"
    shadow                  = null
    controller_package_file = null
    github                  = null
    pipeline                = null
    ecr_repository_arns     = []
  }

  module {
    source = "../modules/stack"
  }

  assert {
    condition     = output.mlreg.shadow_function == null && output.mlreg.controller == null && output.cli_role_arn == null
    error_message = "what isn't there is said to be absent"
  }
}
