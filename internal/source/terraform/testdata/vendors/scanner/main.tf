# A scanner that an auditor runs from their own account.
variable "external_id" {
  type = string
}
variable "auditor_account" {
  type = string
}
variable "auditor_principal" {
  type    = string
  default = "role/scanner*"
}

resource "aws_iam_role" "scan" {
  name               = "ScanRole"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  version = "2012-10-17"

  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.auditor_account}:root"]
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
    condition {
      test     = "StringLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:aws:iam::${var.auditor_account}:${var.auditor_principal}"]
    }
  }
}
