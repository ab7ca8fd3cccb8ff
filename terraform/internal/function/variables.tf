variable "name" {
  description = "Name of the function, of its role and in that of its log."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the function is for."
  type        = string
  nullable    = false
}

variable "package_file" {
  description = "The zip that holds the function's code."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.package_file, ".zip")
    error_message = "package_file is a .zip file: npm run build writes dist/router.zip, node terraform/package-controller.mjs the controller's."
  }
}

variable "handler" {
  description = "What of the code is called."
  type        = string
  default     = "index.handler"
  nullable    = false
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "Lambda has 128 to 10240 MB."
  }
}

variable "timeout_seconds" {
  description = "Time-out in seconds."
  type        = number
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Concurrency that is kept for this function, and its limit. -1: none is kept, and the account's is the limit."
  type        = number
  default     = -1
  nullable    = false
}

variable "publish" {
  description = "Whether a change of the code publishes a version, for aliases."
  type        = bool
  default     = false
  nullable    = false
}

variable "variables" {
  description = "The function's environment variables, beside MLREG_ENVIRONMENT."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "statements" {
  description = "What the function may do beside writing its log, as statements of IAM's."
  type        = any
  default     = []
  nullable    = false
}

variable "policy_arns" {
  description = "Further policies of its role, by any name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "alarm" {
  description = "Who is told when the function crashes or times out. null: nobody."
  type = object({
    name        = string
    description = string
    topic_arn   = string
  })
  default = null
}

variable "platform" {
  description = <<-EOT
    How functions run. runtime: nodejs22.x or newer, for AWS takes no new functions on older ones. architecture: arm64 or
    x86_64. vpc: subnets and security groups; null for none; DynamoDB, SageMaker and the other services must be reachable
    from there (a NAT or endpoints). xray: whether X-Ray traces. log_retention_days: how long logs are kept, 0 for ever.
    kms_key_arn: encrypts variables and logs; null for AWS's own keys. permissions_boundary_arn: of its
    role, where the organisation asks for one. tags: of every resource.
  EOT
  type = object({
    runtime                  = optional(string, "nodejs22.x")
    architecture             = optional(string, "arm64")
    vpc                      = optional(object({ subnet_ids = list(string), security_group_ids = list(string) }))
    xray                     = optional(bool, false)
    log_retention_days       = optional(number, 30)
    kms_key_arn              = optional(string)
    permissions_boundary_arn = optional(string)
    tags                     = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^nodejs(2[2-9]|[3-9][0-9])\\.x$", var.platform.runtime))
    error_message = "The runtime is nodejs22.x or newer."
  }

  validation {
    condition     = contains(["arm64", "x86_64"], var.platform.architecture)
    error_message = "architecture is arm64 or x86_64."
  }

  validation {
    condition     = var.platform.vpc == null || try(length(var.platform.vpc.subnet_ids) > 0 && length(var.platform.vpc.security_group_ids) > 0, false)
    error_message = "A VPC needs at least one subnet and one security group."
  }

  validation {
    condition     = var.platform.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.platform.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/..."
  }
}
