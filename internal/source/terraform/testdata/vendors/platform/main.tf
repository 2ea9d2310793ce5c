# A platform team's own wrapper, in the style of the public modules.
module "roles" {
  source   = "./role"
  for_each = {
    read = {
      trusted = ["arn:aws:iam::444455556666:root"]
      mfa     = true
    }
    write = {
      trusted = ["arn:aws:iam::444455556666:root"]
      ids     = ["k3-99-vendor"]
    }
    open = {
      trusted = ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"]
    }
  }

  name                = each.key
  trusted             = each.value.trusted
  requires_mfa        = lookup(each.value, "mfa", false)
  external_ids        = try(each.value.ids, [])
  additional_policies = [data.aws_iam_policy_document.guard[each.key].json]
}

data "aws_iam_policy_document" "guard" {
  for_each = toset(["read", "write", "open"])
  statement {
    sid     = "Guard"
    effect  = "Deny"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = [each.key, "&{aws:username}"]
    }
  }
}
