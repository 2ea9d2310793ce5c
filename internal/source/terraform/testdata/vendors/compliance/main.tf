# Compliance: a role module of the vendor that makes its own external ID.
resource "random_string" "external_id" {
  length  = 16
  special = false
}

module "role" {
  source = "./role"

  create        = true
  iam_role_name = "compliance-${random_string.external_id.id}"
  external_id   = random_string.external_id.result
}

module "role_without" {
  source = "./role"

  iam_role_name = "compliance-old"
}

module "role_off" {
  source = "./role"
  create = false
}
