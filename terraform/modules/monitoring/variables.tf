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
  description = "KMS key that encrypts the topic; its policy must let cloudwatch.amazonaws.com use it (kms:Decrypt, kms:GenerateDataKey), or no alarm is heard. null: none, for alarms can't use the service's own key."
  type        = string
  default     = null
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

variable "topic_name" {
  description = "A topic that is there already, such as that of another model of the environment. null: mlreg-alerts-ENVIRONMENT is made."
  type        = string
  default     = null
}

variable "table_name" {
  description = "Table of registry and journal. null: it isn't watched."
  type        = string
  default     = null
}

variable "subscriptions" {
  description = "Who is told, by protocol and endpoint, such as { protocol = \"email\", endpoint = \"ml@example.com\" }. E-mail addresses must confirm."
  type = list(object({
    protocol = string
    endpoint = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for subscription in var.subscriptions : contains(["email", "email-json", "https", "lambda", "sms", "sqs"], subscription.protocol)])
    error_message = "A protocol is email, email-json, https, lambda, sms or sqs."
  }
}

variable "limits" {
  description = "What raises an alarm; mlreg's own guardrails are those of mlreg.yaml. Rates only count from minimum_requests on."
  type = object({
    error_rate_percent         = optional(number, 5)
    mean_latency_ms            = optional(number, 1000)
    endpoint_errors_per_minute = optional(number, 10)
    throttle_rate_percent      = optional(number, 10)
    minimum_requests           = optional(number, 20)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      var.limits.error_rate_percent >= 0 && var.limits.error_rate_percent < 100 &&
      var.limits.throttle_rate_percent >= 0 && var.limits.throttle_rate_percent < 100
    )
    error_message = "A rate's limit is 0 or more and less than 100 per cent: an alarm beyond it could never fire."
  }

  validation {
    condition     = var.limits.mean_latency_ms > 0 && var.limits.mean_latency_ms < 30000
    error_message = "The API ends a request after 30 s: a latency of 30000 ms or more could never raise the alarm."
  }

  validation {
    condition     = var.limits.endpoint_errors_per_minute >= 0 && var.limits.minimum_requests >= 1
    error_message = "Limits can't be negative, and minimum_requests is 1 or more."
  }
}
