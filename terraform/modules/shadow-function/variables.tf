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

variable "reserved_concurrency" {
  description = "How many copies are compared at once, at most; the rest is dropped. Kept apart, so that copies never take the users' concurrency. -1: none is kept, for accounts that have none to spare; then copies and users share the account's."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "1 or more, or -1 for none: with 0 nothing is compared."
  }
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  default     = 512
  nullable    = false
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

variable "topic_arn" {
  description = "Topic that is told when the function fails."
  type        = string
  nullable    = false
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
