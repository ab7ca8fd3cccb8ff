variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9]){0,19}$", var.environment))
    error_message = "An environment's name has at most 20 small letters, digits and inner hyphens, such as prod."
  }
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the table. null: the service's own key."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "table_name" {
  description = "Name of the table. null: mlreg-ENVIRONMENT."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table_name))
    error_message = "A table's name has 3 to 255 letters, digits, dots, hyphens and underscores."
  }
}

variable "deletion_protection" {
  description = "Whether the table refuses to be destroyed. It holds what serves and why: there is no other copy."
  type        = bool
  default     = true
  nullable    = false
}

variable "recovery_days" {
  description = "How many days back the table can be restored to any second. 0: not at all."
  type        = number
  default     = 35
  nullable    = false

  validation {
    condition     = var.recovery_days >= 0 && var.recovery_days <= 35 && floor(var.recovery_days) == var.recovery_days
    error_message = "DynamoDB recovers 1 to 35 days; 0 for none."
  }
}
