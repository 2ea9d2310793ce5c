package waiver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/internal/waiver"
	"countersign/trust"
	"countersign/trust/jsontree"
)

const (
	own    = "111122223333"
	vendor = "444455556666"
	other  = "777788889999"
)

var now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func day(text string) time.Time {
	at, err := waiver.ParseUntil(text)
	if err != nil {
		panic(err)
	}
	return at
}

// judged is a role with a policy and the finding that the rule makes of it.
func judged(t interface{ Fatal(...any) }, name, policy string) *rule.Finding {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(policy)})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	subject := &role.Role{Name: name, ARN: "arn:aws:iam::" + own + ":role/" + name, Account: own}
	verdict := trust.Decide(parsed, trust.Question{Subject: trust.Subject{ARN: subject.ARN, Account: own, Name: name}, Now: now})
	return &rule.Finding{Rule: "IAM-050", Role: subject, Fingerprint: rule.Fingerprint("IAM-050", subject), Verdict: &verdict}
}

// opens is a policy that lets accounts in, and others with an external ID only.
func opens(accounts, guarded []string) string {
	quoted := func(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }
	statements := []string{fmt.Sprintf(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":%s}}`, quoted(accounts))}
	if len(guarded) > 0 {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":%s},"Condition":{"StringEquals":{"sts:ExternalId":"s"}}}`, quoted(guarded)))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// accepting is a waiver with everything that one has to say.
func accepting(role string) waiver.Waiver {
	w := waiver.Waiver{Rule: "IAM-050", Role: role}
	w.Reason, w.Owner, w.Until = "why", "who", day("2027-03-31")
	return w
}

func covered(list *waiver.List, finding *rule.Finding) bool {
	finding.Waiver, finding.Lapsed = nil, nil
	list.Apply("IAM-050", finding.Role, finding)
	return finding.Waiver != nil
}

func only(w waiver.Waiver) *waiver.List {
	return waiver.New([]waiver.Waiver{w}, waiver.Inline{}, now)
}

func TestWhatAWaiverMeans(t *testing.T) {
	finding := judged(t, "vendor-reader", opens([]string{vendor}, nil))
	finding.Role.Source.Address = `module.m.aws_iam_role.r["a"]`
	finding.Role.Tags = map[string]string{"team": "data", "empty": ""}
	with := func(w waiver.Waiver, change func(*waiver.Waiver)) waiver.Waiver { change(&w); return w }
	tagged := func(key, value string) waiver.Waiver {
		return with(accepting(""), func(w *waiver.Waiver) { w.Tag = &waiver.Tag{Key: key, Value: value} })
	}
	for name, test := range map[string]struct {
		waiver waiver.Waiver
		want   bool
	}{
		"a name":                              {accepting("vendor-reader"), true},
		"another letter case":                 {accepting("Vendor-Reader"), false},
		"a part of a name":                    {accepting("vendor"), false},
		"a name with a star":                  {accepting("vendor-*"), true},
		"a star for nothing":                  {accepting("vendor-reader*"), true},
		"an ARN":                              {accepting("arn:aws:iam::" + own + ":role/vendor-reader"), true},
		"an ARN with a star":                  {accepting("arn:aws:iam::" + own + ":role/*"), true},
		"the ARN of another account":          {accepting("arn:aws:iam::" + other + ":role/vendor-reader"), false},
		"an address":                          {accepting(`module.m.aws_iam_role.r["a"]`), true},
		"an address of another instance":      {accepting(`module.m.aws_iam_role.r["b"]`), false},
		"a fingerprint":                       {accepting(finding.Fingerprint), true},
		"another fingerprint":                 {accepting("cs1-00000000000000000000000000000000"), false},
		"a tag":                               {tagged("team", "data"), true},
		"another value of the tag":            {tagged("team", "dat"), false},
		"a tag without value":                 {tagged("empty", ""), true},
		"a tag that is not there":             {tagged("none", ""), false},
		"a role of the account":               {with(accepting("*"), func(w *waiver.Waiver) { w.Account = own }), true},
		"a role of another account":           {with(accepting("*"), func(w *waiver.Waiver) { w.Account = other }), false},
		"another rule":                        {with(accepting("*"), func(w *waiver.Waiver) { w.Rule = "IAM-051" }), false},
		"the right role with the wrong tag":   {with(tagged("team", "x"), func(w *waiver.Waiver) { w.Role = "*" }), false},
		"the only third party":                {with(accepting("*"), func(w *waiver.Waiver) { w.ThirdParty = []string{vendor} }), true},
		"another third party":                 {with(accepting("*"), func(w *waiver.Waiver) { w.ThirdParty = []string{other} }), false},
		"a waiver that names neither of them": {accepting(""), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := covered(only(test.waiver), finding); got != test.want {
				t.Errorf("covered: %v", got)
			}
		})
	}
}

func TestAWaiverForAThirdPartyCoversItAlone(t *testing.T) {
	mine := accepting("*")
	mine.ThirdParty, mine.Party = []string{vendor}, []string{"Acme"}
	for name, test := range map[string]struct {
		policy string
		want   bool
		why    string
	}{
		"it alone":                          {opens([]string{vendor}, nil), true, ""},
		"its user alone":                    {opens([]string{"arn:aws:iam::" + vendor + ":user/u"}, nil), true, ""},
		"another one too":                   {opens([]string{vendor, other}, nil), false, "role r is open to others too: " + other},
		"another one with a countersign":    {opens([]string{vendor}, []string{other}), true, ""},
		"another one alone":                 {opens([]string{other}, []string{vendor}), false, "role r is open to others too: " + other},
		"anyone":                            {opens([]string{"*"}, nil), false, "role r is open to others too: anyone, whoever meets the conditions"},
		"an external ID without value":      {`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + vendor + `"},"Condition":{"StringEquals":{"sts:ExternalId":""}}}}`, false, "role r is open to others too: nobody whose account is known"},
		"an organization outside the zone":  {`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"}}}}`, false, "role r is open to others too: whoever meets the conditions"},
		"a role that nobody outside enters": {opens([]string{own}, nil), false, "there is no result that it covers"},
	} {
		t.Run(name, func(t *testing.T) {
			list := only(mine)
			if got := covered(list, judged(t, "r", test.policy)); got != test.want {
				t.Errorf("covered: %v", got)
			}
			why := ""
			for _, note := range list.Notes() {
				why = note.Why
			}
			if why != test.why {
				t.Errorf("told %q, want %q", why, test.why)
			}
		})
	}
}

// The role's own account is not known, so that either of the two may be it:
// whoever is named first does not stand for both.
func TestAWaiverForAThirdPartyNeedsToKnowWhoGetsIn(t *testing.T) {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(opens([]string{vendor, other}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	verdict := trust.Decide(parsed, trust.Question{Now: now})
	finding := &rule.Finding{Rule: "IAM-050", Role: &role.Role{Name: "r"}, Verdict: &verdict}
	for _, account := range []string{vendor, other} {
		mine := accepting("*")
		mine.ThirdParty = []string{account}
		if covered(only(mine), finding) {
			t.Errorf("a waiver for %s covers a role that another account enters (%v)", account, verdict.Outsiders)
		}
	}
}

func TestAWaiverCountsOnItsLastDay(t *testing.T) {
	finding := judged(t, "r", opens([]string{vendor}, nil))
	for at, want := range map[string]bool{
		"2027-03-31T00:00:00Z": true, "2027-03-31T23:59:59Z": true, "2027-04-01T00:00:00Z": false,
		"2027-03-31T23:59:59-01:00": false, "2027-04-01T00:30:00+01:00": true, "2020-01-01T00:00:00Z": true,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		list := waiver.New([]waiver.Waiver{accepting("r")}, waiver.Inline{}, moment)
		if got := covered(list, finding); got != want || got == (finding.Lapsed != nil) {
			t.Errorf("at %s: covered %v, lapsed %v", at, got, finding.Lapsed != nil)
		}
	}
}

func TestOnlyFailsAndUnknownsAreWaived(t *testing.T) {
	for outcome, want := range map[trust.Outcome]bool{
		trust.Fail: true, trust.Undecided: true, trust.Broken: false, trust.Pass: false, trust.NotApplicable: false,
	} {
		finding := &rule.Finding{Rule: "IAM-050", Role: &role.Role{Name: "r"}, Verdict: &trust.Verdict{Outcome: outcome}}
		if got := covered(only(accepting("r")), finding); got != want {
			t.Errorf("%s: covered %v", outcome, got)
		}
	}
}

func TestNotesSayWhatNobodyNeeds(t *testing.T) {
	old := accepting("r")
	old.Until = day("2026-01-01")
	gone := old
	gone.Role = "gone"
	list := waiver.New([]waiver.Waiver{old, accepting("r"), gone, accepting("nobody")}, waiver.Inline{}, now)
	covered(list, judged(t, "r", opens([]string{vendor}, nil)))
	var got []string
	for _, note := range list.Notes() {
		got = append(got, string(note.State)+" "+note.Role+": "+note.Why)
	}
	want := []string{
		"expired r: its last day is over, and what it covered counts again",
		"expired gone: its last day is over, and there is nothing left that it would cover",
		"unused nobody: there is no result that it covers",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// drawn are roles, and waivers that may or may not mean them.
type drawn struct {
	findings []*rule.Finding
	waivers  []waiver.Waiver
}

func draw(t *rapid.T) drawn {
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[ab]{1,3}`), 1, 5, rapid.ID[string]).Draw(t, "names")
	var d drawn
	for _, name := range names {
		accounts := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{vendor, other, "222233334444", "*"}), 1, 3, rapid.ID[string]).Draw(t, "accounts")
		d.findings = append(d.findings, judged(t, name, opens(accounts, nil)))
	}
	for range rapid.IntRange(1, 5).Draw(t, "waivers") {
		one := rapid.SampledFrom(d.findings).Draw(t, "about")
		w := accepting(rapid.SampledFrom([]string{one.Role.Name, one.Role.ARN, one.Fingerprint, "a*", "zz"}).Draw(t, "role"))
		w.Until = now.AddDate(0, 0, rapid.IntRange(-3, 3).Draw(t, "days")).Truncate(24 * time.Hour)
		w.ThirdParty = rapid.SampledFrom([][]string{nil, {vendor}, {vendor, other}}).Draw(t, "party")
		d.waivers = append(d.waivers, w)
	}
	return d
}

func TestAWaiverNeverHidesAnotherRole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		for _, w := range d.waivers {
			if strings.Contains(w.Role, "*") {
				continue
			}
			for _, finding := range d.findings {
				is := w.Role == finding.Role.Name || w.Role == finding.Role.ARN || w.Role == finding.Fingerprint
				if covered(only(w), finding) && !is {
					t.Fatalf("a waiver for %s hides %s", w.Role, finding.Role.Name)
				}
			}
		}
	})
}

func TestAnExpiredWaiverNeverHidesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		late := now.AddDate(0, 0, 4)
		list := waiver.New(d.waivers, waiver.Inline{}, late)
		for _, finding := range d.findings {
			if covered(list, finding) {
				t.Fatalf("%s is hidden", finding.Role.Name)
			}
		}
	})
}

func TestAnOutsiderBesideTheThirdPartyIsNeverHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		for _, w := range d.waivers {
			for _, finding := range d.findings {
				if len(w.ThirdParty) == 0 || !covered(only(w), finding) {
					continue
				}
				for _, outsider := range finding.Verdict.Outsiders {
					if outsider.Unguarded && !slices.Contains(w.ThirdParty, outsider.Account) {
						t.Fatalf("%s gets in and is hidden by a waiver for %v", outsider.Account, w.ThirdParty)
					}
				}
			}
		}
	})
}

// Each waiver stands for itself: what a list covers is what its waivers cover
// one by one, so that removing one brings back what no other covers.
func TestRemovingAWaiverBringsTheFindingBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		gone := rapid.IntRange(0, len(d.waivers)-1).Draw(t, "gone")
		left := slices.Delete(slices.Clone(d.waivers), gone, gone+1)
		whole, less := waiver.New(d.waivers, waiver.Inline{}, now), waiver.New(left, waiver.Inline{}, now)
		for _, finding := range d.findings {
			byOthers := slices.ContainsFunc(left, func(w waiver.Waiver) bool { return covered(only(w), finding) })
			byGone := covered(only(d.waivers[gone]), finding)
			if covered(less, finding) != byOthers || covered(whole, finding) != (byOthers || byGone) {
				t.Fatalf("%s: with all %v, by the others %v, by the one %v", finding.Role.Name, covered(whole, finding), byOthers, byGone)
			}
		}
	})
}
