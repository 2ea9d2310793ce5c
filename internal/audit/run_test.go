package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"

	"github.com/google/go-cmp/cmp"
)

const account = "111122223333"

// given is a source of roles that are there already.
type given struct {
	roles   []*role.Role
	faults  map[int]error // of taking out the role at that place
	notes   map[int]Incomplete
	skipped int
	err     error
}

type givenItem struct {
	subject *role.Role
	fault   error
}

func (g *givenItem) Role() (*role.Role, error) {
	if g.fault != nil {
		return nil, g.fault
	}
	copied := *g.subject
	return &copied, nil
}

func (g *given) Skipped() int { return g.skipped }

func (g *given) Roles(_ context.Context, yield func(Item) error, incomplete func(Incomplete)) error {
	for i, subject := range g.roles {
		if note, ok := g.notes[i]; ok {
			incomplete(note)
		}
		if err := yield(&givenItem{subject, g.faults[i]}); err != nil {
			return err
		}
	}
	return g.err
}

// policyFor allows an account, with an external ID where one is given.
func policyFor(principal, externalID string) []byte {
	condition := ""
	if externalID != "" {
		condition = `,"Condition":{"StringEquals":{"sts:ExternalId":"` + externalID + `"}}`
	}
	return []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"` + condition + `}]}`)
}

func roleOf(name string, policy []byte) *role.Role {
	return &role.Role{
		ARN: "arn:aws:iam::" + account + ":role/" + name, Name: name, Account: account, Partition: "aws",
		Trust: role.Document{JSON: policy},
	}
}

// kept collects findings in a line each.
type kept struct {
	lines    []string
	findings []*rule.Finding
	stopAt   int
	err      error
}

func (k *kept) Finding(finding *rule.Finding) error {
	if k.err != nil && len(k.lines) == k.stopAt {
		return k.err
	}
	k.findings = append(k.findings, finding)
	k.lines = append(k.lines, fmt.Sprintf("%s %s %s", finding.Role.Name, finding.Verdict.Outcome, finding.Severity))
	return nil
}

func mixed(n int) *given {
	source := &given{faults: map[int]error{}, notes: map[int]Incomplete{}, skipped: 2}
	for i := range n {
		policy := policyFor("444455556666", "")
		switch i % 7 {
		case 1:
			policy = policyFor(account, "")
		case 2:
			policy = policyFor("444455556666", fmt.Sprintf("secret-%d", i))
		case 3:
			policy = policyFor("*", "")
		case 4:
			policy = []byte(`{"Version":`)
		case 5:
			source.faults[i] = fmt.Errorf("role %d is damaged", i)
		case 6:
			source.notes[i] = Incomplete{Source: fmt.Sprintf("before %d", i), Reason: "unreadable"}
		}
		source.roles = append(source.roles, roleOf(fmt.Sprintf("r%d", i), policy))
	}
	return source
}

func TestResultsAndOrderAreTheSameAtAnyConcurrency(t *testing.T) {
	const n = 7 * 130
	var want []string
	for i := range n {
		switch i % 7 {
		case 0, 6:
			want = append(want, fmt.Sprintf("r%d fail medium", i))
		case 3:
			want = append(want, fmt.Sprintf("r%d fail critical", i))
		case 4:
			want = append(want, fmt.Sprintf("r%d error none", i))
		}
	}
	var incomplete []Incomplete
	for _, concurrency := range []int{1, 2, 8} {
		var sink kept
		summary, err := Run(context.Background(), []Source{mixed(n)}, Options{Concurrency: concurrency}, &sink)
		if err != nil {
			t.Fatal(err)
		}
		if difference := cmp.Diff(want, sink.lines); difference != "" {
			t.Errorf("concurrency %d: %s", concurrency, difference)
		}
		if len(summary.Incomplete) != 2*n/7 {
			t.Errorf("concurrency %d: %d incomplete", concurrency, len(summary.Incomplete))
		}
		if incomplete == nil {
			incomplete = summary.Incomplete
		}
		if difference := cmp.Diff(incomplete, summary.Incomplete); difference != "" {
			t.Errorf("concurrency %d: %s", concurrency, difference)
		}
		summary.Incomplete = nil
		counted := Summary{
			Roles: n * 6 / 7, Fail: n * 3 / 7, Pass: n / 7, NotApplicable: n / 7, Error: n / 7, Worst: rule.Critical, Skipped: 2,
		}
		if difference := cmp.Diff(counted, summary); difference != "" {
			t.Errorf("concurrency %d: %s", concurrency, difference)
		}
	}
}

