package patch

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/role"
	"countersign/trust"
)

// trees of files that random changes are made to.
func corpus(t tester) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, directory := range []string{
		"cloudformation/testdata/iac/cfn-json", "cloudformation/testdata/iac/cfn-yaml", "cloudformation/testdata/iac/cfn-yaml-hard",
		"cloudformation/testdata/iac/sam", "cloudformation/testdata/vendors", "terraform/testdata/tf-heredoc", "terraform/testdata/tf-json",
		"terraform/testdata/tf-jsonencode", "terraform/testdata/tf-policydoc", "terraform/testdata/tf-unknowns",
		"terraform/testdata/vendors/platform", "terraform/testdata/vendors/scanner", "kubernetes/testdata",
	} {
		all = append(all, fixture(t, directory))
	}
	for _, files := range all {
		// What takes the place of another statement is held to it when the result
		// is read again.
		if text, found := files["main.tf"]; found {
			files["main.tf"] = strings.Replace(text, "override_policy_documents", "other", 1)
		}
	}
	return append(all,
		map[string]string{"main.tf": documentPolicy}, map[string]string{"main.tf": resource(encodedPolicy)},
		map[string]string{"t.yaml": stack(blockPolicy)}, map[string]string{"t.yaml": anchored},
		map[string]string{"p.json": `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":["444455556666","111122223333"],"Service":"ec2.amazonaws.com"},"Action":["sts:AssumeRole"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-aaaabbbbcc","sts:ExternalId":["a-1","b-2"]},"Bool":{"aws:MultiFactorAuthPresent":true}}},{"Effect":"Deny","Principal":"*","Action":"*","Condition":{"Null":{"sts:ExternalId":"true"}}}]}`},
		map[string]string{"p.json": "{\r\n\t\"Statement\": {\r\n\t\t\"Effect\": \"Allow\",\r\n\t\t\"Principal\": {\r\n\t\t\t\"AWS\": [\r\n\t\t\t\t\"444455556666\",\r\n\t\t\t\t\"111122223333\"\r\n\t\t\t]\r\n\t\t},\r\n\t\t\"Condition\": {},\r\n\t\t\"Action\": \"sts:AssumeRole\"\r\n\t}\r\n}\r\n"},
	)
}

// anyChanges draws changes of a policy, of which Rewrite may make some.
func anyChanges(r *rapid.T, one *role.Role, document trust.Value) []trust.Change {
	policy, err := trust.Parse(document)
	if err != nil {
		return nil
	}
	var changes []trust.Change
	for i := range policy.Statements {
		if rapid.IntRange(0, 2).Draw(r, "skip") == 0 {
			continue
		}
		c := trust.Change{Statement: i}
		s := &policy.Statements[i]
		taken := map[string]bool{}
		for j := range s.Conditions {
			taken[s.Conditions[j].Operator.Name+s.Conditions[j].Key] = true
		}
		made := func() *trust.NewCondition {
			m := anyCondition(r)
			if id := m.Operator + strings.ToLower(m.Key); taken[id] {
				return nil
			} else {
				taken[id] = true
			}
			return m
		}
		for j := range s.Conditions {
			switch rapid.IntRange(0, 3).Draw(r, "what") {
			case 0:
				c.Conditions = append(c.Conditions, trust.ConditionEdit{Old: &s.Conditions[j]})
			case 1:
				if m := made(); m != nil {
					c.Conditions = append(c.Conditions, trust.ConditionEdit{Old: &s.Conditions[j], New: m})
				}
			}
		}
		if m := made(); m != nil && rapid.Bool().Draw(r, "add") {
			c.Conditions = append(c.Conditions, trust.ConditionEdit{New: m})
		}
		var rest []trust.Principal
		if !s.NotPrincipal && len(s.Principals) > 1 && rapid.Bool().Draw(r, "split") {
			for j := range s.Principals {
				if len(c.Out)+1 < len(s.Principals) && rapid.Bool().Draw(r, "out") {
					c.Out = append(c.Out, s.Principals[j])
				} else {
					rest = append(rest, s.Principals[j])
				}
			}
		}
		if len(c.Out) == 0 {
			rest = nil
		}
		if len(c.Out) > 0 || rapid.IntRange(0, 4).Draw(r, "copy") == 0 {
			if copied, ok := copyOf(r, document, i, rest); ok {
				c.Insert = append(c.Insert, copied)
			}
		}
		if len(c.Out) > 0 || len(c.Conditions) > 0 || len(c.Insert) > 0 {
			changes = append(changes, c)
		}
	}
	if _, err := trust.Apply(document, changes); err != nil {
		return nil
	}
	return changes
}

