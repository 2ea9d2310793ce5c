variable "operator_arn" {
  description = "The role or user that may change roles from another account."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", var.operator_arn))
    error_message = "This takes the ARN of a role or a user."
  }
}

variable "external_id" {
  description = "What countersign has to send along (--fix-role-external-id); choose a random value."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9+=,.@:/_-]{16,1224}$", var.external_id))
    error_message = "An external ID here has 16 to 1224 letters, digits and any of + = , . @ : / _ -."
  }
}

variable "role_name" {
  description = "The name of the role (--fix-role-name)."
  type        = string
  default     = "countersign-fix"
}

variable "roles" {
  description = "Which roles it may change, as a pattern of their paths and names."
  type        = string
  default     = "*"
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}
