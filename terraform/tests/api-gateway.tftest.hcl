# The API: its routes, who is let in, and that a swap of the stage stays.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model        = "recommendation"
  environment  = "prod"
  function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:recommendation-inference-prod"
  authorizer   = { kind = "none" }
}

run "routes" {
  command = plan

  module {
    source = "../modules/api-gateway"
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_route.this)) == toset(["POST /recommend", "POST /feedback", "GET /health", "GET /metrics"])
    error_message = "the router's four routes"
  }

  assert {
    condition     = aws_apigatewayv2_integration.function.integration_uri == "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${var.function_arn}:$${stageVariables.alias}/invocations"
    error_message = "the stage says which alias serves"
  }

  assert {
    condition     = aws_apigatewayv2_integration.function.payload_format_version == "2.0" && aws_apigatewayv2_integration.function.integration_type == "AWS_PROXY"
    error_message = "the router reads format 2.0"
  }

  assert {
    condition     = aws_apigatewayv2_api.this.name == "recommendation-api-prod" && aws_apigatewayv2_stage.this.name == "$default"
    error_message = "mlreg.yaml expects API and stage by these names"
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.stage_variables == tomap({ alias = "live" })
    error_message = "at rest the stage names live"
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 100 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 200
    error_message = "throttled even where nobody thought of it"
  }

  assert {
    condition     = alltrue([for word in ["body", "query", "header", "authorization", "x-api-key"] : !strcontains(lower(aws_apigatewayv2_stage.this.access_log_settings[0].format), word)])
    error_message = "what callers send doesn't belong in the access log"
  }
}

run "own_deployments" {
  command = plan

  variables {
    auto_deploy = false
  }

  module {
    source = "../modules/api-gateway"
  }

  assert {
    condition     = length(aws_apigatewayv2_deployment.first) == 1 && !aws_apigatewayv2_stage.this.auto_deploy
    error_message = "without auto-deploy a stage needs a first deployment"
  }
}

run "jwt" {
  command = plan

  variables {
    authorizer = { kind = "jwt", issuer = "https://issuer.example.com", audience = ["shop"], scopes = ["recommend"] }
    cors       = { allow_origins = ["https://shop.example.com"] }
  }

  module {
    source = "../modules/api-gateway"
  }

  assert {
    condition = (
      aws_apigatewayv2_route.this["POST /recommend"].authorization_type == "JWT" &&
      aws_apigatewayv2_route.this["POST /feedback"].authorization_type == "JWT" &&
      aws_apigatewayv2_route.this["GET /metrics"].authorization_type == "JWT" &&
      aws_apigatewayv2_route.this["GET /health"].authorization_type == "NONE"
    )
    error_message = "all but /health ask for a token"
  }

  assert {
    condition     = aws_apigatewayv2_api.this.cors_configuration[0].allow_origins == toset(["https://shop.example.com"])
    error_message = "CORS as said"
  }
}

run "authorizer_function" {
  command = plan

  variables {
    authorizer = { kind = "lambda", function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:keys" }
  }

  module {
    source = "../modules/api-gateway"
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.this[0].enable_simple_responses && aws_apigatewayv2_authorizer.this[0].authorizer_payload_format_version == "2.0"
    error_message = "index.authorizer answers simply"
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.this[0].authorizer_result_ttl_in_seconds == 0
    error_message = "a cached answer would outlive the revocation of a key"
  }

  assert {
    condition     = aws_lambda_permission.authorizer[0].principal == "apigateway.amazonaws.com"
    error_message = "the API must be allowed to ask it"
  }
}

run "signed" {
  command = plan

  variables {
    authorizer = { kind = "iam" }
  }

  module {
    source = "../modules/api-gateway"
  }

  assert {
    condition     = aws_apigatewayv2_route.this["POST /recommend"].authorization_type == "AWS_IAM" && length(aws_apigatewayv2_authorizer.this) == 0
    error_message = "IAM needs no authorizer"
  }
}

run "mistakes" {
  command = plan

  variables {
    authorizer     = { kind = "jwt" }
    throttle       = { rate = 0 }
    cors           = { allow_origins = ["*"], credentials = true }
    recommend_path = "/health"
    stage_name     = "prod stage"
  }

  module {
    source = "../modules/api-gateway"
  }

  expect_failures = [var.authorizer, var.throttle, var.cors, var.recommend_path, var.stage_name]
}
