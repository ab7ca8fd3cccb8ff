variable "model" {
  description = "The model's name, as in mlreg.yaml."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "function_name" {
  description = "The inference function."
  type        = string
  nullable    = false
}

variable "api_id" {
  description = "Id of the HTTP API."
  type        = string
  nullable    = false
}

variable "table_arn" {
  description = "Table of registry and journal."
  type        = string
  nullable    = false
}

variable "github" {
  description = "The repository whose approval workflow takes the role on, in this GitHub environment (null: `environment`), by the provider that the module github-oidc made. null: none."
  type = object({
    repository     = string
    repository_ids = optional(object({ owner = number, repository = number }))
    environment    = optional(string)
    provider_arn   = string
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github.repository))
    error_message = "repository is OWNER/NAME, one repository, without a wildcard."
  }

  validation {
    condition     = try(var.github.environment, null) == null || can(regex("^[A-Za-z0-9._-]+$", var.github.environment))
    error_message = "A GitHub environment without a wildcard, such as prod."
  }
}

variable "trusted_principal_arns" {
  description = "Who else may take the role on: roles or users. Name none that start rollouts."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.trusted_principal_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "ARNs of roles or users, without a wildcard: a whole account would be everybody."
  }
}

variable "kms_key_arns" {
  description = "Keys that encrypt the table."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
