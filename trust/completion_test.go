package trust

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hide replaces some texts of a document by unknown ones, and returns what they
// were called.
func hide(t *rapid.T, v Value, path string, names map[string]string) Value {
	switch v.Kind {
	case Array:
		items := append([]Value{}, v.Items...)
		for i := range items {
			items[i] = hide(t, items[i], path, names)
		}
		v.Items = items
	case Object:
		members := append([]Member{}, v.Members...)
		for i := range members {
			members[i].Value = hide(t, members[i].Value, path+"/"+members[i].Key.Text, names)
		}
		v.Members = members
	case String:
		if !hideable(path) || len(names) == 2 || rapid.IntRange(0, 2).Draw(t, "hide") > 0 {
			return v
		}
		name := rapid.SampledFrom([]string{"var.a", "var.b"}).Draw(t, "name")
		if before, ok := names[name]; ok && before != path {
			return v // one variable serves one purpose
		}
		names[name] = path
		v.Text, v.Parts = "", []Part{{On: name}}
	}
	return v
}

// hideable tells the places whose values templates leave open.
func hideable(path string) bool {
	switch {
	case strings.HasSuffix(path, "Principal/AWS"):
		return true
	case strings.Contains(path, "/Condition/String"), strings.Contains(path, "/Condition/Bool"):
		return true
	}
	return false
}

// anyValueFor draws a value that a hidden text may turn out to be.
func anyValueFor(t *rapid.T, path string) Value {
	lower := strings.ToLower(path)
	var pool []string
	switch {
	case strings.HasSuffix(path, "Principal/AWS"):
		pool = samplePrincipalEntries
	case strings.Contains(path, "/Condition/Bool"):
		pool = []string{"true", "false"}
	case strings.HasSuffix(lower, "/sts:externalid"):
		pool = []string{"acme-7", "ACME-7", "zz-91", "ab", "42", "ci"}
	case strings.HasSuffix(lower, "orgid"):
		pool = []string{"o-home11111", "o-partner333", "o-evil22222", "o-other00000"}
	case strings.HasSuffix(lower, "account"):
		pool = []string{sampleVendor, sampleOther, sampleOwn, sampleTrusted, "303030303030"}
	default:
		pool = []string{"ci", "mallory", "blue", "zz", "team", "User"}
		if strings.Contains(path, "Like") {
			pool = append(pool, "*", "m*")
		}
	}
	return Literal(rapid.SampledFrom(pool).Draw(t, "value of "+path))
}

func TestAVerdictOnUnknownPartsHoldsForEveryCompletion(t *testing.T) {
	outcomes := map[Outcome]int{}
	checkLaw(t, 3000, func(t *rapid.T) {
		names := map[string]string{}
		document := hide(t, samplePolicy(t), "", names)
		question := question(t)
		if len(names) == 0 {
			return
		}
		policy := mustParseTree(t, document)
		verdict := Decide(policy, question)
		outcomes[verdict.Outcome]++
		if verdict.Outcome == Undecided {
			if len(verdict.DependsOn) == 0 && verdict.Problem != tooComplex {
				t.Fatal("unknown, and it is not said what it depends on")
			}
			return
		}
		chosen := map[string]Value{}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			chosen[name] = anyValueFor(t, names[name])
		}
		known := mustParseTree(t, completed(document, chosen))
		completion := Decide(known, question)
		if completion.Outcome == Undecided {
			return
		}
		if (verdict.Outcome == Fail) != (completion.Outcome == Fail) {
			t.Fatalf("%s, but with %v it is %s", describe(verdict), chosen, describe(completion))
		}
	})
	t.Logf("outcomes: %v", outcomes)
}

func TestAnRCPThatSparesTheRoleOfOneAccountLeavesTheVerdictOpenUntilTheAccountIsKnown(t *testing.T) {
	policy, err := Parse(object("Version", Literal(version2012), "Statement", all(aws(Literal(vendorRoot)), assume)))
	if err != nil {
		t.Fatal(err)
	}
	rcp, err := ParseRCP(object("Version", Literal(version2012), "Statement", object("Effect", Literal("Deny"), "Principal", Literal("*"),
		"Action", Literal("sts:*"), "NotResource", Literal("arn:aws:iam::111122223333:role/Target"))))
	if err != nil {
		t.Fatal(err)
	}
	question := Question{Subject: Subject{Name: "Target"}, RCPs: []*Policy{rcp}, Now: sampleNow}
	if verdict := Decide(policy, question); verdict.Outcome != Undecided || !slices.Equal(verdict.DependsOn, []string{gapAccount}) {
		t.Errorf("%s depends on %v", describe(verdict), verdict.DependsOn)
	}
}
