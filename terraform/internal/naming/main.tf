# Where this is, and the names that several modules, and mlreg itself, must agree on.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  # Provider 6 calls `name` deprecated, 5 has no `region`: both have `id`, which is the Region's name.
  region = data.aws_region.current.id
  # SageMaker's ARNs are in small letters.
  endpoints = var.model == null ? [] : distinct(["${var.model}-${var.environment}", lower("${var.model}-${var.environment}")])
}
