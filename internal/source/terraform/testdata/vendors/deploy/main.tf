# Deployment from another account of the organization, and from GitHub.
data "aws_caller_identity" "current" {}

variable "tooling_account" { type = string }
variable "require_mfa" { type = bool }

locals {
  github = "token.actions.githubusercontent.com"
  people = formatlist("arn:aws:iam::%s:root", [var.tooling_account])
}

resource "aws_iam_openid_connect_provider" "github" {
  url = "https://${local.github}"
}

resource "aws_iam_role" "people" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.people }
      Action    = "sts:AssumeRole"
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = tostring(var.require_mfa) } }
    }]
  })
}

resource "aws_iam_role" "github" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringLike = { "${local.github}:sub" = "repo:example/*" } }
    }]
  })
}

resource "aws_iam_role" "own" {
  assume_role_policy = templatefile("${path.module}/trust.json.tftpl", {
    principals = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    services   = []
  })
}

resource "aws_iam_role" "both" {
  assume_role_policy = templatefile("${path.module}/trust.json.tftpl", {
    principals = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root", "arn:aws:iam::444455556666:root"]
    services   = ["ec2.amazonaws.com"]
  })
}
