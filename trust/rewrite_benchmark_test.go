package trust

import "testing"

// A rewriting with its proof is held against one decision of the same policy.
func BenchmarkRewrite(b *testing.B) {
	for _, test := range []struct {
		name       string
		statements []Value
	}{
		{"a vendor", []Value{all(aws(Literal(vendorRoot)), assume)}},
		{"a vendor beside the own account", []Value{all(aws(listOf(ownRoot, vendorRoot)), assume)}},
		{"everyone", []Value{all(aws(Literal("*")), assume)}},
	} {
		policy, err := Parse(object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: test.statements}))
		if err != nil {
			b.Fatal(err)
		}
		question := rewriteQuestion(Zone{Accounts: []string{"222233334444"}, Organizations: []string{"o-exampleorg1"}})
		b.Run("rewrite "+test.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Rewrite(policy, question, issuing("k3-Vq8sT")); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("decide "+test.name, func(b *testing.B) {
			for b.Loop() {
				Decide(policy, question)
			}
		})
	}
}
