# A rollout has swapped the stage, or moved an alias; Terraform wants something else by now, and lets it be.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { id = "a1b2c3d4e5", execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a/log" }
  }
}

variables {
  model        = "recommendation"
  environment  = "prod"
  function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-inference-prod"
}

run "made" {
  module {
    source = "../modules/api-gateway"
  }
}

run "swapped" {
  variables {
    alias = "green"
  }

  module {
    source = "../modules/api-gateway"
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.stage_variables["alias"] == "live"
    error_message = "stage variables are mlreg's once the stage is there"
  }
}
