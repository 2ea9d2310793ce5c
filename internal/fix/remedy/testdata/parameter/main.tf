# The role VendorScanner of account 111122223333, with the trust policy that closes it.
# The import blocks (Terraform 1.5 or later) adopt what is there: the plan has to show a
# change of assume_role_policy and nothing else.

variable "vendor_external_id" {
  description = "The external ID that the third party gives when it assumes the role"
  type        = string
  sensitive   = true
}

import {
  to = aws_iam_role.vendor_scanner
  id = "VendorScanner"
}

resource "aws_iam_role" "vendor_scanner" {
  name                 = "VendorScanner"
  path                 = "/vendors/"
  description          = "Lets the vendor's scanner read"
  max_session_duration = 3600
  permissions_boundary = "arn:aws:iam::111122223333:policy/boundary"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::444455556666:root" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "sts:ExternalId" = var.vendor_external_id }
        }
      },
    ]
  })

  tags = {
    "cost centre" = "4711"
    team          = "security"
  }
}

import {
  to = aws_iam_role_policy_attachment.vendor_scanner_security_audit
  id = "VendorScanner/arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_role_policy_attachment" "vendor_scanner_security_audit" {
  role       = aws_iam_role.vendor_scanner.name
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

import {
  to = aws_iam_role_policy_attachment.vendor_scanner_scan_more
  id = "VendorScanner/arn:aws:iam::111122223333:policy/more/scan-more"
}

resource "aws_iam_role_policy_attachment" "vendor_scanner_scan_more" {
  role       = aws_iam_role.vendor_scanner.name
  policy_arn = "arn:aws:iam::111122223333:policy/more/scan-more"
}

import {
  to = aws_iam_role_policy.vendor_scanner_read_bucket
  id = "VendorScanner:read-bucket"
}

resource "aws_iam_role_policy" "vendor_scanner_read_bucket" {
  role = aws_iam_role.vendor_scanner.name
  name = "read-bucket"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:aws:s3:::findings/$${aws:username}/*"
    }
  })
}
