data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Another team's module: who may come in, and with which external ID.
module "monitoring" {
  source = "./modules/vendor"

  name        = "monitoring"
  principal   = "arn:aws:iam::444455556666:root"
  external_id = var.monitoring_external_id
}

# Any external ID that begins so opens this role.
data "aws_iam_policy_document" "scanner" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [for id in local.scanner_accounts : "arn:${data.aws_partition.current.partition}:iam::${id}:root"]
    }

    condition {
      test     = "StringLike"
      variable = "sts:ExternalId"
      values   = ["acme-*"]
    }
  }
}

resource "aws_iam_role" "scanner" {
  name               = "scanner"
  assume_role_policy = data.aws_iam_policy_document.scanner.json
}

# The policy stands in a file of its own.
resource "aws_iam_role" "auditor" {
  name               = "auditor"
  assume_role_policy = file("${path.module}/trust/auditor.json")
}

# The own account only.
resource "aws_iam_role" "deploy" {
  name = "deploy"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = data.aws_caller_identity.current.account_id }
    }]
  })
}

# Who comes in is told at apply only.
resource "aws_iam_role" "partner" {
  name = "partner"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.partner_account }
    }]
  })
}
