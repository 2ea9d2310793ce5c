variable "create" {
  type    = bool
  default = true
}
variable "iam_role_name" {
  type    = string
  default = ""
}
variable "external_id" {
  type    = string
  default = null
}
variable "vendor_account_id" {
  type    = string
  default = "444455556666"
}

locals {
  version = "2012-10-17"
}

resource "aws_iam_role" "vendor" {
  count = var.create ? 1 : 0
  name  = var.iam_role_name

  assume_role_policy = <<-ROLE
    {
      "Version": "${local.version}",
      "Statement": [
        {
          "Action": "sts:AssumeRole",
          "Principal": {
            "AWS": "arn:aws:iam::${var.vendor_account_id}:role/vendor-platform"
          },
          "Effect": "Allow",
          "Sid": ""%{ if var.external_id != null },
          "Condition": {
            "StringEquals": {
              "sts:ExternalId": "${var.external_id}"
            }
          }%{ endif }
        }
      ]
    }
  ROLE
}
