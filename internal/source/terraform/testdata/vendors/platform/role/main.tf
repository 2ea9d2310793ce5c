variable "name" { type = string }
variable "trusted" { type = list(string) }
variable "requires_mfa" { type = bool }
variable "external_ids" { type = list(string) }
variable "additional_policies" { type = list(string) }

data "aws_iam_policy_document" "trust" {
  source_policy_documents = var.additional_policies

  statement {
    sid     = "Trusted"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = var.trusted
    }
    dynamic "condition" {
      for_each = var.requires_mfa ? [1] : []
      content {
        test     = "Bool"
        variable = "aws:MultiFactorAuthPresent"
        values   = ["true"]
      }
    }
    dynamic "condition" {
      for_each = length(var.external_ids) == 0 ? {} : { id = var.external_ids }
      iterator = of
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = of.value
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name_prefix        = "${var.name}-"
  assume_role_policy = data.aws_iam_policy_document.trust.minified_json
}
