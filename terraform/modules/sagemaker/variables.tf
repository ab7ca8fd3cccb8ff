variable "model" {
  description = "The model's name, as in mlreg.yaml. It begins the names of its resources."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z](-?[A-Za-z0-9]){0,31}$", var.model))
    error_message = "A model's name has at most 32 letters, digits and inner hyphens, such as recommendation."
  }
}

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
  description = "KMS key that encrypts the artifacts. null: the service's own key."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/..."
  }
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
