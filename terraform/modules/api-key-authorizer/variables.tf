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

variable "parameter" {
  description = "The SSM parameter that lists the SHA-256 digests of the valid keys: its name or ARN, and the ARN of the KMS key where it is encrypted with a key of your own. /aws/reference/secretsmanager/NAME is a Secrets Manager secret."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
  nullable = false
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  default     = 256
  nullable    = false
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

variable "topic_arn" {
  description = "Topic that is told when the list cannot be read. null: nobody is told."
  type        = string
  default     = null
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
