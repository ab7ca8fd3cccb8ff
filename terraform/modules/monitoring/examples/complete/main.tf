provider "aws" {
  region = "eu-west-1"
}

module "monitoring" {
  source        = "../.."
  model         = "recommendation"
  environment   = "prod"
  function_name = "recommendation-inference-prod"
  api_id        = "a1b2c3d4e5"
  table_name    = "mlreg-prod"
  limits        = { mean_latency_ms = 500 }

  subscriptions = [
    { protocol = "email", endpoint = "ml@example.com" },
  ]
}

output "topic_name" {
  description = "notifications.sns of mlreg.yaml."
  value       = module.monitoring.topic_name
}
