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

variable "log_retention_days" {
  description = "How long logs are kept, in days. 0: for ever."
  type        = number
  default     = 30
  nullable    = false
}

variable "kms_key_arn" {
  description = "KMS key that encrypts data, models and logs. null: the service's own key."
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
  description = "Bucket that data is read from and models are written to."
  type        = string
  nullable    = false
}

variable "data_prefix" {
  description = "Folder of the bucket that holds the training data."
  type        = string
  default     = "data"
  nullable    = false
}

variable "training" {
  description = "How a model is trained: image (SageMaker training contract), machine and time."
  type = object({
    image             = string
    instance_type     = optional(string, "ml.m5.large")
    instance_count    = optional(number, 1)
    volume_gb         = optional(number, 30)
    max_runtime_hours = optional(number, 4)
  })
  nullable = false

  validation {
    condition     = var.training.max_runtime_hours > 0 && var.training.max_runtime_hours <= 120
    error_message = "SageMaker trains for 120 hours at most."
  }
}

variable "evaluation" {
  description = "How it is evaluated: image (SageMaker processing contract). It reads the model from /opt/ml/processing/model and the data from /opt/ml/processing/data, and writes its metrics to /opt/ml/processing/output/metrics.json, one flat object of numbers."
  type = object({
    image             = string
    entrypoint        = optional(list(string), ["python3", "evaluate.py"])
    instance_type     = optional(string, "ml.m5.large")
    volume_gb         = optional(number, 30)
    max_runtime_hours = optional(number, 1)
  })
  nullable = false

  validation {
    condition     = var.evaluation.max_runtime_hours > 0 && var.evaluation.max_runtime_hours <= 120 && length(var.evaluation.entrypoint) > 0
    error_message = "An evaluation has an entrypoint and takes 120 hours at most."
  }
}

variable "ecr_repository_arns" {
  description = "Repositories of both images. Empty: none of this account, such as AWS's own images."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.ecr_repository_arns : can(regex("^arn:aws[a-z-]*:ecr:[a-z0-9-]+:[0-9]{12}:repository/[^*]+$", arn))])
    error_message = "Each is the ARN of one ECR repository, without a wildcard."
  }
}

variable "register_function_arn" {
  description = "Lambda function that registers a trained version; it gets { action, environment, model, version, artifact, metrics }. null: an event is put on the account's bus, and the message to the topic says what to type."
  type        = string
  default     = null
}

variable "topic_arn" {
  description = "Topic that is told of trained versions and failures."
  type        = string
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
