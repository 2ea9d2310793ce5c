# The role -odd=na+me. of account 111122223333, with the trust policy that closes it.
# The import blocks (Terraform 1.5 or later) adopt what is there: the plan has to show a
# change of assume_role_policy and nothing else.
# Not known here, and left as it is: the path, the description, the longest session, the
# permissions boundary, the managed policies, the inline policies and the tags.

import {
  to = aws_iam_role.odd_na_me
  id = "-odd=na+me."
}

resource "aws_iam_role" "odd_na_me" {
  name = "-odd=na+me."

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

  lifecycle {
    ignore_changes = [path, description, max_session_duration, permissions_boundary, tags]
  }
}
