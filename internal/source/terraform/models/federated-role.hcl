# The modules of terraform-aws-modules/iam that make one role for an identity
# provider, which no account can assume, written from their documentation.
variable "create" { default = null }
variable "create_role" { default = null }
variable "name" { default = null }
variable "role_name" { default = null }
variable "by_default" { default = true }

data "aws_iam_policy_document" "made" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]
    principals {
      type        = "Federated"
      identifiers = [terraform.identity_provider]
    }
  }
}

resource "aws_iam_role" "this" {
  count              = coalesce(var.create, var.create_role, var.by_default) ? 1 : 0
  name               = var.role_name == null ? var.name : var.role_name
  assume_role_policy = data.aws_iam_policy_document.made.json
}
