variable "model" {
  description = "The model's name, as in mlreg.yaml. null: the module serves several."
  type        = string
  default     = null

  validation {
    condition     = var.model == null || can(regex("^[A-Za-z](-?[A-Za-z0-9]){0,31}$", var.model))
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
