variable "name" {
  type = string
}

variable "principal" {
  type = string
}

variable "external_id" {
  type = string
}

resource "aws_iam_role" "this" {
  name = var.name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.principal }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}
