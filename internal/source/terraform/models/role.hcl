# What terraform-aws-modules/iam, iam-role (from version 6), makes of its inputs,
# written from its documentation. The federated statements are told apart by
# their principals only, since no account gets in through them.
variable "create" { default = true }
variable "name" { default = null }
variable "use_name_prefix" { default = true }
variable "path" { default = null }
variable "enable_oidc" { default = false }
variable "oidc_provider_urls" { default = [] }
variable "enable_github_oidc" { default = false }
variable "github_provider" { default = "token.actions.githubusercontent.com" }
variable "enable_bitbucket_oidc" { default = false }
variable "enable_saml" { default = false }
variable "saml_provider_ids" { default = [] }
variable "trust_policy_permissions" {
  type = map(object({
    sid         = optional(string)
    actions     = optional(list(string))
    not_actions = optional(list(string))
    effect      = optional(string)
    principals = optional(list(object({
      type        = string
      identifiers = list(string)
    })))
    not_principals = optional(list(object({
      type        = string
      identifiers = list(string)
    })))
    condition = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })))
  }))
  default = null
}

data "aws_caller_identity" "own" {}

locals {
  providers = concat(
    var.enable_oidc || var.enable_bitbucket_oidc ? var.oidc_provider_urls : [],
    var.enable_github_oidc ? [var.github_provider] : [],
  )
}

data "aws_iam_policy_document" "made" {
  dynamic "statement" {
    for_each = local.providers
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = ["arn:aws:iam::${data.aws_caller_identity.own.account_id}:oidc-provider/${replace(statement.value, "https://", "")}"]
      }
    }
  }
  dynamic "statement" {
    for_each = var.enable_saml ? ["saml"] : []
    content {
      actions = ["sts:AssumeRoleWithSAML"]
      principals {
        type        = "Federated"
        identifiers = var.saml_provider_ids
      }
    }
  }
  dynamic "statement" {
    for_each = var.trust_policy_permissions == null ? {} : var.trust_policy_permissions
    content {
      sid         = statement.value.sid == null ? statement.key : statement.value.sid
      effect      = statement.value.effect
      actions     = statement.value.actions
      not_actions = statement.value.not_actions
      dynamic "principals" {
        for_each = statement.value.principals == null ? [] : statement.value.principals
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }
      dynamic "not_principals" {
        for_each = statement.value.not_principals == null ? [] : statement.value.not_principals
        content {
          type        = not_principals.value.type
          identifiers = not_principals.value.identifiers
        }
      }
      dynamic "condition" {
        for_each = statement.value.condition == null ? [] : statement.value.condition
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count              = var.create ? 1 : 0
  name               = var.use_name_prefix ? null : var.name
  path               = var.path
  assume_role_policy = data.aws_iam_policy_document.made.json
}
