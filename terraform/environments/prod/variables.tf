variable "region" {
  description = "AWS Region."
  type        = string
  default     = "eu-west-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region is an AWS Region such as eu-west-1."
  }
}

variable "account" {
  description = "The AWS account that this must be. null: any."
  type        = string
  default     = null

  validation {
    condition     = var.account == null || can(regex("^[0-9]{12}$", var.account))
    error_message = "An account has twelve digits."
  }
}

variable "model" {
  description = "The model's name, as in mlreg.yaml."
  type        = string
  default     = "recommendation"
  nullable    = false
}

variable "ecr_repository_arns" {
  description = "Repositories of the model server's images, and of the pipeline's."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "router_package_file" {
  description = "The router's zip. null: dist/router.zip of this repository, which npm run build writes."
  type        = string
  default     = null
}

variable "controller_package_file" {
  description = "The controller's zip: node terraform/package-controller.mjs --config mlreg.yaml --out controller.zip. null: no controller; then a rollout is watched only while mlreg runs."
  type        = string
  default     = null
}

variable "authorizer" {
  description = "Who is let in; see ../../modules/api-gateway. `iam`: signed requests of principals that may execute-api:Invoke."
  type = object({
    kind          = string
    issuer        = optional(string)
    audience      = optional(list(string), [])
    scopes        = optional(list(string), [])
    function_arn  = optional(string)
    header        = optional(string, "x-api-key")
    cache_seconds = optional(number, 60)
  })
  default  = { kind = "iam" }
  nullable = false
}

variable "api_keys_sha256" {
  description = "SHA-256 digests of the keys that callers send as x-api-key, beside what the authorizer asks. Empty: the router asks for none."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "alert_emails" {
  description = "Who is told of alarms and rollouts. Each address must confirm."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "Each is an e-mail address."
  }
}

variable "webhook_parameter_name" {
  description = "SSM parameter (SecureString) that holds the Slack webhook. null: none."
  type        = string
  default     = null
}

variable "trusted_principal_arns" {
  description = "Roles or users that may take on the command line's role."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "github" {
  description = "The repository whose workflows roll out. provider_arn: GitHub's OIDC provider where the account has one already."
  type = object({
    repository     = string
    repository_ids = optional(object({ owner = number, repository = number }))
    environment    = optional(string)
    provider_arn   = optional(string)
  })
  default = null
}

variable "pipeline" {
  description = "Training and evaluation; see ../../modules/ml-pipeline. null: no pipeline."
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

variable "vpc" {
  description = "Subnets and security groups of the functions. null: no VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "kms_key_arn" {
  description = "KMS key that encrypts everything that is kept. null: AWS's own keys."
  type        = string
  default     = null
}
