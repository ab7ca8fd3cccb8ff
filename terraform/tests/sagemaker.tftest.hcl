# The models' role: their own artifacts, images and logs.
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
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-role", id = "a-role" }
  }
}

variables {
  model               = "recommendation"
  environment         = "prod"
  bucket_arn          = "arn:aws:s3:::mlreg-models-prod-123456789012"
  artifact_prefix     = "recommendation"
  ecr_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]
}

run "least_privilege" {
  command = plan

  module {
    source = "../modules/sagemaker"
  }

  assert {
    condition     = aws_iam_role.model.name == "recommendation-model-prod"
    error_message = "the role by its name"
  }

  assert {
    condition     = jsondecode(aws_iam_role.model.assume_role_policy).Statement[0].Principal.Service == "sagemaker.amazonaws.com" && jsondecode(aws_iam_role.model.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "SageMaker takes it on, for this account alone"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.model.policy).Statement[0].Resource == "arn:aws:s3:::mlreg-models-prod-123456789012/recommendation/*"
    error_message = "artifacts of this model"
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.model.policy).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")]) == toset(["Metrics", "RegistryToken"])
    error_message = "only what has no resources to name is allowed everywhere"
  }
}

run "mistakes" {
  command = plan

  variables {
    bucket_arn          = "mlreg-models"
    artifact_prefix     = "/recommendation"
    ecr_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/*"]
  }

  module {
    source = "../modules/sagemaker"
  }

  expect_failures = [var.bucket_arn, var.artifact_prefix, var.ecr_repository_arns]
}
