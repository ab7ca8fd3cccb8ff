# What a function needs to read the list of valid API keys: a variable, and permission for that parameter alone.

module "naming" {
  source      = "../naming"
  environment = var.environment
}

locals {
  partition = module.naming.partition
  here      = module.naming.here
  prefix    = "arn:${local.partition}:ssm:${local.here}:parameter/"
  # Named by its ARN a parameter may lie in another account.
  arn    = startswith(var.parameter.name, "arn:") ? var.parameter.name : "${local.prefix}${trimprefix(var.parameter.name, "/")}"
  secret = one(regex("^/aws/reference/secretsmanager/(.+)$|", var.parameter.name))
}
