package patch

import (
	"strings"
	"testing"

	"countersign/internal/role"
	"countersign/trust"
)

// FuzzPatch edits whatever reads as a role: it never panics, never touches a
// byte outside of its edits, and what it makes is read as it was meant, or is
// told.
func FuzzPatch(f *testing.F) {
	names := []string{"t.yaml", "main.tf", "main.tf.json", "trust.json"}
	for _, files := range corpus(f) {
		for name, text := range files {
			for kind := range names {
				if strings.HasSuffix(name, names[kind][strings.IndexByte(names[kind], '.'):]) {
					f.Add(text, byte(kind), byte(0))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind, what byte) {
		if len(text) > 8<<10 {
			return
		}
		name := names[int(kind)%len(names)]
		tree := treeOf(map[string]string{name: text})
		plan := NewPlan(Options{Declare: true, Read: func(string) ([]byte, error) { return []byte(text), nil }})
		for _, one := range readTree(quiet{t}, tree) {
			if one.Trust.Err != nil {
				continue
			}
			plan.Add(one, fuzzed(t, one, what))
		}
		made := plan.Finish()
		after, err := made.Apply(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(made.Edits) == 0 && string(after) != text {
			t.Fatal("changed without an edit")
		}
		if faults := plan.verify(readTree(quiet{t}, Overlay(tree, map[string][]byte{name: after}))); len(faults) > 0 {
			t.Fatalf("%s: %s:\n%s\n----\n%s", key(faults[0].Role), faults[0].Reason, text, after)
		}
	})
}

// fuzzed are changes of a role as a byte says.
func fuzzed(t tester, one *role.Role, what byte) []trust.Change {
	policy, known := policyTree(one)
	if !known {
		return nil
	}
	parsed, err := trust.Parse(policy)
	if err != nil || len(parsed.Statements) == 0 {
		return nil
	}
	c := trust.Change{Statement: int(what) % len(parsed.Statements)}
	s := &parsed.Statements[c.Statement]
	made := externalID()
	switch {
	case what&0x80 != 0:
		made = externalID(named("VendorId"))
	case what&0x40 != 0:
		made = externalID(literals("${a}", "%{b}\"'\\\n#: ")...)
	}
	c.Conditions = []trust.ConditionEdit{{New: made}}
	if what&0x20 != 0 && len(s.Conditions) > 0 {
		c.Conditions[0].Old = &s.Conditions[0]
	}
	for i := range s.Conditions { // a key stands once under an operator
		if old := &s.Conditions[i]; old.Operator.Name == made.Operator && old.Key == "sts:externalid" && c.Conditions[0].Old != old {
			return nil
		}
	}
	if what&0x10 != 0 && len(s.Principals) > 1 {
		c.Out = s.Principals[:1]
		if all, err := statements(&policy); err == nil && c.Statement < len(all) {
			copied := all[c.Statement]
			copied.Range, copied.Members = trust.Range{}, append([]trust.Member(nil), copied.Members...)
			if at := memberAt(copied, "Sid"); at >= 0 {
				copied.Members[at].Value = trust.Literal("Copied")
			}
			c.Insert = []trust.Value{copied}
		}
	}
	if _, err := trust.Apply(policy, []trust.Change{c}); err != nil {
		return nil
	}
	return []trust.Change{c}
}

// quiet logs nothing.
type quiet struct{ tester }

func (quiet) Logf(string, ...any) {}
