# What cloudposse/iam-role makes of its inputs, written from its documentation.
variable "enabled" { default = null }
variable "principals" { default = {} }
variable "assume_role_actions" { default = ["sts:AssumeRole", "sts:TagSession"] }
variable "assume_role_conditions" { default = [] }
variable "assume_role_policy" { default = null }
variable "path" { default = "/" }

data "aws_iam_policy_document" "made" {
  dynamic "statement" {
    for_each = var.principals
    iterator = of
    content {
      actions = var.assume_role_actions
      principals {
        type        = of.key
        identifiers = of.value
      }
      dynamic "condition" {
        for_each = var.assume_role_conditions
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role" "default" {
  count              = coalesce(var.enabled, true) ? 1 : 0
  path               = var.path
  assume_role_policy = var.assume_role_policy == null ? data.aws_iam_policy_document.made.json : var.assume_role_policy
}
