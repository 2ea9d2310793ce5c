package trust_test

import (
	"testing"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// usualPolicies are trust policies as accounts have them.
var usualPolicies = []struct{ name, policy string }{
	{"service", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`},
	{"own account", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`},
	{"vendor with external ID", `{"Version":"2012-10-17","Statement":[{"Sid":"Vendor","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"r7Kq-91ZpX.vendor"}}}]}`},
	{"vendor without", `{"Version":"2012-10-17","Statement":[{"Sid":"Vendor","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"}]}`},
	{"people with MFA", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`},
	{"organization", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}`},
	{"Deny by MFA", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`},
}

func BenchmarkDecide(b *testing.B) {
	question := trust.Question{Subject: trust.Subject{
		ARN: "arn:aws:iam::111122223333:role/Target", Account: "111122223333", Partition: "aws", Name: "Target",
	}}
	for _, r := range usualPolicies {
		b.Run(r.name, func(b *testing.B) {
			tree, err := jsontree.Parse(&trust.File{Text: []byte(r.policy)})
			if err != nil {
				b.Fatal(err)
			}
			policy, err := trust.Parse(tree)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				trust.Decide(policy, question)
			}
		})
	}
}