// spy is a rule that counts what it is asked, and panics on a certain policy.
func spy(decided *atomic.Int64) []rule.Rule {
	return []rule.Rule{{ID: "IAM-050", Check: func(policy *trust.Policy, question trust.Question) trust.Verdict {
		decided.Add(1)
		if len(policy.Statements) > 0 && policy.Statements[0].Sid == "panic" {
			panic("the policy holds a secret")
		}
		if len(policy.Statements) > 0 && policy.Statements[0].Sid == "index" {
			_ = policy.Statements[len(policy.Statements)+5]
		}
		return trust.Verdict{
			Outcome: trust.Fail, Exploitable: true, Witness: &trust.Request{Resource: question.Subject.ARN, Account: question.Subject.Account},
		}
	}}}
}

func TestEqualPoliciesAreDecidedOnce(t *testing.T) {
	tests := []struct {
		name   string
		change func(*role.Role, *Options, int) // of every second role
		policy string
		want   int64
	}{
		{name: "the same question", want: 1},
		{name: "another account", want: 2, change: func(r *role.Role, _ *Options, _ int) { r.Account = "777788889999" }},
		{name: "another partition", want: 2, change: func(r *role.Role, _ *Options, _ int) { r.Partition = "aws-cn" }},
		{name: "another policy", want: 2, change: func(r *role.Role, _ *Options, _ int) { r.Trust.JSON = policyFor("*", "") }},
		{name: "tags that the policy does not see", want: 1, change: func(r *role.Role, _ *Options, _ int) { r.Tags = map[string]string{"a": "b"} }},
		{
			name: "tags that the policy sees", want: 100,
			change: func(r *role.Role, _ *Options, _ int) { r.Tags = map[string]string{"a": "b"} },
			policy: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"iam:ResourceTag/a":"b"}}}]}`,
		},
		{
			name: "a variable that sees tags", want: 100,
			policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"${aws:ResourceTag/a}"}}}]}`,
		},
		{
			name: "another zone", want: 2,
			change: func(_ *role.Role, o *Options, _ int) {
				o.Zone = func(r *role.Role) trust.Zone {
					if strings.HasSuffix(r.Name, "0") {
						return trust.Zone{Accounts: []string{"444455556666"}}
					}
					return trust.Zone{Organizations: []string{"444455556666"}}
				}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var options Options
			source := &given{}
			for i := range 100 {
				subject := roleOf(fmt.Sprintf("r%d", i), policyFor("444455556666", ""))
				if test.policy != "" {
					subject.Trust.JSON = []byte(test.policy)
				}
				if test.change != nil && i%2 == 0 {
					test.change(subject, &options, i)
				}
				source.roles = append(source.roles, subject)
			}
			var decided atomic.Int64
			var sink kept
			if _, err := run(context.Background(), []Source{source}, newJudge(options, spy(&decided)), &sink); err != nil {
				t.Fatal(err)
			}
			if decided.Load() != test.want {
				t.Errorf("decided %d times, want %d", decided.Load(), test.want)
			}
			for i, finding := range sink.findings {
				if finding.Verdict.Witness.Resource != source.roles[i].ARN {
					t.Errorf("the witness for %s asks for %s", finding.Role.ARN, finding.Verdict.Witness.Resource)
				}
				if finding.Verdict.Witness.Account != source.roles[i].Account {
					t.Errorf("%s has the verdict of another account", finding.Role.ARN)
				}
			}
		})
	}
}

