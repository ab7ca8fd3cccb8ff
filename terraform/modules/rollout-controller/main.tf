# Watches rollouts when the terminal or CI job that began them is gone: a function that looks once, a state machine
# that calls it again, a sweep for orphans, and alarms on itself.

module "naming" {
  source      = "../../internal/naming"
  environment = var.environment
}

locals {
  state_machine_name = var.model == null ? "mlreg-rollout-${var.environment}" : "${var.model}-rollout-${var.environment}"
  function_name      = var.model == null ? "mlreg-controller-${var.environment}" : "${var.model}-controller-${var.environment}"
  # Of rules and alarms.
  prefix = var.model == null ? "mlreg-${var.environment}" : "mlreg-${var.environment}-${var.model}"
  # By its name: machine, role and function would wait for one another.
  state_machine_arn = "arn:${module.naming.partition}:states:${module.naming.here}:stateMachine:${local.state_machine_name}"
}

# Looks at a rollout once and does what follows. Two at once do no harm: the older one's token is dead.
module "function" {
  source               = "../../internal/function"
  name                 = local.function_name
  environment          = var.environment
  description          = "Looks after the rollouts of ${var.environment}"
  package_file         = var.package_file
  memory_mb            = var.memory_mb
  timeout_seconds      = var.timeout_seconds
  reserved_concurrency = var.reserved_concurrency
  platform             = var.platform

  variables = merge(
    { MLREG_STATE_MACHINE = local.state_machine_arn },
    length(var.models) == 0 ? {} : { MLREG_MODELS = join(",", var.models) },
  )

  # It does what the command line does, and may do no more.
  policy_arns = var.policy_arns
  statements  = [{ Sid = "StartLaps", Effect = "Allow", Action = "states:StartExecution", Resource = local.state_machine_arn }]

  alarm = {
    name        = "${local.prefix}-controller-errors"
    description = "The controller crashes or times out. See its log /aws/lambda/${local.function_name}"
    topic_arn   = var.topic_arn
  }
}

# An event that the controller missed is no loss: the next lap looks again.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = module.function.function.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

module "laps" {
  source                   = "../../internal/state-machine"
  name                     = local.state_machine_name
  description              = "The laps of the rollouts of ${var.environment}"
  permissions_boundary_arn = var.platform.permissions_boundary_arn
  log_retention_days       = var.platform.log_retention_days
  kms_key_arn              = var.platform.kms_key_arn
  tags                     = var.platform.tags

  definition = templatefile("${path.module}/state-machine.asl.json", {
    partition               = module.naming.partition
    controller_function_arn = module.function.function.arn
  })

  statements = [
    { Sid = "Tick", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = [module.function.function.arn, "${module.function.function.arn}:*"] },
    # A long bake goes on in a successor: an execution ends at 25,000 events.
    { Sid = "Renew", Effect = "Allow", Action = "states:StartExecution", Resource = local.state_machine_arn },
  ]
}
