# Approvers: they read one model's rollouts and write requests, and nothing else.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model         = "recommendation"
  environment   = "prod"
  function_name = "recommendation-inference-prod"
  api_id        = "a1b2c3d4e5"
  table_arn     = "arn:aws:dynamodb:eu-west-1:123456789012:table/mlreg-prod"
  github = {
    repository     = "acme/models"
    repository_ids = { owner = 1, repository = 2 }
    provider_arn   = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }
}

run "least_privilege" {
  command = plan

  module {
    source = "../modules/approver-role"
  }

  assert {
    condition = jsonencode([for s in jsondecode(aws_iam_role_policy.own.policy).Statement : s if s.Sid == "WriteRequests"]) == jsonencode([{
      Sid      = "WriteRequests"
      Effect   = "Allow"
      Action   = "dynamodb:PutItem"
      Resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/mlreg-prod"
      Condition = {
        "ForAllValues:StringLike"   = { "dynamodb:LeadingKeys" = ["prod/recommendation/r-*"] }
        "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["pk", "sk", "index", "request"] }
        Null                        = { "dynamodb:LeadingKeys" = "false" }
      }
    }])
    error_message = "it writes requests of this model's rollouts, and no lock, version or record"
  }

  assert {
    condition = alltrue([
      for action in flatten([for s in jsondecode(aws_iam_role_policy.own.policy).Statement : s.Action]) :
      action == "dynamodb:PutItem" || can(regex(":(Get|List|Query|GET)", action))
    ])
    error_message = "beside requests it only reads"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role.approver.assume_role_policy).Statement : statement.Sid => jsonencode(statement.Condition.StringEquals) } == {
      ByIds = jsonencode({
        "token.actions.githubusercontent.com:aud" = ["sts.amazonaws.com"]
        "token.actions.githubusercontent.com:sub" = ["repo:acme@1/models@2:environment:prod"]
      })
      ByName = jsonencode({
        "token.actions.githubusercontent.com:aud"           = ["sts.amazonaws.com"]
        "token.actions.githubusercontent.com:repository_id" = ["2"]
        "token.actions.githubusercontent.com:sub"           = ["repo:acme/models:environment:prod"]
      })
    }
    error_message = "one repository and one environment, in both forms of the subject"
  }
}

run "people" {
  command = plan

  variables {
    github                 = null
    trusted_principal_arns = ["arn:aws:iam::123456789012:role/leads"]
  }

  module {
    source = "../modules/approver-role"
  }

  assert {
    condition     = length(jsondecode(aws_iam_role.approver.assume_role_policy).Statement) == 1
    error_message = "only who is named"
  }
}

run "mistakes" {
  command = plan

  variables {
    github                 = { repository = "acme/*", environment = "*", provider_arn = "x" }
    trusted_principal_arns = ["arn:aws:iam::123456789012:root"]
  }

  module {
    source = "../modules/approver-role"
  }

  expect_failures = [var.github, var.trusted_principal_arns]
}
