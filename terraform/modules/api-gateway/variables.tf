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
  description = "KMS key that encrypts the access log. null: the service's own key."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource of this module."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "function_arn" {
  description = "ARN of the inference function, without a version: the alias comes from the stage."
  type        = string
  nullable    = false
}

variable "alias" {
  description = "The alias that serves to begin with. A blue-green rollout swaps it."
  type        = string
  default     = "live"
  nullable    = false
}

variable "stage_name" {
  description = "Name of the stage. $default: it isn't in the path."
  type        = string
  default     = "$default"
  nullable    = false

  validation {
    condition     = can(regex("^(\\$default|[A-Za-z0-9_-]{1,128})$", var.stage_name))
    error_message = "A stage's name is $default, or letters, digits, hyphens and underscores."
  }
}

variable "auto_deploy" {
  description = "Whether a changed route is live at once. false: only a new deployment makes it so, and Terraform makes the first one alone."
  type        = bool
  default     = true
  nullable    = false
}

variable "recommend_path" {
  description = "Path of the model: requests.path of mlreg.yaml."
  type        = string
  default     = "/recommend"
  nullable    = false

  validation {
    condition     = can(regex("^/[A-Za-z0-9._~/-]+$", var.recommend_path)) && !contains(["/health", "/metrics", "/feedback"], var.recommend_path)
    error_message = "recommend_path is a path such as /recommend, and none of /health, /metrics, /feedback."
  }
}

variable "throttle" {
  description = "Requests a second, and how many may come at once. All APIs of an account share its 10,000 a second."
  type = object({
    rate  = optional(number, 100)
    burst = optional(number, 200)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttle.rate > 0 && var.throttle.burst > 0
    error_message = "Rate and burst are above 0, or the API would refuse everybody."
  }
}

variable "cors" {
  description = "Which web pages may call the API. null: none."
  type = object({
    allow_origins  = list(string)
    allow_methods  = optional(list(string), ["GET", "POST", "OPTIONS"])
    allow_headers  = optional(list(string), ["content-type", "authorization", "x-api-key"])
    expose_headers = optional(list(string), ["x-request-id", "x-model-version", "x-mlreg-receipt"])
    max_age        = optional(number, 3600)
    credentials    = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.cors == null || try(length(var.cors.allow_origins) > 0 && !(var.cors.credentials && contains(var.cors.allow_origins, "*")), false)
    error_message = "Name at least one origin; with credentials the origin can't be *."
  }
}

variable "authorizer" {
  description = <<-EOT
    Who is let in. `none`: everybody (the router may still ask for keys). `iam`: signed requests. `jwt`: issuer and
    audience. `lambda`: function_arn of an authorizer with simple responses, such as the module
    api-key-authorizer makes. cache_seconds: how long the gateway keeps its answer, which is added to the minute within
    which a revoked key is refused.
  EOT
  type = object({
    kind          = string
    issuer        = optional(string)
    audience      = optional(list(string), [])
    scopes        = optional(list(string), [])
    function_arn  = optional(string)
    header        = optional(string, "x-api-key")
    cache_seconds = optional(number, 0)
  })
  nullable = false

  validation {
    condition     = contains(["none", "iam", "jwt", "lambda"], var.authorizer.kind)
    error_message = "authorizer.kind is none, iam, jwt or lambda."
  }

  validation {
    condition     = var.authorizer.kind != "jwt" || (var.authorizer.issuer != null && length(var.authorizer.audience) > 0)
    error_message = "A jwt authorizer needs issuer and audience."
  }

  validation {
    condition     = var.authorizer.kind != "lambda" || can(regex("^arn:aws[a-z-]*:lambda:", var.authorizer.function_arn))
    error_message = "A lambda authorizer needs function_arn."
  }
}

variable "public_routes" {
  description = "Routes that the authorizer leaves alone."
  type        = set(string)
  default     = ["GET /health"]
  nullable    = false
}

variable "detailed_metrics" {
  description = "Whether CloudWatch gets metrics by route as well, which it bills."
  type        = bool
  default     = false
  nullable    = false
}
