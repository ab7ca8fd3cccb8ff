output "variables" {
  description = "Environment variables of a function that checks keys."
  value       = { MLREG_API_KEYS_PARAMETER = var.parameter.name }
}

output "statements" {
  description = "IAM statements of a function that checks keys."
  value = concat(
    [{ Sid = "${var.sid_prefix}ReadKeyList", Effect = "Allow", Action = "ssm:GetParameter", Resource = local.arn }],
    local.secret == null ? [] : [
      # AWS appends a hyphen and six characters to a secret's name.
      { Sid = "${var.sid_prefix}ReadKeySecret", Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:${local.partition}:secretsmanager:${local.here}:secret:${local.secret}-??????" },
    ],
    var.parameter.kms_key_arn == null ? [] : [
      {
        Sid       = "${var.sid_prefix}DecryptKeyList"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.parameter.kms_key_arn
        Condition = { StringLike = { "kms:ViaService" = ["ssm.*.amazonaws.com*", "secretsmanager.*.amazonaws.com*"] } }
      },
    ],
  )
}
