# What terraform-aws-modules/iam, iam-assumable-role (to version 5), makes of its
# inputs, written from its documentation.
variable "create_role" { default = false }
variable "role_name" { default = null }
variable "role_path" { default = "/" }
variable "trusted_role_arns" { default = [] }
variable "trusted_role_services" { default = [] }
variable "trusted_role_actions" { default = ["sts:AssumeRole", "sts:TagSession"] }
variable "trust_policy_conditions" { default = [] }
variable "role_requires_mfa" {
  type    = bool
  default = true
}
variable "mfa_age" { default = 86400 }
variable "role_sts_externalid" { default = [] }
variable "role_requires_session_name" { default = false }
variable "role_session_name" { default = ["$${aws:username}"] }
variable "allow_self_assume_role" { default = false }
variable "create_custom_role_trust_policy" { default = false }
variable "custom_role_trust_policy" { default = "" }

locals {
  ids    = flatten([var.role_sts_externalid])
  custom = var.create_custom_role_trust_policy || var.custom_role_trust_policy != ""
}

data "aws_caller_identity" "own" {}

data "aws_iam_policy_document" "made" {
  dynamic "statement" {
    for_each = var.allow_self_assume_role ? ["self"] : []
    content {
      sid     = "ExplicitSelfRoleAssumption"
      actions = ["sts:AssumeRole"]
      principals {
        type        = "AWS"
        identifiers = ["*"]
      }
      condition {
        test     = "ArnLike"
        variable = "aws:PrincipalArn"
        values   = ["arn:aws:iam::${data.aws_caller_identity.own.account_id}:role${var.role_path}${var.role_name == null ? "*" : var.role_name}"]
      }
    }
  }
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
      for_each = var.role_requires_mfa ? ["mfa"] : []
      content {
        test     = "Bool"
        variable = "aws:MultiFactorAuthPresent"
        values   = ["true"]
      }
    }
    dynamic "condition" {
      for_each = var.role_requires_mfa ? ["age"] : []
      content {
        test     = "NumericLessThan"
        variable = "aws:MultiFactorAuthAge"
        values   = [var.mfa_age]
      }
    }
    dynamic "condition" {
      for_each = length(local.ids) == 0 ? [] : ["id"]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = local.ids
      }
    }
    dynamic "condition" {
      for_each = var.role_requires_session_name ? ["name"] : []
      content {
        test     = "StringEquals"
        variable = "sts:RoleSessionName"
        values   = var.role_session_name
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

resource "aws_iam_role" "this" {
  count              = var.create_role ? 1 : 0
  name               = var.role_name
  path               = var.role_path
  assume_role_policy = local.custom ? var.custom_role_trust_policy : data.aws_iam_policy_document.made.json
}
