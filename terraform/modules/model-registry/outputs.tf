output "table_name" {
  description = "Name of the table: `table` of mlreg.yaml."
  value       = aws_dynamodb_table.registry.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.registry.arn
}
