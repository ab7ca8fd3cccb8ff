# A rollout has swapped the stage, or moved an alias; Terraform wants something else by now, and lets it be.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  model        = "recommendation"
  environment  = "prod"
  function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-inference-prod"
  authorizer   = { kind = "none" }
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
