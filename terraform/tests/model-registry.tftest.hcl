# The table: its keys are the store's, and it is not lost by accident.

mock_provider "aws" {
  source = "./mocks"
  # Already while planning, so that nothing is left unknown.
  override_during = plan
}

variables {
  environment = "prod"
}

run "keys" {
  command = plan

  module {
    source = "../modules/model-registry"
  }

  assert {
    condition     = aws_dynamodb_table.registry.name == "mlreg-prod" && aws_dynamodb_table.registry.hash_key == "pk" && aws_dynamodb_table.registry.range_key == "sk"
    error_message = "the store writes items by pk and sk"
  }

  assert {
    condition     = aws_dynamodb_table.registry.deletion_protection_enabled && aws_dynamodb_table.registry.point_in_time_recovery[0].enabled && aws_dynamodb_table.registry.point_in_time_recovery[0].recovery_period_in_days == 35
    error_message = "there is no other copy of what serves and why"
  }

  assert {
    condition     = length(aws_dynamodb_table.registry.ttl) == 0 || !coalesce(one(aws_dynamodb_table.registry.ttl[*].enabled), false)
    error_message = "nothing in the journal goes by itself"
  }
}

run "key_of_ones_own" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/k"
  }

  module {
    source = "../modules/model-registry"
  }

  assert {
    condition     = aws_dynamodb_table.registry.server_side_encryption[0].kms_key_arn == var.kms_key_arn
    error_message = "encrypted by the key given"
  }
}

run "mistakes" {
  command = plan

  variables {
    environment   = "Prod"
    recovery_days = 36
  }

  module {
    source = "../modules/model-registry"
  }

  expect_failures = [var.environment, var.recovery_days]
}
