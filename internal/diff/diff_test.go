package diff

import (
	"testing"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"

	"github.com/google/go-cmp/cmp"
)

// seen is a role on one side.
type seen struct {
	path, address, arn string
	outcome            trust.Outcome
	outsiders          []trust.Outsider
	reasons            []string
	exploitable, any   bool
}

func side(t *testing.T, base string, roles ...seen) *Side {
	t.Helper()
	made := NewSide(base)
	for _, one := range roles {
		verdict := &trust.Verdict{Outcome: one.outcome, Outsiders: one.outsiders, Exploitable: one.exploitable, AnyAccount: one.any}
		for _, code := range one.reasons {
			verdict.Reasons = append(verdict.Reasons, trust.Reason{Code: code})
		}
		subject := &role.Role{ARN: one.arn, Source: role.Source{Path: one.path, FromRoot: one.path, Address: one.address}}
		if err := made.Finding(&rule.Finding{Rule: "IAM-050", Role: subject, Verdict: verdict}); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// counts are what a comparison comes to.
type counts struct{ Opened, Closed, Undecided, Unchanged, Removed int }

func TestComparisons(t *testing.T) {
	outsider := func(account string) trust.Outsider { return trust.Outsider{Account: account, Unguarded: true} }
	at := func(path, address string, outcome trust.Outcome) seen {
		return seen{path: path, address: address, outcome: outcome}
	}
	a := func(outcome trust.Outcome) seen { return at("main.tf", "a", outcome) }
	failing := func(change func(*seen)) seen {
		one := a(trust.Fail)
		one.outsiders, one.reasons = []trust.Outsider{outsider("444455556666")}, []string{"no-condition"}
		change(&one)
		return one
	}
	same := func(*seen) {}
	tests := []struct {
		name          string
		before, after []seen
		want          counts
		wider         []string
	}{
		{"nothing", nil, nil, counts{}, nil},
		{"a new role fails", nil, []seen{a(trust.Fail)}, counts{Opened: 1}, nil},
		{"a new role passes", nil, []seen{a(trust.Pass)}, counts{Unchanged: 1}, nil},
		{"a new role is unknown", nil, []seen{a(trust.Undecided)}, counts{Undecided: 1}, nil},
		{"a role that passed fails", []seen{a(trust.Pass)}, []seen{a(trust.Fail)}, counts{Opened: 1}, nil},
		{"a role that was unknown fails", []seen{a(trust.Undecided)}, []seen{a(trust.Fail)}, counts{Opened: 1}, nil},
		{"a role that was broken fails", []seen{a(trust.Broken)}, []seen{a(trust.Fail)}, counts{Opened: 1}, nil},
		{"a role that failed passes", []seen{a(trust.Fail)}, []seen{a(trust.Pass)}, counts{Closed: 1}, nil},
		{"a role that failed is for nobody outside", []seen{a(trust.Fail)}, []seen{a(trust.NotApplicable)}, counts{Closed: 1}, nil},
		{"a role that failed is unknown", []seen{a(trust.Fail)}, []seen{a(trust.Undecided)}, counts{Undecided: 1}, nil},
		{"a role that passed is broken", []seen{a(trust.Pass)}, []seen{a(trust.Broken)}, counts{Undecided: 1}, nil},
		{"a role that was unknown is broken", []seen{a(trust.Undecided)}, []seen{a(trust.Broken)}, counts{Unchanged: 1}, nil},
		{"a role that failed is gone", []seen{a(trust.Fail)}, nil, counts{Closed: 1}, nil},
		{"a role that passed is gone", []seen{a(trust.Pass)}, nil, counts{Removed: 1}, nil},
		{"a role still fails", []seen{failing(same)}, []seen{failing(same)}, counts{Unchanged: 1}, nil},
		{
			"another account gets in", []seen{failing(same)},
			[]seen{failing(func(s *seen) { s.outsiders = append(s.outsiders, outsider("777788889999")) })},
			counts{Opened: 1}, []string{"account 777788889999 gets in"},
		},
		{
			"another account gets in with a countersign", []seen{failing(same)},
			[]seen{failing(func(s *seen) { s.outsiders = append(s.outsiders, trust.Outsider{Account: "777788889999"}) })},
			counts{Unchanged: 1}, nil,
		},
		{
			"an account that needed a countersign gets in without",
			[]seen{failing(func(s *seen) { s.outsiders = append(s.outsiders, trust.Outsider{Account: "777788889999"}) })},
			[]seen{failing(func(s *seen) { s.outsiders = append(s.outsiders, outsider("777788889999")) })},
			counts{Opened: 1}, []string{"account 777788889999 gets in"},
		},
		{"fewer accounts get in", []seen{failing(func(s *seen) { s.outsiders = append(s.outsiders, outsider("777788889999")) })}, []seen{failing(same)}, counts{Unchanged: 1}, nil},
		{
			"any account gets in", []seen{failing(same)}, []seen{failing(func(s *seen) { s.any = true })},
			counts{Opened: 1}, []string{"any account gets in"},
		},
		{
			"for another reason", []seen{failing(same)}, []seen{failing(func(s *seen) { s.reasons = []string{"mfa-false", "no-condition", "mfa-false"} })},
			counts{Opened: 1}, []string{"another reason: mfa-false"},
		},
		{
			"it can be used now", []seen{failing(same)}, []seen{failing(func(s *seen) { s.exploitable = true })},
			counts{Opened: 1}, []string{"somebody can use it now"},
		},
		{
			"a role in a file of another name", []seen{at("a.tf", "x", trust.Fail)}, []seen{at("b.tf", "x", trust.Fail)},
			counts{Unchanged: 1}, nil,
		},
		{
			"two roles of one address in files of other names are told apart by nothing",
			[]seen{at("a/a.tf", "x", trust.Fail), at("b/a.tf", "x", trust.Fail)}, []seen{at("a/b.tf", "x", trust.Fail), at("b/b.tf", "x", trust.Fail)},
			counts{Opened: 2, Closed: 2}, nil,
		},
		{
			"two resources of one address in one file keep their order",
			[]seen{a(trust.Fail), a(trust.Pass)}, []seen{a(trust.Fail), a(trust.Fail)}, counts{Opened: 1, Unchanged: 1}, nil,
		},
		{
			"roles of an export go by their ARN", []seen{{path: "monday.json", arn: "arn:aws:iam::111122223333:role/a", outcome: trust.Pass}},
			[]seen{{path: "friday.json", arn: "arn:aws:iam::111122223333:role/a", outcome: trust.Fail}}, counts{Opened: 1}, nil,
		},
		{
			"roles of a template go by their address, also where an account is known",
			[]seen{{path: "a.tf", address: "x", outcome: trust.Fail}},
			[]seen{{path: "a.tf", address: "x", arn: "arn:aws:iam::111122223333:role/a", outcome: trust.Fail}}, counts{Unchanged: 1}, nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := Compare(side(t, "", test.before...), side(t, "", test.after...))
			got := counts{len(result.Opened), len(result.Closed), len(result.Undecided), result.Unchanged, result.Removed}
			if difference := cmp.Diff(test.want, got); difference != "" {
				t.Error(difference)
			}
			var wider []string
			for _, change := range result.Opened {
				wider = append(wider, change.Wider...)
				if change.After == nil || change.Finding() != change.After {
					t.Error("what opens is not shown as it is now")
				}
			}
			if difference := cmp.Diff(test.wider, wider); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestTwoDirectoriesAreComparedByThePathsInThem(t *testing.T) {
	before := side(t, "old", seen{path: "old/x/main.tf", address: "a", outcome: trust.Fail}, seen{path: "old/y/main.tf", address: "a", outcome: trust.Fail})
	after := side(t, "new", seen{path: "new/x/main.tf", address: "a", outcome: trust.Fail}, seen{path: "new/y/main.tf", address: "a", outcome: trust.Pass})
	result := Compare(before, after)
	if len(result.Opened) > 0 || len(result.Closed) != 1 || result.Closed[0].Before.Role.Source.Path != "old/y/main.tf" {
		t.Errorf("%+v", result)
	}
}

func TestRolesOfOneIdentityAreToldApartByTheirOrder(t *testing.T) {
	copies := func(outcomes ...trust.Outcome) (roles []seen) {
		for _, outcome := range outcomes {
			roles = append(roles, seen{path: "a.json", arn: "arn:aws:iam::111122223333:role/a", outcome: outcome})
		}
		return roles
	}
	result := Compare(side(t, "", copies(trust.Fail, trust.Pass, trust.Pass, trust.Pass)...), side(t, "", copies(trust.Fail, trust.Pass, trust.Pass, trust.Fail)...))
	if len(result.Opened) != 1 || result.Unchanged != 3 {
		t.Errorf("%+v, want one opened and three unchanged", result)
	}
}

func TestARoleThatMayBeInWhatCouldNotBeReadIsNotClosed(t *testing.T) {
	role := seen{path: "a.tf", address: "x", outcome: trust.Fail}
	there, missing := side(t, "", role), side(t, "")
	missing.Partial = true
	result := Compare(there, missing)
	if len(result.Closed) != 0 || len(result.Undecided) != 1 || !result.Undecided[0].Unread {
		t.Errorf("%+v, want one undecided", result)
	}
	result = Compare(missing, there)
	if len(result.Opened) != 1 || !result.Opened[0].Unread {
		t.Errorf("%+v, want one opened that may have been there", result)
	}
}
