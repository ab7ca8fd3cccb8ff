# GitHub: one repository, one environment, in both forms of the subject.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  environment    = "prod"
  repository     = "acme/models"
  repository_ids = { owner = 1234567, repository = 987654321 }
  policy_arns    = { read = "arn:aws:iam::123456789012:policy/read", write = "arn:aws:iam::123456789012:policy/write" }
}

run "both_forms" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role.github.assume_role_policy).Statement : statement.Sid => jsonencode(statement.Condition) } == {
      ByIds = jsonencode({ StringEquals = {
        "token.actions.githubusercontent.com:aud" = ["sts.amazonaws.com"]
        "token.actions.githubusercontent.com:sub" = ["repo:acme@1234567/models@987654321:environment:prod"]
      } })
      ByName = jsonencode({ StringEquals = {
        "token.actions.githubusercontent.com:aud"           = ["sts.amazonaws.com"]
        "token.actions.githubusercontent.com:repository_id" = ["987654321"]
        "token.actions.githubusercontent.com:sub"           = ["repo:acme/models:environment:prod"]
      } })
    }
    error_message = "both forms of the subject, equal and not alike; the names only of the repository with that number"
  }

  assert {
    condition     = aws_iam_role.github.name == "mlreg-github-prod"
    error_message = "the name that workflows know"
  }

  assert {
    condition     = jsondecode(aws_iam_role.github.assume_role_policy).Statement[0].Principal.Federated == aws_iam_openid_connect_provider.github[0].arn
    error_message = "GitHub's provider"
  }

  assert {
    condition     = aws_iam_role.github.max_session_duration == 21600 && length(aws_iam_role_policy_attachment.github) == 2
    error_message = "a job keeps the role to its end"
  }
}

run "names_alone" {
  command = plan

  variables {
    repository_ids = null
    role_name      = "ranking-github-prod"
    provider_arn   = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }

  module {
    source = "../modules/github-oidc"
  }

  assert {
    condition     = output.subjects == ["repo:acme/models:environment:prod"] && length(aws_iam_openid_connect_provider.github) == 0
    error_message = "an account has one provider for GitHub, and it is used where it is there"
  }

  assert {
    condition     = length(jsondecode(aws_iam_role.github.assume_role_policy).Statement) == 1 && aws_iam_role.github.name == "ranking-github-prod"
    error_message = "only names are trusted; another model's role has another name"
  }
}

run "mistakes" {
  command = plan

  variables {
    repository         = "acme/*"
    github_environment = "*"
    repository_ids     = { owner = 0, repository = 1 }
  }

  module {
    source = "../modules/github-oidc"
  }

  expect_failures = [var.repository, var.github_environment, var.repository_ids]
}
