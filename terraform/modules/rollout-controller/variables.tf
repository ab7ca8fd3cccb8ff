variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false
}

variable "package_file" {
  description = "The zip that holds the controller and mlreg.yaml: node terraform/package-controller.mjs --config mlreg.yaml --out controller.zip writes it, the same bytes for the same files."
  type        = string
  nullable    = false
}

variable "model" {
  description = "The model that the names of function, state machine, rules and alarms carry, where the environment has several controllers. null: names without a model, which one controller of an environment can have."
  type        = string
  default     = null
}

variable "models" {
  description = "Models whose rollouts it watches. Empty: the one of mlreg.yaml."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for model in var.models : can(regex("^[A-Za-z](-?[A-Za-z0-9]){0,31}$", model))])
    error_message = "A model's name has at most 32 letters, digits and inner hyphens."
  }
}

variable "policy_arns" {
  description = "What the controller may do, by any name: controller_policy_arns of the module cli-role, one pair a model."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.policy_arns) > 0
    error_message = "Without a policy the controller could neither look nor roll back."
  }
}

variable "alarm_arns" {
  description = "Alarms at which it looks at once instead of at its next tick: guardrail_alarm_arns of the module monitoring."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "topic_arn" {
  description = "Topic that is told when the controller itself is dead or fails."
  type        = string
  nullable    = false
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 10240
    error_message = "The controller needs 256 MB or more; Lambda has 10240 at most."
  }
}

variable "timeout_seconds" {
  description = "Time-out of one tick, or of one clean-up, in seconds. AWS takes up to a minute to delete an endpoint."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 30 && var.timeout_seconds <= 900
    error_message = "30 to 900 seconds: a tick that rolls back needs time to read back."
  }
}

variable "reserved_concurrency" {
  description = "Concurrency that is kept for it, so that an overload of the users' function never stops who rolls back. -1: none is kept, for accounts that have none to spare."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 2
    error_message = "2 or more, or -1 for none: with one a long tick would keep an alarm waiting."
  }
}

variable "platform" {
  description = "How the function runs: runtime, architecture, vpc, xray, log_retention_days, kms_key_arn, permissions_boundary_arn, tags; see ../../internal/function."
  type = object({
    runtime                  = optional(string)
    architecture             = optional(string)
    vpc                      = optional(object({ subnet_ids = list(string), security_group_ids = list(string) }))
    xray                     = optional(bool)
    log_retention_days       = optional(number)
    kms_key_arn              = optional(string)
    permissions_boundary_arn = optional(string)
    tags                     = optional(map(string))
  })
  default  = {}
  nullable = false
}
