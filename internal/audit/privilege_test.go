package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/privilege"
	"countersign/internal/rule"
	"countersign/internal/source"
	"countersign/internal/synthetic"
)

// opened lists what an audit of a file found, by the role's name.
func opened(t *testing.T, path string, options audit.Options) map[string]*rule.Finding {
	t.Helper()
	found := map[string]*rule.Finding{}
	sources := []audit.Source{source.NewFiles([]string{path}, strings.NewReader(""), source.Options{})}
	summary, err := audit.Run(context.Background(), sources, options, sinkFunc(func(f *rule.Finding) { found[f.Role.Name] = f }))
	if err != nil || summary.Incomplete != nil {
		t.Fatal(err, summary.Incomplete)
	}
	return found
}

type sinkFunc func(*rule.Finding)

func (s sinkFunc) Finding(f *rule.Finding) error { s(f); return nil }

func exportOf(roles ...string) string {
	return `{"RoleDetailList":[` + strings.Join(roles, ",") + `],"Policies":[
  {"Arn":"arn:aws:iam::111122223333:policy/own","DefaultVersionId":"v1","PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":true,
   "Document":{"Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}}]}]}`
}

func roleWith(name, principal, policies string) string {
	return fmt.Sprintf(`{"RoleName":%q,"Arn":"arn:aws:iam::111122223333:role/%s","AssumeRolePolicyDocument":{"Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole"}]},%s}`,
		name, name, principal, policies)
}

func attached(arn string) string {
	return fmt.Sprintf(`"RolePolicyList":[],"AttachedManagedPolicies":[{"PolicyName":"p","PolicyArn":%q}]`, arn)
}

func inline(action string) string {
	return fmt.Sprintf(`"AttachedManagedPolicies":[],"RolePolicyList":[{"PolicyName":"in","PolicyDocument":{"Statement":[{"Effect":"Allow","Action":%q,"Resource":"*"}]}}]`, action)
}

func TestWhatARoleMayDoWeighsInTheSeverity(t *testing.T) {
	const vendor = "444455556666"
	path := filepath.Join(t.TempDir(), "export.json")
	text := exportOf(
		roleWith("admin", vendor, attached("arn:aws:iam::aws:policy/AdministratorAccess")),
		roleWith("becomes", vendor, attached("arn:aws:iam::111122223333:policy/own")),
		roleWith("writes", vendor, inline("s3:PutObject")),
		roleWith("reads", vendor, inline("s3:GetObject")),
		roleWith("nothing", vendor, `"RolePolicyList":[],"AttachedManagedPolicies":[]`),
		roleWith("gone", vendor, attached("arn:aws:iam::111122223333:policy/gone")),
		roleWith("untold", vendor, `"Tags":[]`),
		roleWith("public", "*", attached("arn:aws:iam::aws:policy/AdministratorAccess")),
		roleWith("public-reads", "*", inline("s3:GetObject")),
	)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		level    string
		severity rule.Severity
	}{
		"admin": {"administrator", rule.High}, "becomes": {"can-become-administrator", rule.High},
		"writes": {"writes-data", rule.Medium}, "reads": {"reads-data", rule.Medium}, "nothing": {"none", rule.Medium},
		"gone": {"unknown", rule.Medium}, "untold": {"", rule.Medium},
		"public": {"administrator", rule.Critical}, "public-reads": {"reads-data", rule.Critical},
	} {
		// The verdict is shared by most of these roles, and their severity is not.
		for _, concurrency := range []int{1, 4} {
			finding := opened(t, path, audit.Options{Concurrency: concurrency})[name]
			level := ""
			if finding.Privilege != nil {
				level = finding.Privilege.Level.String()
			}
			if level != want.level || finding.Severity != want.severity {
				t.Errorf("%s: %q, %s; want %q, %s", name, level, finding.Severity, want.level, want.severity)
			}
		}
	}
	low := opened(t, path, audit.Options{Severities: map[string]rule.Severity{"IAM-050": rule.Low}})
	if got := low["admin"].Severity; got != rule.Low {
		t.Errorf("against the user's word: %s", got)
	}
	if low["becomes"].Role.Access.Library != nil {
		t.Error("a finding holds on to the file")
	}
}

func TestTheWorstSeverityKnowsWhatARoleMayDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.json")
	if err := os.WriteFile(path, []byte(exportOf(roleWith("admin", "444455556666", inline("*")))), 0o600); err != nil {
		t.Fatal(err)
	}
	sources := []audit.Source{source.NewFiles([]string{path}, nil, source.Options{})}
	drop := func(*rule.Finding) bool { return false }
	summary, err := audit.Run(context.Background(), sources, audit.Options{Keep: drop}, discard{})
	if err != nil || summary.Worst != rule.High {
		t.Errorf("%v, worst %s", err, summary.Worst)
	}
}

// Secrets of a policy, in a condition, reach neither the judgement's words nor
// its faults.
func TestConditionsAreNotTold(t *testing.T) {
	const secret = "planted-7fd3"
	policy := `"AttachedManagedPolicies":[],"RolePolicyList":[{"PolicyName":"in","PolicyDocument":{"Statement":[
	 {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"sts:ExternalId":"` + secret + `"}}}]}},
	 {"PolicyName":"broken","PolicyDocument":"{\"Condition\": \"` + secret + `"}]`
	path := filepath.Join(t.TempDir(), "export.json")
	if err := os.WriteFile(path, []byte(exportOf(roleWith("r", "444455556666", policy))), 0o600); err != nil {
		t.Fatal(err)
	}
	told := opened(t, path, audit.Options{})["r"].Privilege
	if told.Level != privilege.CanBecomeAdministrator || strings.Contains(fmt.Sprintf("%+v", told), secret) {
		t.Errorf("%+v", told)
	}
}

// What exports cost is measured by BenchmarkRun; here is what they must not do.
func TestAnExportOfManyRolesWithPoliciesIsJudgedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.json")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := synthetic.Export(file, 3000, synthetic.Compact); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for name, finding := range opened(t, path, audit.Options{}) {
		if finding.Privilege == nil || len(finding.Privilege.Unknown) > 0 && finding.Privilege.Level == privilege.None {
			t.Errorf("%s: %+v", name, finding.Privilege)
		}
	}
}
