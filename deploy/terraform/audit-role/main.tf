# The role that countersign assumes in an account to read its roles. It may read
# trust policies and what IAM tells with them, and change nothing.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "AuditAccountWithExternalId"
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${var.audit_account_id}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_iam_policy_document" "read_roles" {
  statement {
    sid       = "ReadRoles"
    effect    = "Allow"
    actions   = ["iam:GetAccountAuthorizationDetails"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "audit" {
  name                 = var.role_name
  description          = "Lets countersign read the trust policies of this account"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "read_roles" {
  name   = "read-roles"
  role   = aws_iam_role.audit.id
  policy = data.aws_iam_policy_document.read_roles.json
}
