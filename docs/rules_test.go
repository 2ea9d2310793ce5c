package docs_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/docs"
	"countersign/internal/thirdparty"
	"countersign/trust"
	"countersign/trust/jsontree"
)

const page = "rules/IAM-050.md"

// The role that every policy in the pages is the trust policy of.
var subject = trust.Subject{
	ARN:       "arn:aws:iam::111122223333:role/VendorScanner",
	Account:   "111122223333",
	Partition: "aws",
	Name:      "VendorScanner",
}

// parties is the built-in list of owners.
var parties *thirdparty.Directory

func TestEveryPolicyInThePageIsDecidedAsThePageClaims(t *testing.T) {
	rcps := map[string]*trust.Policy{}
	decided := 0
	for _, at := range readExamples(t, page) {
		switch {
		case at.claim.has("template"):
			continue
		case at.claim.has("rcp"):
			rcps[at.claim.one("rcp")] = parse(t, at, trust.ParseRCP)
			continue
		}
		t.Run(fmt.Sprintf("line %d %s", at.line, at.section), func(t *testing.T) {
			question := trust.Question{Subject: subject, Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
			if name := at.claim.one("with-rcp"); name != "" {
				if rcps[name] == nil {
					t.Fatalf("no resource control policy %q above", name)
				}
				question.RCPs = []*trust.Policy{rcps[name]}
			}
			verdict := trust.Decide(parse(t, at, trust.Parse), question)
			verdict.Warnings = append(verdict.Warnings, parties.Warnings(verdict.Outsiders)...)
			hold(t, at.claim, verdict)
		})
		decided++
	}
	if decided < 2*len(trust.ReasonCodes) {
		t.Errorf("%d policies for %d reason codes: each code needs a failing and a repaired one", decided, len(trust.ReasonCodes))
	}
}

func parse(t *testing.T, at example, parser func(trust.Value) (*trust.Policy, error)) *trust.Policy {
	t.Helper()
	tree, err := jsontree.Parse(&trust.File{Name: at.page, Text: []byte(at.text)})
	if err != nil {
		t.Fatalf("%s:%d: %v", at.page, at.line, err)
	}
	policy, err := parser(tree)
	if err != nil {
		t.Fatalf("%s:%d: %v", at.page, at.line, err)
	}
	return policy
}

// hold compares a verdict with a claim. What a claim leaves out it denies: a
// reason, protection or warning that is not claimed must not be there.
func hold(t *testing.T, claimed claim, verdict trust.Verdict) {
	t.Helper()
	if got, want := string(verdict.Outcome), claimed.one("verdict"); got != want {
		t.Errorf("verdict %s, the page claims %s (%s)", got, want, verdict.Problem)
	}
	var reasons, warnings []string
	for _, reason := range verdict.Reasons {
		reasons = append(reasons, reason.Code)
	}
	for _, warning := range verdict.Warnings {
		warnings = append(warnings, warning.Code)
	}
	same(t, "reasons", reasons, claimed["reason"])
	same(t, "warnings", warnings, claimed["warning"])
	same(t, "protection", verdict.Protection, claimed["protection"])
	exploitable := claimed.one("verdict") == "fail" && claimed.one("exploitable") != "false"
	if verdict.Exploitable != exploitable {
		t.Errorf("exploitable is %v, the page claims %v", verdict.Exploitable, exploitable)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("%s %v, the page claims %v", what, got, want)
	}
}

func TestEveryCodeThatAVerdictCanCarryHasASection(t *testing.T) {
	text, ok := docs.Rule("IAM-050")
	if !ok {
		t.Fatal("there is no page for IAM-050")
	}
	protections := []string{"external-id", "mfa", "deny", "rcp"}
	for _, code := range slices.Concat(trust.ReasonCodes, trust.WarningCodes, protections, []string{thirdparty.AWSServiceAccount}) {
		if section, ok := docs.Section(text, code); !ok || !strings.Contains(section, "```json") {
			t.Errorf("no section with an example for %q", code)
		}
	}
}

func TestEveryReasonCodeHasAFailingAndARepairedPolicyInItsSection(t *testing.T) {
	examples := readExamples(t, page)
	for _, code := range trust.ReasonCodes {
		var verdicts []string
		for _, at := range examples {
			if at.section == code {
				verdicts = append(verdicts, at.claim.one("verdict"))
				if at.claim.one("verdict") == "fail" && !slices.Contains(at.claim["reason"], code) {
					t.Errorf("%s:%d: the section of %s fails for another reason", page, at.line, code)
				}
			}
		}
		if !slices.Equal(verdicts, []string{"fail", "pass"}) {
			t.Errorf("the section of %s claims %v, not a fail and then a pass", code, verdicts)
		}
	}
}

func TestTheShownPageHasNoClaimsButAllItsSections(t *testing.T) {
	text, _ := docs.Rule("IAM-050")
	if strings.Contains(text, "<!--") {
		t.Error("a claim is shown to the reader")
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(text, "\n### "), strings.Count(string(written), "\n### "); got != want {
		t.Errorf("%d sections are shown, %d are written", got, want)
	}
}

func TestASectionEndsBeforeTheNextHeading(t *testing.T) {
	const text = "# P\n\n## Reasons\n\n### one\n\nfirst\n\n```sh\n# a comment\n```\n\n### two\n\nsecond\n\n## Other\n\nrest\n"
	tests := map[string]string{
		"one": "### one\n\nfirst\n\n```sh\n# a comment\n```\n",
		"two": "### two\n\nsecond\n",
	}
	for code, want := range tests {
		if got, ok := docs.Section(text, code); !ok || got != want {
			t.Errorf("section %s is %q, not %q", code, got, want)
		}
	}
	for _, code := range []string{"", "on", "Other", "three"} {
		if got, ok := docs.Section(text, code); ok {
			t.Errorf("section %q is %q, though there is none", code, got)
		}
	}
}

func TestNoPageIsFoundOutsideThePages(t *testing.T) {
	for _, id := range []string{"", "IAM-999", "../rules/IAM-050", "../docs", "/etc/passwd"} {
		if _, ok := docs.Rule(id); ok {
			t.Errorf("%q is a page", id)
		}
	}
}
