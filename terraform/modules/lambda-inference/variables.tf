variable "model" {
  description = "The model's name, as in mlreg.yaml. It begins the names of its resources."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false
}

variable "package_file" {
  description = "The zip that holds the function's code. npm run build writes dist/router.zip, the same bytes every time."
  type        = string
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

variable "api_keys_parameter" {
  description = "The SSM parameter that lists the SHA-256 digests of the keys that callers send as x-api-key: its name or ARN, and the ARN of the KMS key where it is encrypted with a key of your own. Read at request time: a revoked key is refused within a minute. null: the router asks for no key."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
  default = null
}

variable "receipts_parameter" {
  description = "The SSM parameter with the keys of receipts, as feedback.receipts in mlreg.yaml names it: its name or ARN, and the ARN of the KMS key where it is encrypted with a key of your own. Terraform knows the name alone. null: answers carry no receipts."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
  default = null
}

variable "api_keys_sha256" {
  description = "Deprecated: use api_keys_parameter. SHA-256 digests of valid keys, frozen into each published version, so that a revoked key comes back with a rollback. Not read where api_keys_parameter is set."
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
    condition     = length(setintersection(keys(var.environment_variables), ["MLREG_ROUTE", "MLREG_ROLLOUT", "MLREG_WEIGHTED", "MODEL_VERSION", "SAGEMAKER_ENDPOINT"])) == 0
    error_message = "MLREG_ROUTE, MLREG_ROLLOUT, MLREG_WEIGHTED, MODEL_VERSION and SAGEMAKER_ENDPOINT are mlreg's to set."
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
