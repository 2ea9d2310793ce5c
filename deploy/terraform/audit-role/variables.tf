variable "audit_account_id" {
  description = "The account that countersign runs in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.audit_account_id))
    error_message = "An account id has 12 digits."
  }
}

variable "external_id" {
  description = "What countersign has to send along (--role-external-id); choose a random value."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9+=,.@:/_-]{16,1224}$", var.external_id))
    error_message = "An external ID here has 16 to 1224 letters, digits and any of + = , . @ : / _ -."
  }
}

variable "role_name" {
  description = "The name of the role (--role-name)."
  type        = string
  default     = "countersign-audit"
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}
