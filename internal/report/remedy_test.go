package report

import (
	"regexp"
	"strings"
	"testing"

	"countersign/docs"
	"countersign/trust"
)

func TestRemediesSuitWhoGetsIn(t *testing.T) {
	const (
		root     = "arn:aws:iam::444455556666:root"
		user     = "arn:aws:iam::444455556666:user/ops/ann"
		role     = "arn:aws:iam::444455556666:role/scanner"
		session  = "arn:aws:sts::444455556666:assumed-role/scanner/run"
		idLine   = `"StringEquals": {"sts:ExternalId": "<external_id>"}`
		bothTail = `"Bool": {"aws:MultiFactorAuthPresent": "true"}`
	)
	for _, test := range []struct {
		name, code string
		principals []string
		text       string // a piece of the sentence
		lines      []string
	}{
		{"an account may hold both", "no-condition", []string{root}, "external ID (a third party's machines) or MFA", []string{idLine, bothTail}},
		{"people get MFA", "no-condition", []string{user}, "require MFA", []string{bothTail}},
		{"machines get an external ID", "no-condition", []string{role, session}, "can never show MFA", []string{idLine}},
		{"people beside machines", "no-condition", []string{user, role}, "or MFA (people)", []string{idLine, bothTail}},
		{"a role cannot be told to show MFA", "mfa-if-exists", []string{role}, "can never show MFA", []string{idLine}},
		{"a broken MFA condition is repaired", "mfa-if-exists", []string{root}, "Bool, not BoolIfExists", []string{bothTail}},
		{"a broken external ID is repaired", "external-id-any", []string{root}, "one exact value", []string{idLine}},
		{"anyone is too many", "public-principal", []string{"*"}, "name the accounts", []string{`"Principal": {"AWS": "<account_id>"},`, idLine}},
		{"a code that is new", "something-new", []string{root}, "require an external ID", []string{idLine, bothTail}},
		{"nobody is named", "no-condition", nil, "require an external ID", []string{idLine, bothTail}},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict := &trust.Verdict{Reasons: []trust.Reason{{Code: test.code}}}
			for _, principal := range test.principals {
				verdict.Outsiders = append(verdict.Outsiders, trust.Outsider{Principal: principal})
			}
			made := remediesFor(verdict)
			if len(made) != 1 || !strings.Contains(made[0].text, test.text) {
				t.Fatalf("got %v", made)
			}
			var asked []string
			for _, line := range made[0].lines() {
				if strings.Contains(line, `: {"`) {
					asked = append(asked, strings.TrimSpace(line))
				}
			}
			if strings.Join(asked, "\n") != strings.Join(test.lines, "\n") {
				t.Errorf("asks for %q, want %q", asked, test.lines)
			}
		})
	}
}

func TestStatementsOfOneRemedyAreNamedTogether(t *testing.T) {
	verdict := &trust.Verdict{Parts: make([]trust.StatementPart, 20)}
	want := map[int]string{
		1:  "(statement 1)",
		2:  "(statements 1 and 2)",
		3:  "(statements 1, 2 and 3)",
		12: "(statements 1, 2, 3, 4, 5, 6, 7, 8 and 4 more)",
	}
	for i := range 12 {
		verdict.Reasons = append(verdict.Reasons, trust.Reason{Code: "no-condition", Statement: i}, trust.Reason{Code: "no-condition", Statement: i})
		made := remediesFor(verdict)
		if ending := want[i+1]; len(made) != 1 || !strings.HasSuffix(made[0].String(), ending) {
			t.Errorf("%d statements: %v, want one that ends in %q", i+1, made, ending)
		}
	}
}

// heading is a section of the rule's page that explains a code.
var heading = regexp.MustCompile(`(?m)^### ([a-z]+(?:-[a-z]+)+)$`)

func TestRemediesAndTheRulesPageNameTheSameReasons(t *testing.T) {
	page, ok := docs.Rule("IAM-050")
	if !ok {
		t.Fatal("no page")
	}
	reasons, _, _ := strings.Cut(page[strings.Index(page, "\n### no-condition\n"):], "\n## ")
	explained := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(reasons, -1) {
		explained[match[1]] = true
		if _, known := remedies[match[1]]; !known && match[1] != "no-condition" {
			t.Errorf("%s has no remedy", match[1])
		}
	}
	for code := range remedies {
		if !explained[code] {
			t.Errorf("%s is not explained on the rule's page", code)
		}
	}
}