func TestControlsOfAnAccountAreTakenIntoTheQuestion(t *testing.T) {
	rcp := &trust.Policy{}
	bound := []*trust.Policy{rcp}
	options := Options{RCPsFor: func(r *role.Role) []*trust.Policy {
		if r.Name == "bound" {
			return bound
		}
		return nil
	}}
	seen := map[string]int{}
	var mu sync.Mutex
	rules := []rule.Rule{{ID: "IAM-050", Check: func(_ *trust.Policy, question trust.Question) trust.Verdict {
		mu.Lock()
		defer mu.Unlock()
		seen[question.Subject.Account] = len(question.RCPs)
		return trust.Verdict{Outcome: trust.Pass}
	}}}
	of := func(account, name string) *role.Role {
		made := roleOf(name, policyFor("*", ""))
		made.Account = account
		return made
	}
	linked := of("linked", "bound")
	linked.Path = "/aws-service-role/x/"
	source := &given{roles: []*role.Role{of("free", "free"), of("bound", "bound"), linked}}
	if _, err := run(context.Background(), []Source{source}, newJudge(options, rules), &kept{}); err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(map[string]int{"free": 0, "bound": 1, "linked": 0}, seen); difference != "" {
		t.Error(difference)
	}
}

func TestOptionsFillInWhatASourceCannotTell(t *testing.T) {
	source := &given{roles: []*role.Role{{Name: "bare", Trust: role.Document{JSON: policyFor(account, "")}}}}
	var sink kept
	options := Options{Account: account, Partition: "aws", Keep: func(*rule.Finding) bool { return true }}
	if _, err := Run(context.Background(), []Source{source}, options, &sink); err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff([]string{"bare not-applicable none"}, sink.lines); difference != "" {
		t.Error(difference)
	}
	if subject := sink.findings[0].Role; subject.Account != account || subject.Partition != "aws" {
		t.Errorf("%+v", subject)
	}
}

func TestKeepSeesEveryFinding(t *testing.T) {
	seen := map[trust.Outcome]int{}
	var mu sync.Mutex
	options := Options{Keep: func(finding *rule.Finding) bool {
		mu.Lock()
		defer mu.Unlock()
		seen[finding.Verdict.Outcome]++
		return finding.Verdict.Outcome == trust.Pass
	}}
	var sink kept
	if _, err := Run(context.Background(), []Source{mixed(7)}, options, &sink); err != nil {
		t.Fatal(err)
	}
	want := map[trust.Outcome]int{trust.Fail: 3, trust.Pass: 1, trust.NotApplicable: 1, trust.Broken: 1}
	if !maps.Equal(seen, want) || !slices.Equal(sink.lines, []string{"r2 pass none"}) {
		t.Errorf("saw %v, kept %v", seen, sink.lines)
	}
}

func TestAPolicyThatCannotBeParsedIsAnErrorAtItsPlace(t *testing.T) {
	document := role.Document{JSON: []byte("{\"Statement\": [{\"Effect\": \"Allow\",\n \"Principle\": \"*\", \"Action\": \"sts:AssumeRole\"}]}"), Line: 7, Column: 20}
	subject := roleOf("r", nil)
	subject.Trust, subject.Source = document, role.Source{Path: "x.json", Line: 3, Column: 1}
	var sink kept
	if _, err := Run(context.Background(), []Source{&given{roles: []*role.Role{subject}}}, Options{}, &sink); err != nil {
		t.Fatal(err)
	}
	finding := sink.findings[0]
	if want := (rule.Place{Path: "x.json", Line: 8, Column: 2, EndLine: 8, EndColumn: 13}); finding.Place != want {
		t.Errorf("at %v, want %v", finding.Place, want)
	}
	if finding.Verdict.Outcome != trust.Broken || !strings.Contains(finding.Verdict.Problem, "Principal") {
		t.Errorf("%+v", finding.Verdict)
	}
}
