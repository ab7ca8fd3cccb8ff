variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "KMS key that encrypts the models. null: the service's own key."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "bucket_name" {
  description = "Name of the bucket. null: mlreg-models-ENVIRONMENT-ACCOUNT, for bucket names are shared by all accounts."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "A bucket's name has 3 to 63 small letters, digits, dots and hyphens."
  }
}

variable "noncurrent_version_days" {
  description = "How long a replaced or deleted artifact can be brought back, in days. Longer than any rollback may be needed."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.noncurrent_version_days >= 30
    error_message = "Keep replaced artifacts for 30 days or more: a rollback may need them."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket destroys the models in it."
  type        = bool
  default     = false
  nullable    = false
}
