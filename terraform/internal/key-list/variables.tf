variable "environment" {
  description = "The environment, as in mlreg.yaml, such as prod."
  type        = string
  nullable    = false
}

variable "sid_prefix" {
  description = "In front of the ID of each statement, for a function that reads more than one parameter."
  type        = string
  default     = ""
  nullable    = false
}

variable "parameter" {
  description = "The SSM parameter that lists the digests of the valid keys: its name or ARN, and the ARN of the KMS key where it is encrypted with a key of your own. /aws/reference/secretsmanager/NAME is a Secrets Manager secret."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/)?[A-Za-z0-9_+=.@/-]+$", var.parameter.name))
    error_message = "name is the name or ARN of an SSM parameter, without a version: a version would be frozen, and a revoked key would stay valid."
  }

  validation {
    condition     = var.parameter.kms_key_arn == null || can(regex("^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.parameter.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/... An alias is not enough."
  }
}
