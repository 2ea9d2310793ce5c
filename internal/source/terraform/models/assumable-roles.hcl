# What terraform-aws-modules/iam, iam-assumable-roles (to version 5), makes of its
# inputs, written from its documentation.
variable "trusted_role_arns" { default = [] }
variable "trusted_role_services" { default = [] }
variable "trusted_role_actions" { default = ["sts:AssumeRole", "sts:TagSession"] }
variable "trust_policy_conditions" { default = [] }
variable "mfa_age" { default = 86400 }
variable "create_admin_role" { default = false }
variable "admin_role_name" { default = "admin" }
variable "admin_role_path" { default = "/" }
variable "admin_role_requires_mfa" { default = true }
variable "create_poweruser_role" { default = false }
variable "poweruser_role_name" { default = "poweruser" }
variable "poweruser_role_path" { default = "/" }
variable "poweruser_role_requires_mfa" { default = true }
variable "create_readonly_role" { default = false }
variable "readonly_role_name" { default = "readonly" }
variable "readonly_role_path" { default = "/" }
variable "readonly_role_requires_mfa" { default = true }

data "aws_iam_policy_document" "made" {
  for_each = { plain = false, mfa = true }
  statement {
    actions = distinct(concat(["sts:AssumeRole"], var.trusted_role_actions))
    principals {
      type        = "AWS"
      identifiers = var.trusted_role_arns
    }
    principals {
      type        = "Service"
      identifiers = var.trusted_role_services
    }
    dynamic "condition" {
      for_each = each.value ? ["mfa"] : []
      content {
        test     = "Bool"
        variable = "aws:MultiFactorAuthPresent"
        values   = ["true"]
      }
    }
    dynamic "condition" {
      for_each = each.value ? ["age"] : []
      content {
        test     = "NumericLessThan"
        variable = "aws:MultiFactorAuthAge"
        values   = [var.mfa_age]
      }
    }
    dynamic "condition" {
      for_each = var.trust_policy_conditions
      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }
}

resource "aws_iam_role" "admin" {
  count              = var.create_admin_role ? 1 : 0
  name               = var.admin_role_name
  path               = var.admin_role_path
  assume_role_policy = var.admin_role_requires_mfa ? data.aws_iam_policy_document.made["mfa"].json : data.aws_iam_policy_document.made["plain"].json
}

resource "aws_iam_role" "poweruser" {
  count              = var.create_poweruser_role ? 1 : 0
  name               = var.poweruser_role_name
  path               = var.poweruser_role_path
  assume_role_policy = var.poweruser_role_requires_mfa ? data.aws_iam_policy_document.made["mfa"].json : data.aws_iam_policy_document.made["plain"].json
}

resource "aws_iam_role" "readonly" {
  count              = var.create_readonly_role ? 1 : 0
  name               = var.readonly_role_name
  path               = var.readonly_role_path
  assume_role_policy = var.readonly_role_requires_mfa ? data.aws_iam_policy_document.made["mfa"].json : data.aws_iam_policy_document.made["plain"].json
}
