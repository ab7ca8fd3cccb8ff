variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9]){0,19}$", var.environment))
    error_message = "An environment's name has at most 20 small letters, digits and inner hyphens, such as prod."
  }
}

variable "package_file" {
  description = "The zip that holds the controller and mlreg.yaml: node terraform/package-controller.mjs --config mlreg.yaml --out controller.zip writes it, the same bytes for the same files."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.package_file, ".zip")
    error_message = "package_file is a .zip file; node terraform/package-controller.mjs writes it."
  }
}

variable "runtime" {
  description = "Lambda runtime. AWS takes no new functions on nodejs20.x or older."
  type        = string
  default     = "nodejs22.x"
  nullable    = false

  validation {
    condition     = can(regex("^nodejs(2[2-9]|[3-9][0-9])\\.x$", var.runtime))
    error_message = "The runtime is nodejs22.x or newer."
  }
}

variable "vpc" {
  description = "Subnets and security groups of the function. null: no VPC. SageMaker's runtime must be reachable from there (a NAT or an interface endpoint)."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "A VPC needs at least one subnet and one security group."
  }
}

variable "xray" {
  description = "Whether X-Ray traces the function."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs are kept, in days. 0: for ever."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827 or 3653 days, or for ever (0)."
  }
}

variable "kms_key_arn" {
  description = "KMS key that encrypts its variables and logs. null: the service's own key."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/..."
  }
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
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
  description = "What the controller may do, by any name: policy_arns of the module cli-role, one pair a model."
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

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}
