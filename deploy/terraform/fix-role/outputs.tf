output "role_arn" {
  description = "The role that countersign assumes."
  value       = aws_iam_role.fix.arn
}
