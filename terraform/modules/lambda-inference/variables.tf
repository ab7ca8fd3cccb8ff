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
  description = "KMS key that encrypts the function's variables and logs. null: the service's own key."
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

variable "aliases" {
  description = "The function's aliases: users reach `live`, a blue-green challenger waits behind `green`. Each gets a permission for the API, for a stage variable may name any of them. mlreg moves them."
  type        = set(string)
  default     = ["live", "green"]
  nullable    = false

  validation {
    condition     = contains(var.aliases, "live") && contains(var.aliases, "green") && alltrue([for alias in var.aliases : can(regex("^[A-Za-z0-9_-]{1,128}$", alias)) && !can(regex("^[0-9]+$", alias))])
    error_message = "An alias has letters, digits, hyphens and underscores, and isn't a number; `live` and `green` must be among them."
  }
}

variable "api_execution_arn" {
  description = "Execution ARN of the HTTP API that may invoke the aliases."
  type        = string
  nullable    = false
}

variable "shadow_function_arn" {
  description = "The function that shadow copies are sent to. null: none."
  type        = string
  default     = null
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
  description = "Time-out in seconds. An HTTP API waits for 30 at most; the router itself gives up on the model after 25."
  type        = number
  default     = 29
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 30
    error_message = "1 to 30 seconds: an HTTP API waits no longer."
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

variable "reserved_concurrency" {
  description = "Concurrency that is kept for this function, and its limit. -1: none is kept, and the account's is the limit."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency > 0
    error_message = "A positive number, or -1 for none. 0 would let nobody in."
  }
}

variable "metric_resolution_seconds" {
  description = "How fine the router's metrics are: 60, or 1, which CloudWatch bills as high resolution."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains([1, 60], var.metric_resolution_seconds)
    error_message = "metric_resolution_seconds is 1 or 60."
  }
}

variable "api_keys_sha256" {
  description = "SHA-256 digests of the keys that callers send as x-api-key, 64 hexadecimal digits each. Empty: the router asks for none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for digest in var.api_keys_sha256 : can(regex("^[0-9a-fA-F]{64}$", digest))])
    error_message = "Each is a SHA-256 digest of 64 hexadecimal digits; the key itself doesn't belong here."
  }
}

variable "environment_variables" {
  description = "Further variables of the function. A change reaches users with mlreg's next rollout, which publishes a version."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.environment_variables), ["MLREG_ROUTE", "MLREG_ROLLOUT", "MODEL_VERSION", "SAGEMAKER_ENDPOINT"])) == 0
    error_message = "MLREG_ROUTE, MLREG_ROLLOUT, MODEL_VERSION and SAGEMAKER_ENDPOINT are mlreg's to set."
  }
}
