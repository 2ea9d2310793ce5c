# The role that countersign assumes in an account to change the trust policies of
# its roles. Who can change them can get into every role.

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

data "aws_caller_identity" "current" {}

locals {
  roles = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role"
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "OperatorWithExternalId"
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.operator_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_iam_policy_document" "change_trust_policies" {
  statement {
    sid       = "ChangeTrustPolicies"
    effect    = "Allow"
    actions   = ["iam:GetRole", "iam:UpdateAssumeRolePolicy"]
    resources = ["${local.roles}/${var.roles}"]
  }

  statement {
    sid       = "NotItsOwn"
    effect    = "Deny"
    actions   = ["iam:UpdateAssumeRolePolicy"]
    resources = ["${local.roles}/${var.role_name}"]
  }
}

resource "aws_iam_role" "fix" {
  name                 = var.role_name
  description          = "Lets countersign change the trust policies of this account"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "change_trust_policies" {
  name   = "change-trust-policies"
  role   = aws_iam_role.fix.id
  policy = data.aws_iam_policy_document.change_trust_policies.json
}
