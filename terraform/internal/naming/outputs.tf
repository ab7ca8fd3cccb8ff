output "account" {
  description = "The account's twelve digits."
  value       = local.account
}

output "partition" {
  description = "aws, aws-cn or aws-us-gov."
  value       = local.partition
}

output "region" {
  description = "The Region, such as eu-west-1."
  value       = local.region
}

output "here" {
  description = "REGION:ACCOUNT, as in the middle of an ARN."
  value       = "${local.region}:${local.account}"
}

output "endpoint_arns" {
  description = "Patterns of the ARNs that endpoints of this model in this environment have, whatever their version."
  value       = [for name in local.endpoints : "arn:${local.partition}:sagemaker:${local.region}:${local.account}:endpoint/${name}-*"]
}