// copyOf is a statement without some of its principals, with a condition, and
// with another Sid.
func copyOf(r *rapid.T, document trust.Value, statement int, out []trust.Principal) (trust.Value, bool) {
	applied, err := trust.Apply(document, []trust.Change{{Statement: statement, Out: out, Conditions: []trust.ConditionEdit{
		{New: &trust.NewCondition{Operator: "StringNotLike", Key: "aws:PrincipalTag/x", Values: literals("y")}},
	}}})
	if err != nil {
		return trust.Value{}, false
	}
	all, err := statements(&applied)
	if err != nil {
		return trust.Value{}, false
	}
	copied := all[statement]
	members := append([]trust.Member(nil), copied.Members...)
	for i := range members {
		if members[i].Key.Text == "Sid" {
			members[i].Value = trust.Literal("Copy" + fmt.Sprint(statement))
		}
	}
	copied.Members, copied.Range = members, trust.Range{}
	return copied, true
}

func anyCondition(r *rapid.T) *trust.NewCondition {
	made := &trust.NewCondition{
		Operator: rapid.SampledFrom([]string{"StringEquals", "StringLike", "Bool", "ForAnyValue:StringEquals", "Null"}).Draw(r, "operator"),
		Key:      rapid.SampledFrom([]string{"sts:ExternalId", "aws:PrincipalAccount", "aws:PrincipalTag/it's", "aws:MultiFactorAuthPresent"}).Draw(r, "key"),
	}
	for range rapid.IntRange(1, 3).Draw(r, "values") {
		made.Values = append(made.Values, trust.Literal(rapid.SampledFrom([]string{
			"k3-99-vendor", "true", "0123", "a: b # c", "it's", `say "yes"`, `back\slash`, "${aws:ResourceAccount}", "é", "%{x}", "- a", "", "null", "{}", "*",
		}).Draw(r, "value")))
	}
	return made
}

// Whatever is changed, the result reads as what was wanted, or the change is
// refused; and only lines of policies differ.
func TestAnyChangeIsMadeOrRefused(t *testing.T) {
	all := corpus(t)
	made, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		files := rapid.SampledFrom(all).Draw(r, "files")
		o := patched(r, files, Options{}, map[string]wish{"*": func(_ tester, one *role.Role, policy *trust.Policy) []trust.Change {
			if policy == nil || rapid.IntRange(0, 3).Draw(r, "leave") == 0 {
				return nil
			}
			return anyChanges(r, one, policyOf(r, one))
		}})
		made, refused = made+len(o.patch.Edited), refused+len(o.patch.Refused)
		o.onlyPolicies(r)
	})
	t.Logf("%d made, %d refused", made, refused)
	if made == 0 {
		t.Error("no change was made")
	}
}

// onlyPolicies makes sure that edits lie in the lines of policies.
func (o *outcome) onlyPolicies(t tester) {
	t.Helper()
	for _, edit := range o.patch.Edits {
		within := false
		for _, one := range o.patch.Edited {
			tree := policyOf(t, one)
			walk(&tree, func(v *trust.Value) {
				if v.Range.File == nil {
					return
				}
				text, shift := v.Range.File.Text, 0
				if one.Trust.Tree == nil {
					text = nil
					shift = 1 << 20
				}
				within = within || shift > 0 || v.Range.File.Name == edit.File &&
					lineStart(text, v.Range.Start) <= edit.Start && edit.End <= nextLine(text, v.Range.End)
			})
		}
		if !within {
			t.Fatalf("%+v is in no policy", edit)
		}
	}
}

func walk(v *trust.Value, visit func(*trust.Value)) {
	visit(v)
	for i := range v.Items {
		walk(&v.Items[i], visit)
	}
	for i := range v.Members {
		walk(&v.Members[i].Value, visit)
	}
}
