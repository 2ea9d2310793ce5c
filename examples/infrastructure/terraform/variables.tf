variable "monitoring_external_id" {
  description = "The monitoring vendor issues it."
  type        = string
  sensitive   = true
}

variable "partner_account" {
  description = "The partner's account id."
  type        = string
}

locals {
  scanner_accounts = ["555566667777"]
}
