package thirdparty

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// found is the finding about a role with a trust policy.
func found(t *testing.T, name, policy string) *rule.Finding {
	t.Helper()
	tree, err := jsontree.Parse(&trust.File{Text: []byte(policy)})
	if err != nil {
		t.Fatal(err)
	}
	return decided(t, name, role.Document{JSON: []byte(policy)}, tree)
}

func decided(t *testing.T, name string, document role.Document, tree trust.Value) *rule.Finding {
	t.Helper()
	parsed, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	subject := &role.Role{Name: name, ARN: "arn:aws:iam::111122223333:role/" + name, Account: "111122223333", Trust: document}
	verdict := trust.Decide(parsed, trust.Question{
		Subject: trust.Subject{ARN: subject.ARN, Account: subject.Account, Partition: "aws", Name: name},
		Now:     time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
	})
	return &rule.Finding{
		Fingerprint: rule.Fingerprint("IAM-050", subject), Rule: "IAM-050", Role: subject, Verdict: &verdict,
		Severity: rule.SeverityOf("IAM-050", parsed, &verdict, false, nil),
	}
}

// allow is a statement for a principal, with an external ID if one is given.
func allow(account, id string) string {
	condition := ""
	if id != "" {
		condition = fmt.Sprintf(`, "Condition": {"StringEquals": {"sts:ExternalId": %q}}`, id)
	}
	return fmt.Sprintf(`{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": "sts:AssumeRole"%s}`, account, condition)
}

func policyOf(statements ...string) string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ", ") + `]}`
}

// told is what a test compares of an entry: label, accounts, and for each role
// its name, verdict, whether it is open, the number of external IDs and their
// groups.
func told(entries []*Entry) (lines []string) {
	for _, entry := range entries {
		lines = append(lines, fmt.Sprintf("%s %v %v", entry.Label, entry.Accounts, entry.Unguarded))
		for _, a := range entry.Roles {
			lines = append(lines, fmt.Sprintf("  %s %s %v %d %v", a.Name, a.Verdict, a.Unguarded, a.ExternalIDs, a.Shared))
		}
	}
	return lines
}

func sharing(groups []Shared) (lines []string) {
	for _, one := range groups {
		var parties, roles []string
		for _, entry := range one.Parties {
			parties = append(parties, entry.Label)
		}
		for _, a := range one.Roles {
			roles = append(roles, a.Name)
		}
		lines = append(lines, fmt.Sprintf("#%d %s: %s", one.Group, strings.Join(parties, ","), strings.Join(roles, ",")))
	}
	return lines
}

