# Monitoring, as a vendor's page tells people to set it up: the vendor's account
# and an external ID that the vendor's own provider hands out.
terraform {
  required_providers {
    aws    = { source = "hashicorp/aws" }
    vendor = { source = "example/vendor" }
  }
}

locals {
  vendor_account = "444455556666"
}

resource "vendor_integration_aws" "this" {
  account_id = data.aws_caller_identity.current.account_id
  role_name  = "VendorIntegrationRole"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

data "aws_iam_policy_document" "assume_role" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${local.vendor_account}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"

      values = [
        vendor_integration_aws.this.external_id,
      ]
    }
  }
}

resource "aws_iam_role" "integration" {
  name               = "VendorIntegrationRole"
  assume_role_policy = data.aws_iam_policy_document.assume_role.json
}
