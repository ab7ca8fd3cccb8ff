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

variable "runtime" {
  description = "Lambda runtime. AWS takes no new functions on nodejs20.x or older."
  type        = string
  default     = "nodejs22.x"
  nullable    = false

  validation {
    condition     = can(regex("^nodejs(2[2-9]|[3-9][0-9])\\.x$", var.runtime))
    error_message = "The runtime is nodejs22.x or newer."
  }
}

variable "vpc" {
  description = "Subnets and security groups of the function. null: no VPC. SageMaker's runtime must be reachable from there (a NAT or an interface endpoint)."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "A VPC needs at least one subnet and one security group."
  }
}

variable "xray" {
  description = "Whether X-Ray traces the function."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs are kept, in days. 0: for ever."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827 or 3653 days, or for ever (0)."
  }
}

variable "kms_key_arn" {
  description = "KMS key that encrypts everything that is kept. null: the service's own key."
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

variable "router_package_file" {
  description = "The router's zip. npm run build writes dist/router.zip."
  type        = string
  nullable    = false
}

variable "function" {
  description = "Size of the inference function; see the module lambda-inference."
  type = object({
    memory_mb            = optional(number, 512)
    timeout_seconds      = optional(number, 29)
    reserved_concurrency = optional(number, -1)
    architecture         = optional(string, "arm64")
    variables            = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "metric_resolution_seconds" {
  description = "How fine the router's metrics are: 60, or 1, which CloudWatch bills as high resolution."
  type        = number
  default     = 60
  nullable    = false
}

variable "api" {
  description = "Limits and openness of the API; see the module api-gateway."
  type = object({
    recommend_path   = optional(string, "/recommend")
    rate             = optional(number, 100)
    burst            = optional(number, 200)
    auto_deploy      = optional(bool, true)
    detailed_metrics = optional(bool, false)
    cors_origins     = optional(list(string), [])
    authorizer = optional(object({
      kind          = string
      issuer        = optional(string)
      audience      = optional(list(string), [])
      scopes        = optional(list(string), [])
      function_arn  = optional(string)
      header        = optional(string, "x-api-key")
      cache_seconds = optional(number, 60)
    }), { kind = "none" })
  })
  default  = {}
  nullable = false
}

variable "api_keys_sha256" {
  description = "SHA-256 digests of the keys that callers send as x-api-key. Empty: the router asks for none."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "shadow" {
  description = "The shadow function. null: none, and no shadow rollouts."
  type = object({
    reserved_concurrency = optional(number, 10)
    memory_mb            = optional(number, 512)
  })
  default = {}
}

variable "controller_package_file" {
  description = "The controller's zip, written by node terraform/package-controller.mjs. null: no controller; then a rollout is watched only while mlreg runs."
  type        = string
  default     = null
}

variable "pipeline" {
  description = "Training and evaluation; see the module ml-pipeline. null: no pipeline."
  type = object({
    data_prefix = optional(string, "data")
    training = object({
      image             = string
      instance_type     = optional(string, "ml.m5.large")
      instance_count    = optional(number, 1)
      volume_gb         = optional(number, 30)
      max_runtime_hours = optional(number, 4)
    })
    evaluation = object({
      image             = string
      entrypoint        = optional(list(string), ["python3", "evaluate.py"])
      instance_type     = optional(string, "ml.m5.large")
      volume_gb         = optional(number, 30)
      max_runtime_hours = optional(number, 1)
    })
  })
  default = null
}

variable "ecr_repository_arns" {
  description = "Repositories of the model server's images, and of the pipeline's."
  type        = list(string)
  nullable    = false
}

variable "registry" {
  description = "Safety of registry and journal; see the module model-registry."
  type = object({
    deletion_protection = optional(bool, true)
    recovery_days       = optional(number, 35)
  })
  default  = {}
  nullable = false
}

variable "storage" {
  description = "The artifacts' bucket; see the module s3-storage."
  type = object({
    bucket_name             = optional(string)
    noncurrent_version_days = optional(number, 365)
    force_destroy           = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "alarm_limits" {
  description = "What raises an alarm; see the module monitoring."
  type = object({
    error_rate_percent         = optional(number, 5)
    mean_latency_ms            = optional(number, 1000)
    endpoint_errors_per_minute = optional(number, 10)
    throttle_rate_percent      = optional(number, 10)
    minimum_requests           = optional(number, 20)
  })
  default  = {}
  nullable = false
}

variable "subscriptions" {
  description = "Who is told of alarms and rollouts, by protocol and endpoint."
  type = list(object({
    protocol = string
    endpoint = string
  }))
  default  = []
  nullable = false
}

variable "webhook_parameter_name" {
  description = "SSM parameter (SecureString) that holds the Slack webhook; see the module cli-role. null: none."
  type        = string
  default     = null
}

variable "trusted_principal_arns" {
  description = "Roles or users that may take on the command line's role. Empty: no such role."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "github" {
  description = "The repository whose workflows roll out; see the module github-oidc. null: none."
  type = object({
    repository     = string
    repository_ids = optional(object({ owner = number, repository = number }))
    environment    = optional(string)
    provider_arn   = optional(string)
  })
  default = null
}
