variable "name" {
  description = "Name of the state machine, of its role and in that of its log."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What its role is for."
  type        = string
  nullable    = false
}

variable "definition" {
  description = "The state machine in Amazon's States Language, as JSON."
  type        = string
  nullable    = false
}

variable "statements" {
  description = "What it may do beside writing its log, as statements of IAM's."
  type        = any
  nullable    = false
}

variable "log_retention_days" {
  description = "How long its log is kept, in days. 0: for ever."
  type        = number
  default     = 30
  nullable    = false
}

variable "kms_key_arn" {
  description = "KMS key that encrypts its log. null: the service's own key."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
