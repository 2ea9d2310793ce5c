# The role VendorScanner of account 111122223333, with the trust policy that closes it.
# The import blocks (Terraform 1.5 or later) adopt what is there: the plan has to show a
# change of assume_role_policy and nothing else.

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
        Sid       = "Vendor"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::444455556666:root" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "sts:ExternalId" = "9f2c41d7-5e0b-4a86-b3d9-7c1e8a4f6025" }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = [
            "arn:aws:iam::777788889999:user/ops/ann",
            "arn:aws:iam::777788889999:user/ops/bo",
          ]
        }
        Action = ["sts:AssumeRole", "sts:TagSession"]
        Condition = {
          Bool            = { "aws:MultiFactorAuthPresent" = true }
          StringLike      = { "aws:PrincipalTag/team" = "$${aws:ResourceTag/team}" }
          NumericLessThan = { "aws:MultiFactorAuthAge" = 3600 }
        }
      },
      {
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
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
