# The pipeline: train, evaluate, register, and nobody else's jobs.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  model               = "recommendation"
  environment         = "prod"
  bucket_name         = "mlreg-models-prod-123456789012"
  topic_arn           = "arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod"
  ecr_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/recommendation"]
  training            = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1" }
  evaluation          = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1" }
}

run "definition" {
  command = plan

  module {
    source = "../modules/ml-pipeline"
  }

  assert {
    condition     = toset(keys(jsondecode(output.definition).States)) == toset(["Name", "Train", "Evaluate", "Read metrics", "Register", "Tell", "Tell of the failure", "Done", "Failed"])
    error_message = "train, evaluate, register"
  }

  assert {
    condition = alltrue([for state in jsondecode(output.definition).States :
      contains(keys(jsondecode(output.definition).States), state.Next) if can(state.Next)
    ])
    error_message = "every state goes on to one that is there"
  }

  assert {
    condition     = alltrue([for name in ["Train", "Evaluate", "Read metrics", "Register"] : jsondecode(output.definition).States[name].Catch[0].Next == "Tell of the failure"])
    error_message = "a failure anywhere is told"
  }

  assert {
    condition     = jsondecode(output.definition).States.Register.Resource == "arn:aws:states:::events:putEvents"
    error_message = "without a function that registers, an event says so"
  }
}

run "with_a_function_that_registers" {
  command = plan

  variables {
    register_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:register"
  }

  module {
    source = "../modules/ml-pipeline"
  }

  assert {
    condition     = jsondecode(output.definition).States.Register.Parameters.Payload.action == "register" && contains(module.pipeline.role.statements[*].Sid, "Register")
    error_message = "it is called, and may be"
  }
}

run "least_privilege" {
  command = plan

  module {
    source = "../modules/ml-pipeline"
  }

  assert {
    condition     = [for statement in concat(module.job_role.statements, module.pipeline.role.statements) : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["Metrics", "RegistryToken", "Logs"]
    error_message = "only what has no resources to name is allowed everywhere"
  }

  assert {
    condition     = module.pipeline.role.statements[1].Condition.StringEquals["iam:PassedToService"] == "sagemaker.amazonaws.com"
    error_message = "the job's role, to SageMaker alone"
  }
}

run "long_names" {
  command = plan

  variables {
    model       = "abcdefghijklmnopqrstuvwxyz-abcde"
    environment = "abcdefghij-abcdefghi"
  }

  module {
    source = "../modules/ml-pipeline"
  }

  assert {
    condition     = length(local.job_prefix) + 9 <= 63 && length(module.job_role.name) <= 64 && length(module.pipeline.state_machine.name) <= 80
    error_message = "SageMaker's names have 63 characters, IAM's 64, Step Functions' 80"
  }
}

run "no_repository_of_this_account" {
  command = plan

  variables {
    ecr_repository_arns = []
  }

  module {
    source = "../modules/ml-pipeline"
  }

  assert {
    condition     = length([for statement in module.job_role.statements : statement if length(flatten([statement.Resource])) == 0]) == 0
    error_message = "IAM refuses a statement that names no resource"
  }

  assert {
    condition     = length([for statement in module.job_role.statements : statement if contains(flatten([statement.Action]), "ecr:GetAuthorizationToken")]) == 0
    error_message = "no token for a registry that is not asked"
  }
}
