# Posture management: a map of vendor roles, the external ID optional.
variable "external_id" {
  description = "Given by the vendor"
  type        = string
  default     = ""
}

variable "vendor_role_arns" {
  type    = map(string)
  default = { scan = "arn:aws:iam::444455556666:role/scanner" }
}

resource "aws_iam_role" "posture" {
  for_each = var.vendor_role_arns

  name = "posture-${each.key}"
  path = "/vendors/"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(
        {
          Sid       = "Vendor"
          Effect    = "Allow"
          Principal = { AWS = each.value }
          Action    = "sts:AssumeRole"
        },
        length(var.external_id) > 0 ? {
          Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
        } : {},
      )
    ]
  })
}
