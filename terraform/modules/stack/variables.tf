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

variable "shared" {
  description = "Table, topic, bucket and GitHub's OIDC provider that are there already, by name: the output `shared` of the environment's first stack, for a further model. Its other resources carry the model in their names. null: this stack makes them."
  type = object({
    table_name          = string
    topic_name          = string
    bucket_name         = string
    github_provider_arn = optional(string)
  })
  default = null
}

variable "platform" {
  description = "How functions run and what is kept how: runtime, architecture, vpc, xray, log_retention_days, kms_key_arn (encrypts everything that is kept), permissions_boundary_arn (of every role) and tags; see ../../internal/function."
  type = object({
    runtime                  = optional(string, "nodejs22.x")
    architecture             = optional(string, "arm64")
    vpc                      = optional(object({ subnet_ids = list(string), security_group_ids = list(string) }))
    xray                     = optional(bool, false)
    log_retention_days       = optional(number, 30)
    kms_key_arn              = optional(string)
    permissions_boundary_arn = optional(string)
    tags                     = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "router_package_file" {
  description = "The router's zip. null: dist/router.zip of this repository, which npm run build writes."
  type        = string
  default     = null
}

variable "function" {
  description = "Size of the inference function; see the module lambda-inference."
  type = object({
    memory_mb            = optional(number, 512)
    timeout_seconds      = optional(number, 29)
    reserved_concurrency = optional(number, -1)
    variables            = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "api" {
  description = "Limits and openness of the API; see the module api-gateway. Who is let in is for you to say: authorizer = { kind = \"iam\" }, jwt, lambda, or none for everybody."
  type = object({
    recommend_path   = optional(string, "/recommend")
    rate             = optional(number, 100)
    burst            = optional(number, 200)
    auto_deploy      = optional(bool, true)
    detailed_metrics = optional(bool, false)
    cors_origins     = optional(list(string), [])
    authorizer = object({
      kind          = string
      issuer        = optional(string)
      audience      = optional(list(string), [])
      scopes        = optional(list(string), [])
      function_arn  = optional(string)
      header        = optional(string, "x-api-key")
      cache_seconds = optional(number, 0)
    })
  })
  nullable = false
}

variable "api_keys_parameter" {
  description = "The SSM parameter that lists the SHA-256 digests of the keys that callers send as x-api-key: its name or ARN, and the ARN of the KMS key where it is encrypted with a key of your own. Read at request time: a revoked key is refused within a minute. null: the router asks for no key."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
  default = null
}

variable "api_keys_sha256" {
  description = "Deprecated: use api_keys_parameter. SHA-256 digests of valid keys, frozen into each published version, so that a revoked key comes back with a rollback. Not read where api_keys_parameter is set."
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

variable "controller_reserved_concurrency" {
  description = "Concurrency that is kept for the controller; see the module rollout-controller. -1: none."
  type        = number
  default     = 5
  nullable    = false
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
  description = "The artifacts' bucket; see the module s3-storage. artifact_prefix: the folder that models and mlreg may read; by default the model's name, \"\" for all of it."
  type = object({
    bucket_name             = optional(string)
    artifact_prefix         = optional(string)
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

variable "event_bus_name" {
  description = "EventBridge bus that mlreg sends events to; see the module cli-role. null: none."
  type        = string
  default     = null
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
