package terraform

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Policies that the constructs below are put together from: another account
// without a condition, and with an external ID.
const (
	open_  = `{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole" }`
	secret = `{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } } }`
)

// encoded is a role whose policy has the statements given as an expression.
func encoded(statements string) string {
	return "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = jsonencode({ Version = \"2012-10-17\", Statement = " + statements + " })\n}\n"
}

// documented is a role with a policy document of the given content.
func documented(content string) string {
	return "data \"aws_iam_policy_document\" \"d\" {\n" + content + "\n}\nresource \"aws_iam_role\" \"r\" {\n  assume_role_policy = data.aws_iam_policy_document.d.json\n}\n"
}

const principals444 = "actions = [\"sts:AssumeRole\"]\n principals {\n type = \"AWS\"\n identifiers = [\"444455556666\"]\n }\n"

const externalID = "condition {\n test = \"StringEquals\"\n variable = \"sts:ExternalId\"\n values = [\"k3-99-vendor\"]\n }\n"

var fingerprints = regexp.MustCompile("#[0-9a-f]{8}")

// Every construct alone. The verdicts are worked out by hand: the role's own
// account is 111122223333, all others are strangers.
func TestConstructs(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"an object", encoded(open_), "fail"},
		{"a list", encoded("[" + secret + "]"), "pass"},
		{"a local", "locals { s = " + secret + " }\n" + encoded("[local.s]"), "pass"},
		{"a local that depends on itself", "locals { s = [local.s] }\n" + encoded("local.s"), "unknown [local.s (depends on itself)]"},
		{"a default", "variable \"a\" { default = \"444455556666\" }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = var.a }, Action = "sts:AssumeRole" }]`), "fail default"},
		{"an optional attribute's default", "variable \"v\" {\n type = object({ id = optional(string, \"444455556666\") })\n default = {}\n}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = var.v.id }, Action = "sts:AssumeRole" }]`), "fail default"},
		{"an optional attribute that is not there", "variable \"v\" {\n type = object({ x = optional(string) })\n default = {}\n}\n" + encoded("var.v.x == null ? ["+open_+"] : []"), "fail default"},
		{"an unknown condition on which nothing depends", "variable \"x\" {}\n" + encoded("[var.x ? "+secret+" : "+secret+"]"), "pass"},
		{"an unknown condition that decides", "variable \"x\" {}\n" + encoded("[var.x ? "+secret+" : "+open_+"]"), "unknown [var.x == true]"},
		{"the same unknown condition twice", "variable \"x\" {}\n" + encoded("concat(var.x ? ["+open_+"] : [], var.x ? [{ Effect = \"Deny\", Principal = \"*\", Action = \"sts:AssumeRole\" }] : [])"), "not-applicable"},
		{"and turned round", "variable \"x\" {}\n" + encoded("concat(var.x != null ? ["+open_+"] : [], var.x == null ? [] : [{ Effect = \"Deny\", Principal = \"*\", Action = \"sts:AssumeRole\" }])"), "not-applicable"},
		{"a for expression", encoded(`[for a in ["111122223333", "444455556666"] : { Effect = "Allow", Principal = { AWS = a }, Action = "sts:AssumeRole" } if a != "444455556666"]`), "not-applicable"},
		{"a for expression over a map", encoded(`[for k, a in { x = "444455556666" } : { Sid = k, Effect = "Allow", Principal = { AWS = "arn:aws:iam::${a}:root" }, Action = "sts:AssumeRole" }]`), "fail"},
		{"a for expression over what is not known", "variable \"x\" {}\n" + encoded(`[for a in var.x : { Effect = "Allow", Principal = { AWS = a }, Action = "sts:AssumeRole" }]`), "unknown [length(var.x) == 0 var.x[*]]"},
		{"the same, all protected", "variable \"x\" {}\n" + encoded(`[for a in var.x : { Effect = "Allow", Principal = { AWS = a }, Action = "sts:AssumeRole", Condition = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } } }]`), "pass"},
		{"an object made by a for expression", encoded(`[merge({ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole" }, { for k, v in { Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } } } : k => v })]`), "pass"},
		{"an entry of a map that may not be there", "variable \"x\" {}\nlocals { m = { for k, v in { a = \"444455556666\" } : k => v if var.x } }\n" + encoded(`[for a in local.m : { Effect = "Allow", Principal = { AWS = a }, Action = "sts:AssumeRole" }]`), "unknown [var.x == true]"},
		{"the same, protected", "variable \"x\" {}\nlocals { m = { for k, v in { a = \"444455556666\" } : k => v if var.x } }\n" + encoded(`[for a in local.m : { Effect = "Allow", Principal = { AWS = a }, Action = "sts:AssumeRole", Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } } }]`), "pass"},
		{"a splat", "locals { v = [{ id = \"444455556666\" }] }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = local.v[*].id }, Action = "sts:AssumeRole" }]`), "fail"},
		{"an index", "locals { v = { a = [\"111122223333\", \"444455556666\"] } }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = local.v["a"][1] }, Action = "sts:AssumeRole" }]`), "fail"},
		{"merge with what is not known", "variable \"x\" {}\n" + encoded("[merge("+open_+", var.x)]"), "unknown [merge({…#}, var.x)]"},
		{"a condition that is not known as a whole", "variable \"x\" {}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole", Condition = var.x }]`), "unknown [var.x]"},
		{"what differs has different names", "variable \"x\" {}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:PrincipalAccount" = lookup({ a = "1" }, var.x, "2"), "aws:SourceAccount" = lookup({ a = "3" }, var.x, "4") } } }]`), "not-applicable"},
		{"coalesce", "variable \"x\" { default = \"\" }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = coalesce(var.x, "444455556666") }, Action = "sts:AssumeRole" }]`), "fail default"},
		{"try", encoded(`[{ Effect = "Allow", Principal = { AWS = try({}.nothing, "444455556666") }, Action = "sts:AssumeRole" }]`), "fail"},
		{"try where the second has no value either", "variable \"x\" {}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = try({}.a, var.x ? {}.b : "111122223333", "444455556666") }, Action = "sts:AssumeRole" }]`), "unknown [var.x == true]"},
		{"lookup", encoded(`[{ Effect = "Allow", Principal = { AWS = lookup({ a = "444455556666" }, "a", "111122223333") }, Action = "sts:AssumeRole" }]`), "fail"},
		{"format", "variable \"x\" {}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = format("arn:aws:iam::%s:role/%s", "444455556666", var.x) }, Action = "sts:AssumeRole" }]`), "fail"},
		{"formatlist", encoded(`[{ Effect = "Allow", Principal = { AWS = formatlist("arn:aws:iam::%s:root", ["111122223333", "444455556666"]) }, Action = "sts:AssumeRole" }]`), "fail"},
		{"compact and distinct", encoded(`[{ Effect = "Allow", Principal = { AWS = distinct(compact(["", "111122223333", null])) }, Action = "sts:AssumeRole" }]`), "not-applicable"},
		{"flatten", encoded(`flatten([[` + open_ + `], []])`), "fail"},
		{"join and split", encoded(`[{ Effect = "Allow", Principal = { AWS = split(",", join(",", ["111122223333", "444455556666"])) }, Action = "sts:AssumeRole" }]`), "fail"},
		{"regex", encoded(`[{ Effect = "Allow", Principal = { AWS = regex("[0-9]{12}", "arn:aws:iam::444455556666:root") }, Action = "sts:AssumeRole" }]`), "fail"},
		{"zipmap, keys, values", encoded(`[{ Effect = "Allow", Principal = zipmap(["AWS"], [values({ a = "444455556666" })]), Action = "sts:AssumeRole" }]`), "fail"},
		{"jsondecode", encoded(`jsondecode("[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"},\"Action\":\"sts:AssumeRole\"}]")`), "fail"},
		{"yamldecode", encoded("[yamldecode(<<E\nEffect: Allow\nPrincipal: {AWS: '444455556666'}\nAction: sts:AssumeRole\nE\n)]"), "fail"},
		{"a function of chance", encoded(`[{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "sts:ExternalId" = uuid() } } }]`), "pass"},
		{"count of none", "resource \"aws_iam_role\" \"no\" {\n count = 0\n assume_role_policy = \"\"\n}\n" + encoded(secret), "pass"},
		{"a for_each that is one of two", "variable \"x\" {}\nresource \"aws_iam_role\" \"no\" {\n count = 0\n assume_role_policy = \"\"\n}\nlocals { two = var.x ? { a = \"111122223333\" } : { a = \"444455556666\" } }\n" + strings.Replace(encoded(`[{ Effect = "Allow", Principal = { AWS = each.value }, Action = "sts:AssumeRole" }]`), "{\n", "{\n for_each = local.two\n", 1), `r["a"] unknown [var.x == true]`},
		{"the own account", "data \"aws_caller_identity\" \"c\" {}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = data.aws_caller_identity.c.account_id }, Action = "sts:AssumeRole" }]`), "not-applicable"},
		{"who applies it", "data \"aws_caller_identity\" \"c\" {}\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = data.aws_caller_identity.c.arn }, Action = "sts:AssumeRole" }]`), "not-applicable"},
		{"the account of another provider", "provider \"aws\" {}\nprovider \"aws\" {\n alias = \"o\"\n profile = \"other\"\n}\ndata \"aws_caller_identity\" \"c\" { provider = aws.o }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.c.account_id}:root" }, Action = "sts:AssumeRole" }]`), `unknown [the account of profile="other"]`},
		{"another provider with the same login", "provider \"aws\" {}\nprovider \"aws\" {\n alias = \"o\"\n region = \"eu-west-1\"\n}\ndata \"aws_caller_identity\" \"c\" { provider = aws.o }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = data.aws_caller_identity.c.account_id }, Action = "sts:AssumeRole" }]`), "not-applicable"},
		{"another role of the configuration", "resource \"aws_iam_role\" \"a\" {\n count = 0\n name = \"x\"\n}\nresource \"aws_iam_user\" \"u\" { name = \"x\" }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = aws_iam_user.u.arn }, Action = "sts:AssumeRole" }]`), "not-applicable"},
		{"an attribute of another resource", encoded(`[{ Effect = "Allow", Principal = { AWS = aws_thing.x.arn }, Action = "sts:AssumeRole" }]`), "unknown [aws_thing.x (not declared)]"},
		{"directives", "variable \"x\" {}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<E\n{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"},\"Action\":\"sts:AssumeRole\"\n%{ if var.x }\n,\"Condition\":{\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}}\n%{ endif }\n}]}\nE\n}\n", "unknown [var.x == true]"},
		{"a hole in a heredoc", "variable \"x\" {}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<E\n{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"${var.x}\"}}}]}\nE\n}\n", "pass"},
		{"jsonencode in a heredoc", "variable \"x\" {}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<E\n{\"Version\":\"2012-10-17\",\"Statement\":${jsonencode([" + secret + "])}}\nE\n}\n", "pass"},
		{"a hole that leaves the structure open", "variable \"x\" {}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = \"{\\\"Version\\\":\\\"2012-10-17\\\",${var.x}}\"\n}\n", "unknown [var.x]"},
		{"a policy that is no JSON", "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = \"{'Version'}\"\n}\n", "error line 2, column 25: unexpected '\\'', expected a key in quotation marks"},
		{"no policy", "resource \"aws_iam_role\" \"r\" {\n}\n", "error the resource has no assume_role_policy"},
		{"awscc", "resource \"awscc_iam_role\" \"r\" {\n assume_role_policy_document = jsonencode({ Version = \"2012-10-17\", Statement = [" + open_ + "] })\n}\n", "fail"},
		{"a document", documented("statement {\n" + principals444 + "}"), "fail"},
		{"a document with a condition", documented("statement {\n" + principals444 + externalID + "}"), "pass"},
		{"two conditions that are merged", documented("statement {\n" + principals444 + externalID + strings.Replace(externalID, "k3-99-vendor", "*", 1) + "}"), "pass"}, // StringEquals takes * as it is
		{"two patterns that are merged", documented("statement {\n" + principals444 + strings.ReplaceAll(externalID, "StringEquals", "StringLike") + strings.NewReplacer("k3-99-vendor", "*", "StringEquals", "StringLike").Replace(externalID) + "}"), "fail"},
		{"a condition in a dynamic block", "variable \"x\" { default = \"k3-99-vendor\" }\n" + documented("statement {\n"+principals444+"dynamic \"condition\" {\n for_each = var.x == null ? [] : [var.x]\n content {\n test = \"StringEquals\"\n variable = \"sts:ExternalId\"\n values = [condition.value]\n }\n }\n}"), "pass default"},
		{"a dynamic block that may be there", "variable \"x\" {}\n" + documented("statement {\n"+principals444+"dynamic \"condition\" {\n for_each = var.x == null ? [] : [var.x]\n content {\n test = \"StringEquals\"\n variable = \"sts:ExternalId\"\n values = [condition.value]\n }\n }\n}"), "unknown [var.x == null]"},
		{"a dynamic block over what is not known", "variable \"x\" {}\n" + documented("dynamic \"statement\" {\n for_each = var.x\n content {\n actions = [\"sts:AssumeRole\"]\n principals {\n type = \"AWS\"\n identifiers = statement.value.who\n }\n "+externalID+" }\n}"), "pass"},
		{"a default that leaves a block out", "variable \"ids\" { default = [] }\n" + documented("statement {\n"+principals444+"dynamic \"condition\" {\n for_each = length(var.ids) > 0 ? [1] : []\n content {\n test = \"StringEquals\"\n variable = \"sts:ExternalId\"\n values = var.ids\n }\n }\n}"), "fail default"},
		{"a default that picks an object", "variable \"x\" { default = true }\nlocals { who = var.x ? { id = \"444455556666\" } : { id = \"111122223333\" } }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = local.who.id }, Action = "sts:AssumeRole" }]`), "fail default"},
		{"lists in lists of identifiers", documented("statement {\n" + strings.Replace(principals444, `["444455556666"]`, `[["444455556666"]]`, 1) + "}"), "fail"},
		{"principals of several kinds", documented("statement {\n" + principals444 + "principals {\n type = \"Service\"\n identifiers = [\"ec2.amazonaws.com\"]\n }\n" + externalID + "}"), "pass"},
		{"a Deny for all others", documented("statement {\n" + principals444 + "}\nstatement {\n effect = \"Deny\"\n actions = [\"sts:AssumeRole\"]\n not_principals {\n type = \"AWS\"\n identifiers = [\"arn:aws:iam::111122223333:root\"]\n }\n}"), "not-applicable"},
		{"a source document", "data \"aws_iam_policy_document\" \"s\" {\n statement {\n" + principals444 + "}\n}\n" + documented("source_policy_documents = [data.aws_iam_policy_document.s.json]"), "fail"},
		{"an override by Sid", "data \"aws_iam_policy_document\" \"s\" {\n statement {\n sid = \"A\"\n" + principals444 + externalID + "}\n}\n" + documented("override_policy_documents = [data.aws_iam_policy_document.s.json]\n statement {\n sid = \"A\"\n"+principals444+"}"), "pass"},
		{"a source with another Sid", "data \"aws_iam_policy_document\" \"s\" {\n statement {\n sid = \"A\"\n" + principals444 + externalID + "}\n}\n" + documented("source_policy_documents = [data.aws_iam_policy_document.s.json]\n statement {\n sid = \"B\"\n"+principals444+"}"), "fail"},
		{"a source that is not known", "variable \"x\" {}\n" + documented("source_policy_documents = [var.x]\n statement {\n"+principals444+externalID+"}"), "unknown [var.x]"},
		{"the older names", "data \"aws_iam_policy_document\" \"s\" {\n statement {\n sid = \"A\"\n" + principals444 + externalID + "}\n}\n" + documented("override_json = data.aws_iam_policy_document.s.json\n statement {\n sid = \"A\"\n"+principals444+"}"), "pass"},
		{"a document that reads itself", documented("source_policy_documents = [data.aws_iam_policy_document.d.json]"), "unknown [data.aws_iam_policy_document.d (depends on itself)]"},
		{"a document whose count is not known", "variable \"n\" {}\ndata \"aws_iam_policy_document\" \"d\" {\n count = var.n\n statement {\n" + principals444 + externalID + "}\n}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = data.aws_iam_policy_document.d[0].json\n}\n", "pass"},
		{"one of a document with a count", "data \"aws_iam_policy_document\" \"d\" {\n count = 1\n statement {\n" + principals444 + externalID + "}\n}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = one(data.aws_iam_policy_document.d[*].json)\n}\n", "pass"},
		{"CRLF", strings.ReplaceAll(documented("statement {\n"+principals444+externalID+"}"), "\n", "\r\n"), "pass"},
		{"a byte order mark", "\uFEFF" + documented("statement {\n"+principals444+externalID+"}"), "pass"},
		{"tabs", strings.ReplaceAll(documented("statement {\n"+principals444+externalID+"}"), " ", "\t"), "pass"},
		{"template_file", "data \"template_file\" \"t\" {\n template = \"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{\\\"AWS\\\":\\\"$${who}\\\"},\\\"Action\\\":\\\"sts:AssumeRole\\\"}}\"\n vars = { who = \"444455556666\" }\n}\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = data.template_file.t.rendered\n}\n", "fail"},
	}
	for _, test := range tests {
		roles, incomplete := read(t, map[string]string{"main.tf": test.text}, ".", Options{Account: ownNumber})
		if len(roles) != 1 || len(incomplete) > 0 {
			t.Errorf("%s: %d roles, %v", test.name, len(roles), incomplete)
			continue
		}
		_, got, _ := strings.Cut(line(roles[0]), "aws_iam_role.r ")
		if strings.HasPrefix(test.want, "r[") {
			_, got, _ = strings.Cut(line(roles[0]), "aws_iam_role.")
		}
		if got == "" {
			_, got, _ = strings.Cut(line(roles[0]), "awscc_iam_role.r ")
		}
		got = fingerprints.ReplaceAllString(got, "#")
		if difference := cmp.Diff(test.want, got); difference != "" {
			t.Errorf("%s: %s", test.name, difference)
		}
	}
}
