package terraform

import (
	"slices"
	"strings"
	"testing"

	"countersign/internal/privilege"
)

const grantsText = `
locals { trusted = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole" }] }) }
data "aws_partition" "here" {}
variable "arn" {}
variable "more" { default = [] }

resource "aws_iam_role" "listed" {
  assume_role_policy  = local.trusted
  managed_policy_arns = ["arn:${data.aws_partition.here.partition}:iam::aws:policy/AdministratorAccess"]
}

resource "aws_iam_role" "inline" {
  assume_role_policy = local.trusted
  inline_policy {
    name   = "reads"
    policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }] })
  }
}

resource "aws_iam_role" "bounded" {
  assume_role_policy   = local.trusted
  managed_policy_arns  = ["arn:aws:iam::aws:policy/AdministratorAccess"]
  permissions_boundary = aws_iam_policy.limit.arn
}
resource "aws_iam_policy" "limit" {
  policy = data.aws_iam_policy_document.limit.json
}
data "aws_iam_policy_document" "limit" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "attached" {
  name               = "attached"
  assume_role_policy = local.trusted
}
resource "aws_iam_role_policy_attachment" "limit" {
  role       = aws_iam_role.attached.name
  policy_arn = aws_iam_policy.limit.arn
}

resource "aws_iam_role" "several" {
  for_each           = toset(["a", "b"])
  name               = each.key
  assume_role_policy = local.trusted
}
resource "aws_iam_role_policy_attachment" "several" {
  for_each   = toset(["AmazonS3ReadOnlyAccess", "IAMFullAccess"])
  role       = aws_iam_role.several["a"].name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}

resource "aws_iam_role" "named" {
  name               = "by-name"
  assume_role_policy = local.trusted
}
resource "aws_iam_role_policy" "named" {
  role   = "by-name"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["iam:PassRole", "ec2:RunInstances"], Resource = "*" }] })
}

resource "aws_iam_role" "open" {
  assume_role_policy = local.trusted
}
resource "aws_iam_role_policy_attachment" "open" {
  role       = aws_iam_role.open.id
  policy_arn = var.arn
}

resource "aws_iam_role" "nothing" {
  assume_role_policy = local.trusted
}
`

func TestRolesThatOtherModulesMayAttachToAreUnknown(t *testing.T) {
	const module = `resource "aws_iam_role" "r" { assume_role_policy = jsonencode({ Statement = [] }) }
output "it" { value = aws_iam_role.r.%s }`
	for attribute, want := range map[string]privilege.Level{"arn": privilege.None, "name": privilege.Unknown} {
		roles, _ := read(t, map[string]string{
			"main.tf":   `module "m" { source = "./m" }`,
			"m/main.tf": strings.Replace(module, "%s", attribute, 1),
		}, ".", Options{Account: ownNumber})
		if got := privilege.Of(roles[0], privilege.Read); got.Level != want {
			t.Errorf("%s is handed on: %+v, want %s", attribute, got, want)
		}
	}
}

func TestWhatARoleOfAConfigurationMayDo(t *testing.T) {
	roles, incomplete := read(t, map[string]string{"main.tf": grantsText}, ".", Options{Account: ownNumber})
	if len(incomplete) > 0 {
		t.Fatal(incomplete)
	}
	got := map[string]*privilege.Privilege{}
	for _, one := range roles {
		got[one.Source.Address] = privilege.Of(one, privilege.Read)
	}
	for address, want := range map[string]struct {
		level   privilege.Level
		unknown string
	}{
		"aws_iam_role.listed":       {privilege.Administrator, ""},
		"aws_iam_role.inline":       {privilege.ReadsData, ""},
		"aws_iam_role.bounded":      {privilege.WritesData, ""},
		"aws_iam_role.attached":     {privilege.WritesData, ""},
		`aws_iam_role.several["a"]`: {privilege.CanBecomeAdministrator, ""},
		`aws_iam_role.several["b"]`: {privilege.CanBecomeAdministrator, ""},
		"aws_iam_role.named":        {privilege.CanBecomeAdministrator, ""},
		"aws_iam_role.open":         {privilege.Unknown, "var.arn"},
		"aws_iam_role.nothing":      {privilege.None, ""},
	} {
		t.Run(address, func(t *testing.T) {
			told := got[address]
			if told == nil {
				t.Fatal("nothing is told")
			}
			has := func(text string) bool { return strings.Contains(text, want.unknown) }
			if told.Level != want.level || (want.unknown != "") != (len(told.Unknown) > 0) || want.unknown != "" && !slices.ContainsFunc(told.Unknown, has) {
				t.Errorf("%+v, want %s and %q", told, want.level, want.unknown)
			}
		})
	}
}
