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

variable "kms_key_arn" {
  description = "KMS key that encrypts the artifacts. null: the service's own key."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "bucket_arn" {
  description = "ARN of the bucket that holds the models' artifacts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]+$", var.bucket_arn))
    error_message = "bucket_arn is the ARN of a bucket, such as arn:aws:s3:::mlreg-models-prod-123456789012."
  }
}

variable "artifact_prefix" {
  description = "Folder of the bucket that the models may read, without a slash at its ends. Empty: all of it."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = !startswith(var.artifact_prefix, "/") && !endswith(var.artifact_prefix, "/") && !strcontains(var.artifact_prefix, "*")
    error_message = "artifact_prefix is a folder without a slash at its ends, such as recommendation."
  }
}

variable "ecr_repository_arns" {
  description = "Repositories that hold the images of the model server."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.ecr_repository_arns : can(regex("^arn:aws[a-z-]*:ecr:[a-z0-9-]+:[0-9]{12}:repository/[^*]+$", arn))])
    error_message = "Each is the ARN of one ECR repository, without a wildcard."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