func inventory(t *testing.T, directory *Directory, findings ...*rule.Finding) *Inventory {
	t.Helper()
	i := NewInventory(directory)
	for _, finding := range findings {
		if err := i.Finding(finding); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

const (
	firstID  = "9f2c41d7-5e0b-4a86-b3d9-7c1e8a4f6025"
	secondID = "0b7d1c55-93aa-4f1e-8a57-2d40c6b9e318"
)

func TestAccountsAreGroupedByTheirOwner(t *testing.T) {
	i := inventory(t, New([]Owner{{Name: "Example Audits", Accounts: []string{"777788889999"}}}),
		found(t, "logs", policyOf(allow("464622532012", firstID))),
		found(t, "metrics", policyOf(allow("865078226113", ""))),
		found(t, "audit", policyOf(allow("777788889999", ""))),
		found(t, "stranger", policyOf(allow("444455556666", secondID))),
		found(t, "public", policyOf(allow("*", ""))),
		found(t, "own", policyOf(allow("111122223333", ""))),
	)
	entries, groups := i.Entries()
	want := []string{
		"anyone [] true", "  public fail true 0 []",
		"Datadog [464622532012 865078226113] true", "  logs pass false 1 []", "  metrics fail true 0 []",
		"Example Audits [777788889999] true", "  audit fail true 0 []",
		"444455556666 [444455556666] false", "  stranger pass false 1 []",
	}
	if diff := cmp.Diff(want, told(entries)); diff != "" {
		t.Error(diff)
	}
	if groups != nil || i.Roles() != 5 {
		t.Errorf("shared: %v, %d roles", sharing(groups), i.Roles())
	}
}

func TestARoleOfSeveralPartiesStandsAtEachWithWhatItAsksOfIt(t *testing.T) {
	entries, _ := inventory(t, nil, found(t, "both", policyOf(
		allow("444455556666", firstID), allow("464622532012", ""), allow("444455556666", secondID),
	))).Entries()
	want := []string{
		"Datadog [464622532012] true", "  both fail true 0 []",
		"444455556666 [444455556666] false", "  both fail false 2 []",
	}
	if diff := cmp.Diff(want, told(entries)); diff != "" {
		t.Error(diff)
	}
}

func TestSharedExternalIDsAreFound(t *testing.T) {
	const deny = `{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"StringNotEquals": {"sts:ExternalId": "` + firstID + `"}}}`
	for _, test := range []struct {
		name     string
		policies []string
		want     []string
	}{
		{"by two roles of one party", []string{policyOf(allow("444455556666", firstID)), policyOf(allow("444455556666", firstID))}, []string{"#1 444455556666: a,b"}},
		{"by two parties", []string{policyOf(allow("444455556666", firstID)), policyOf(allow("464622532012", firstID))}, []string{"#1 Datadog,444455556666: a,b"}},
		{"by two parties in one role", []string{policyOf(allow("444455556666", firstID), allow("464622532012", firstID))}, []string{"#1 Datadog,444455556666: a"}},
		{"two accounts of one party in one role share nothing", []string{policyOf(allow("865078226113", firstID), allow("464622532012", firstID))}, nil},
		{"different ones are not shared", []string{policyOf(allow("444455556666", firstID)), policyOf(allow("464622532012", secondID))}, nil},
		{"a Deny asks for one, too", []string{policyOf(allow("444455556666", ""), deny), policyOf(allow("464622532012", firstID))}, []string{"#1 Datadog,444455556666: a,b"}},
		{"the letter case counts", []string{policyOf(allow("444455556666", "Acme-Prod-7731")), policyOf(allow("464622532012", "acme-prod-7731"))}, nil},
		{"a pattern is no external ID", []string{
			strings.ReplaceAll(policyOf(allow("444455556666", "acme-prod-????????")), "StringEquals", "StringLike"),
			strings.ReplaceAll(policyOf(allow("464622532012", "acme-prod-????????")), "StringEquals", "StringLike"),
		}, nil},
		{"what is not to be sent is no external ID", []string{
			strings.ReplaceAll(policyOf(allow("444455556666", firstID)), "StringEquals", "StringNotEquals"),
			policyOf(allow("464622532012", firstID)),
		}, nil},
		{"two of them are numbered in the order of the parties", []string{
			policyOf(allow("444455556666", secondID)), policyOf(allow("464622532012", firstID)), policyOf(allow("444455556666", firstID)), policyOf(allow("444455556666", secondID)),
		}, []string{"#1 Datadog,444455556666: b,c", "#2 444455556666: a,d"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var findings []*rule.Finding
			for n, policy := range test.policies {
				findings = append(findings, found(t, string(rune('a'+n)), policy))
			}
			_, groups := inventory(t, nil, findings...).Entries()
			if diff := cmp.Diff(test.want, sharing(groups)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A verdict on a template speaks of invented values where the template leaves
// them open. An inventory does not.
func TestWhatATemplateLeavesOpenIsNotInvented(t *testing.T) {
	open := func(name string, statements string) *rule.Finding {
		tree, err := jsontree.Parse(&trust.File{Text: []byte(statements)})
		if err != nil {
			t.Fatal(err)
		}
		tree = withUnknowns(tree)
		return decided(t, name, role.Document{Tree: &tree}, tree)
	}
	entries, groups := inventory(t, nil,
		open("vendor", policyOf(allow("464622532012", "?Secret"))),
		open("other", policyOf(allow("464622532012", "?Secret"))),
		open("anybody", policyOf(allow("?Account", firstID))),
		open("known", policyOf(allow("464622532012", firstID), allow("?Account", "?Secret"))),
	).Entries()
	want := []string{
		"Datadog [464622532012] false", "  vendor pass false 0 []", "  other pass false 0 []", "  known pass false 1 [1]",
		"unknown [] false", "  anybody pass false 1 [1]", "  known pass false 0 []",
	}
	if diff := cmp.Diff(want, told(entries)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"#1 Datadog,unknown: anybody,known"}, sharing(groups)); diff != "" {
		t.Error(diff)
	}
}

// withUnknowns turns strings that begin with "?" into unknown values.
func withUnknowns(value trust.Value) trust.Value {
	if name, ok := strings.CutPrefix(value.Text, "?"); ok && value.Kind == trust.String {
		return trust.Value{Kind: trust.Unknown, On: "parameter " + name, Range: value.Range}
	}
	for i := range value.Items {
		value.Items[i] = withUnknowns(value.Items[i])
	}
	for i := range value.Members {
		value.Members[i].Value = withUnknowns(value.Members[i].Value)
	}
	return value
}

func TestNoExternalIDIsKept(t *testing.T) {
	i := inventory(t, nil, found(t, "a", policyOf(allow("444455556666", firstID))), found(t, "b", policyOf(allow("464622532012", firstID))))
	entries, groups := i.Entries()
	if len(groups) != 1 {
		t.Fatal("the external ID is not seen at all")
	}
	kept := []any{groups, i}
	for _, entry := range entries {
		kept = append(kept, *entry)
	}
	for _, kept := range kept {
		if text := fmt.Sprintf("%+v %#v", kept, kept); strings.Contains(text, firstID) {
			t.Errorf("the inventory holds the external ID: %s", text)
		}
	}
	again := newSecrets()
	if i.secrets.digest(firstID) == again.digest(firstID) {
		t.Error("two runs make the same digest")
	}
}
