# The HTTP API before the function: routes, stage, throttling, CORS, access log, authorizer. A stage variable says
# which alias serves.

module "naming" {
  source      = "../../internal/naming"
  model       = var.model
  environment = var.environment
}

locals {
  name       = "${var.model}-api-${var.environment}"
  routes     = toset(["POST ${var.recommend_path}", "POST /feedback", "GET /health", "GET /metrics"])
  authorizer = { none = "NONE", iam = "AWS_IAM", jwt = "JWT", lambda = "CUSTOM" }[var.authorizer.kind]
}

resource "aws_apigatewayv2_api" "this" {
  name          = local.name
  description   = "Serves ${var.model} in ${var.environment}"
  protocol_type = "HTTP"
  tags          = var.tags

  dynamic "cors_configuration" {
    for_each = var.cors[*]

    content {
      allow_origins     = cors_configuration.value.allow_origins
      allow_methods     = cors_configuration.value.allow_methods
      allow_headers     = cors_configuration.value.allow_headers
      expose_headers    = cors_configuration.value.expose_headers
      max_age           = cors_configuration.value.max_age
      allow_credentials = cors_configuration.value.credentials
    }
  }
}

resource "aws_apigatewayv2_integration" "function" {
  api_id             = aws_apigatewayv2_api.this.id
  integration_type   = "AWS_PROXY"
  integration_method = "POST"
  # Which alias serves is the stage's to say, so that a blue-green rollout can swap it.
  # With a stage variable AWS documents this form alone.
  integration_uri = join("", [
    "arn:${module.naming.partition}:apigateway:${module.naming.region}:lambda:path",
    "/2015-03-31/functions/${var.function_arn}:$${stageVariables.alias}/invocations",
  ])
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000
}

resource "aws_apigatewayv2_authorizer" "this" {
  count           = contains(["jwt", "lambda"], var.authorizer.kind) ? 1 : 0
  api_id          = aws_apigatewayv2_api.this.id
  name            = "${local.name}-${var.authorizer.kind}"
  authorizer_type = var.authorizer.kind == "jwt" ? "JWT" : "REQUEST"
  identity_sources = [
    var.authorizer.kind == "jwt" ? "$request.header.Authorization" : "$request.header.${var.authorizer.header}"
  ]

  authorizer_uri = var.authorizer.kind != "lambda" ? null : join("", [
    "arn:${module.naming.partition}:apigateway:${module.naming.region}:lambda:path",
    "/2015-03-31/functions/${var.authorizer.function_arn}/invocations",
  ])
  authorizer_payload_format_version = var.authorizer.kind == "lambda" ? "2.0" : null
  enable_simple_responses           = var.authorizer.kind == "lambda" ? true : null
  authorizer_result_ttl_in_seconds  = var.authorizer.kind == "lambda" ? var.authorizer.cache_seconds : null

  dynamic "jwt_configuration" {
    for_each = var.authorizer.kind == "jwt" ? [var.authorizer] : []

    content {
      issuer   = jwt_configuration.value.issuer
      audience = jwt_configuration.value.audience
    }
  }
}

resource "aws_lambda_permission" "authorizer" {
  count         = var.authorizer.kind == "lambda" ? 1 : 0
  statement_id  = "${local.name}-authorizer"
  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.function_arn
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.this[0].id}"
}

resource "aws_apigatewayv2_route" "this" {
  for_each             = local.routes
  api_id               = aws_apigatewayv2_api.this.id
  route_key            = each.key
  target               = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type   = contains(var.public_routes, each.key) ? "NONE" : local.authorizer
  authorizer_id        = contains(var.public_routes, each.key) ? null : one(aws_apigatewayv2_authorizer.this[*].id)
  authorization_scopes = contains(var.public_routes, each.key) || var.authorizer.kind != "jwt" ? null : var.authorizer.scopes
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

# The first deployment, and the only one that Terraform makes: a stage may have moved on since, and one that a stage uses
# can't be replaced. Routes that were changed later go live as terraform/README.md says.
resource "aws_apigatewayv2_deployment" "first" {
  count       = var.auto_deploy ? 0 : 1
  depends_on  = [aws_apigatewayv2_route.this]
  api_id      = aws_apigatewayv2_api.this.id
  description = "First deployment"

  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_apigatewayv2_stage" "this" {
  api_id          = aws_apigatewayv2_api.this.id
  name            = var.stage_name
  description     = "Serves ${var.model} in ${var.environment}"
  auto_deploy     = var.auto_deploy
  deployment_id   = one(aws_apigatewayv2_deployment.first[*].id)
  stage_variables = { alias = var.alias }
  tags            = var.tags

  default_route_settings {
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = var.detailed_metrics
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # No query, no body, no key: logs are kept longer and read by more people than requests are.
    format = jsonencode({
      requestId        = "$context.requestId"
      time             = "$context.requestTimeEpoch"
      route            = "$context.routeKey"
      status           = "$context.status"
      latency          = "$context.responseLatency"
      integration      = "$context.integrationLatency"
      integrationError = "$context.integrationErrorMessage"
      authorizerError  = "$context.authorizer.error"
      bytes            = "$context.responseLength"
      ip               = "$context.identity.sourceIp"
      agent            = "$context.identity.userAgent"
    })
  }

  lifecycle {
    # A blue-green rollout swaps the alias and makes a deployment of its own.
    ignore_changes = [stage_variables, deployment_id]
  }
}
