variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9]){0,19}$", var.environment))
    error_message = "An environment's name has at most 20 small letters, digits and inner hyphens, such as prod."
  }
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "repository" {
  description = "The repository whose workflows roll out, as OWNER/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is OWNER/NAME, one repository, without a wildcard."
  }
}

variable "repository_ids" {
  description = <<-EOT
    Numbers of owner and repository. GitHub writes them into the subject of repositories made or renamed since
    2026-07-15 (`repo:OWNER@1/NAME@2:environment:prod`), which a role trusting only names would never let in. With them
    a subject of names counts only together with the number of the repository (`repository_id`). Without them the role
    trusts whoever owns the name: somebody else may take it after a rename, a transfer or a deletion.
    gh api repos/OWNER/NAME --jq '.owner.id, .id' prints them.
  EOT
  type = object({
    owner      = number
    repository = number
  })
  default = null

  validation {
    condition     = var.repository_ids == null || try(var.repository_ids.owner > 0 && var.repository_ids.repository > 0, false)
    error_message = "The numbers are above 0."
  }
}

variable "github_environment" {
  description = "The GitHub environment whose jobs may take the role on. null: `environment`. Protect it with reviewers there."
  type        = string
  default     = null

  validation {
    condition     = var.github_environment == null || can(regex("^[A-Za-z0-9._-]+$", var.github_environment))
    error_message = "A GitHub environment without a wildcard, such as prod."
  }
}

variable "role_name" {
  description = "Name of the role. null: mlreg-github-ENVIRONMENT, which is taken once another model of the environment has it."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "A role's name has at most 64 letters, digits and +=,.@_-."
  }
}

variable "policy_arns" {
  description = "What the role may do, by any name: policy_arns of the module cli-role."
  type        = map(string)
  nullable    = false
}

variable "provider_arn" {
  description = "GitHub's OIDC provider where the account has one already: there can be one only. null: it is made here."
  type        = string
  default     = null
}

variable "max_session_hours" {
  description = "How long a job may keep the role, in hours. As long as a job may take: a rollout needs it to the end."
  type        = number
  default     = 6
  nullable    = false

  validation {
    condition     = var.max_session_hours >= 1 && var.max_session_hours <= 12
    error_message = "A session lasts 1 to 12 hours."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
