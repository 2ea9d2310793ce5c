package trust

import (
	"slices"
	"testing"
)

func TestAnExternalIDIsEasyToGuessWhereItHoldsTheRolesName(t *testing.T) {
	policy, err := Parse(object("Version", Literal(version2012), "Statement",
		all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("9f3cBackup07a1")))))
	if err != nil {
		t.Fatal(err)
	}
	// The letters of a short name are there by accident.
	for name, want := range map[string]bool{"backup": true, "Back": true, "7a": false, "cba": false, "restore": false} {
		question := rewriteQuestion(Zone{})
		question.Subject.Name = name
		got := slices.ContainsFunc(Decide(policy, question).Warnings, func(w Warning) bool { return w.Code == "external-id-guessable" })
		if got != want {
			t.Errorf("role %s: warned %t", name, got)
		}
	}
}
