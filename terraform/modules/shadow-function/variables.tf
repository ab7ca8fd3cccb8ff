variable "model" {
  description = "The model's name, as in mlreg.yaml. It begins the names of its resources."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z](-?[A-Za-z0-9]){0,31}$", var.model))
    error_message = "A model's name has at most 32 letters, digits and inner hyphens, such as recommendation."
  }
}

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
  description = "The zip that holds the function's code. npm run build writes dist/router.zip, the same bytes every time."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.package_file, ".zip")
    error_message = "package_file is a .zip file; npm run build writes dist/router.zip."
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
  description = "KMS key that encrypts the function's variables and logs and the table. null: the service's own key."
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

variable "reserved_concurrency" {
  description = "How many copies are compared at once, at most; the rest is dropped. Kept apart, so that copies never take the users' concurrency."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= 1
    error_message = "1 or more: without a limit copies could starve the users, and with 0 nothing is compared."
  }
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "Lambda has 128 to 10240 MB."
  }
}

variable "timeout_seconds" {
  description = "Time-out in seconds. Nobody waits for it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 5 && var.timeout_seconds <= 60
    error_message = "5 to 60 seconds."
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

variable "metric_resolution_seconds" {
  description = "How fine its metrics are: 60 or 1, as the router's."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains([1, 60], var.metric_resolution_seconds)
    error_message = "metric_resolution_seconds is 1 or 60."
  }
}

variable "topic_arn" {
  description = "Topic that is told when the function fails."
  type        = string
  nullable    = false
}
