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

variable "stage_name" {
  description = "Stage of the HTTP API."
  type        = string
  default     = "$default"
  nullable    = false
}

variable "table_arn" {
  description = "Table of registry and journal."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "Topic that mlreg tells people by. null: none."
  type        = string
  default     = null
}

variable "bucket_arn" {
  description = "Bucket of the models' artifacts."
  type        = string
  nullable    = false
}

variable "artifact_prefix" {
  description = "Folder of the bucket that mlreg may read, without a slash at its ends. Empty: all of it."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = !startswith(var.artifact_prefix, "/") && !endswith(var.artifact_prefix, "/") && !strcontains(var.artifact_prefix, "*")
    error_message = "artifact_prefix is a folder without a slash at its ends, such as recommendation."
  }
}

variable "model_role_arn" {
  description = "Role that the models run as: mlreg passes it to SageMaker, and no other role to nobody else."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[^*]+$", var.model_role_arn))
    error_message = "model_role_arn is the ARN of one role."
  }
}

variable "shadow_function_name" {
  description = "The shadow function, whose log mlreg reads comparisons from. null: none."
  type        = string
  default     = null
}

variable "state_machine_name" {
  description = "The controller's state machine, which `deploy --detach` starts. null: none."
  type        = string
  default     = null
}

variable "event_bus_name" {
  description = "EventBridge bus of this account that mlreg sends events to: notifications.eventBridge of mlreg.yaml. null: none."
  type        = string
  default     = null

  validation {
    condition     = var.event_bus_name == null || can(regex("^[A-Za-z0-9._/-]{1,256}$", var.event_bus_name))
    error_message = "One bus's name, such as default."
  }
}

variable "webhook_parameter_name" {
  description = "SSM parameter (SecureString) that holds the Slack webhook: notifications.slackWebhookParameter of mlreg.yaml. null: none. Where a key of your own encrypts it, name that in kms_key_arns."
  type        = string
  default     = null

  validation {
    condition     = var.webhook_parameter_name == null || can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.webhook_parameter_name))
    error_message = "One parameter's name, such as /mlreg/prod/slack-webhook."
  }
}

variable "kms_key_arns" {
  description = "Keys that encrypt the function's variables, table, topic or artifacts."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "trusted_principal_arns" {
  description = "Who may take the role on: roles or users. Empty: no role is made, only the policies."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.trusted_principal_arns : can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[^*]+$", arn))])
    error_message = "Each is the ARN of a role or a user, without a wildcard."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
