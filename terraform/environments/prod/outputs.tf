output "mlreg" {
  description = "What mlreg.yaml needs to know: terraform output -json | mlreg init --from-terraform -"
  value       = module.stack.mlreg
}

output "stack" {
  description = "All that the stack says of itself: url, bucket, dashboard, roles and more; see ../../modules/stack/README.md."
  value       = module.stack
}
