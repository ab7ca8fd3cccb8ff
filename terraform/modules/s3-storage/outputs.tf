output "bucket_name" {
  description = "Name of the bucket: artifacts are s3://BUCKET/..."
  value       = aws_s3_bucket.models.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.models.arn
}
