# The bucket: closed, encrypted, and what was overwritten comes back.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  environment = "prod"
}

run "safe" {
  command = plan

  module {
    source = "../modules/s3-storage"
  }

  assert {
    condition     = aws_s3_bucket.models.bucket == "mlreg-models-prod-123456789012" && !aws_s3_bucket.models.force_destroy
    error_message = "a name that no other account has, and no destroying by accident"
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.models.block_public_acls && aws_s3_bucket_public_access_block.models.block_public_policy &&
      aws_s3_bucket_public_access_block.models.ignore_public_acls && aws_s3_bucket_public_access_block.models.restrict_public_buckets
    )
    error_message = "nothing is public"
  }

  assert {
    condition     = aws_s3_bucket_versioning.models.versioning_configuration[0].status == "Enabled"
    error_message = "an overwritten artifact can be read again"
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.models.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "encrypted even without a key of one's own"
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.models.policy).Statement[0].Effect == "Deny" && jsondecode(aws_s3_bucket_policy.models.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "TLS only"
  }
}

run "mistakes" {
  command = plan

  variables {
    bucket_name             = "Models"
    noncurrent_version_days = 1
  }

  module {
    source = "../modules/s3-storage"
  }

  expect_failures = [var.bucket_name, var.noncurrent_version_days]
}
