# The models' role: their own artifacts, images and logs.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
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
    condition     = module.role.name == "recommendation-model-prod"
    error_message = "the role by its name"
  }

  assert {
    condition     = module.role.trust[0].Principal.Service == "sagemaker.amazonaws.com" && module.role.trust[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "SageMaker takes it on, for this account alone"
  }

  assert {
    condition     = module.role.statements[0].Resource == "arn:aws:s3:::mlreg-models-prod-123456789012/recommendation/*"
    error_message = "artifacts of this model"
  }

  assert {
    condition     = toset([for statement in module.role.statements : statement.Sid if contains(flatten([statement.Resource]), "*")]) == toset(["Metrics", "RegistryToken"])
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
