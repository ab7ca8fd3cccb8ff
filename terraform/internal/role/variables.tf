variable "name" {
  description = "Name of the role."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the role is for."
  type        = string
  nullable    = false
}

variable "service" {
  description = "Who takes it on: lambda, sagemaker or states."
  type        = string
  nullable    = false
}

variable "statements" {
  description = "Statements of its policy, as IAM has them."
  type        = any
  nullable    = false
}

variable "policy_arns" {
  description = "Further policies, by any name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role, where the organisation asks for one. null: none."
  type        = string
  default     = null
}
