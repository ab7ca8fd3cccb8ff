# The role of the approval workflow, where GitHub rolls out.

module "approvers" {
  source                   = "../approver-role"
  count                    = var.github == null ? 0 : 1
  model                    = var.model
  environment              = var.environment
  function_name            = module.inference.function_name
  api_id                   = module.api.api_id
  table_arn                = local.table_arn
  kms_key_arns             = local.kms_key_arn[*]
  tags                     = local.tags
  permissions_boundary_arn = var.platform.permissions_boundary_arn

  github = {
    repository     = var.github.repository
    repository_ids = var.github.repository_ids
    environment    = var.github.environment
    provider_arn   = module.github[0].provider_arn
  }
}

output "github_approver_role_arn" {
  description = "The variable MLREG_APPROVER_ROLE of the GitHub environment; null without GitHub."
  value       = one(module.approvers[*].role_arn)
}
