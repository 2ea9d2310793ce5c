package apply

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
	"countersign/internal/source/awslive/awstest"
	"countersign/trust"
	"countersign/trust/jsontree"
)

const (
	// IAM keeps policies as they are sent, white space included; a policy that
	// is put back has to be this to the byte.
	open = `{
   "Version": "2012-10-17",
   "Statement": [ {"Effect":"Allow", "Principal":{"AWS":"arn:aws:iam::999988887777:root"}, "Action":"sts:AssumeRole" } ]
}`
	externalID = "Jw8rV2nq5TzK0cYx"
	guarded    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + externalID + `"}}}]}`
	// What IAM may make of it.
	stored  = `{"Version":"2012-10-17","Statement":[{"Condition":{"StringEquals":{"sts:ExternalId":["` + externalID + `"]}},"Effect":"Allow","Principal":{"AWS":["999988887777"]},"Action":["sts:AssumeRole"]}]}`
	foreign = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

// judge is the rule itself, for roles of an account.
func judge(account string) func(string) (trust.Verdict, error) {
	return func(policy string) (trust.Verdict, error) {
		tree, err := jsontree.Parse(&trust.File{Text: []byte(policy)})
		if err != nil {
			return trust.Verdict{}, err
		}
		parsed, err := trust.Parse(tree)
		if err != nil {
			return trust.Verdict{}, err
		}
		return trust.Decide(parsed, trust.Question{Subject: trust.Subject{Account: account, Partition: "aws"}}), nil
	}
}

// closing is the change that closes an open role.
func closing(account, name string) Change {
	return Change{
		Account: account, Partition: "aws", Name: name, ARN: arnOf(account, name),
		Before: open, After: guarded, Judge: judge(account),
	}
}

func arnOf(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// scene is an account with one open role, behind a proxy, and a journal.
type scene struct {
	*testing.T
	world   *awstest.World
	proxy   *awstest.Proxy
	journal *journal.Journal
	options Options

	mu     sync.Mutex
	faults func(awstest.Call) awstest.Fault
}

// fault says for each call from now on what goes wrong; nil for nothing.
func (s *scene) fault(faults func(awstest.Call) awstest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, world: awstest.NewWorld(t), journal: journal.At(filepath.Join(t.TempDir(), "journal"))}
	s.world.Role(s.world.Account, "/", "vendor", open)
	s.proxy = awstest.NewProxy(t, s.world, func(call awstest.Call) awstest.Fault {
		s.mu.Lock()
		faults := s.faults
		s.mu.Unlock()
		if faults == nil {
			return nil
		}
		return faults(call)
	})
	s.options = Options{Tool: "countersign test", settle: 300 * time.Millisecond}
	for name, value := range environment(s.proxy.URL) {
		t.Setenv(name, value)
	}
	return s
}

func environment(url string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": awstest.AccessKey, "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	}
}

func session(t *testing.T, options awslive.Options) *awslive.Session {
	t.Helper()
	options.Changes = true
	opened, err := awslive.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// hold is the hold on the scene's journal, until release.
func (s *scene) hold() *journal.Hold {
	s.Helper()
	hold, err := s.journal.Hold(context.Background(), false)
	if err != nil {
		s.Fatal(err)
	}
	return hold
}

// run makes changes in the scene.
func (s *scene) run(changes ...Change) []Outcome {
	s.Helper()
	hold := s.hold()
	defer hold.Release()
	outcomes, err := Run(context.Background(), session(s.T, awslive.Options{}), hold, changes, s.options)
	if err != nil {
		s.Fatal(err)
	}
	return outcomes
}

// close closes the scene's role.
func (s *scene) close() Outcome {
	s.Helper()
	return s.run(closing(s.world.Account, "vendor"))[0]
}

func (s *scene) undo(entry *journal.Entry) Outcome {
	s.Helper()
	hold := s.hold()
	defer hold.Release()
	return Undo(context.Background(), session(s.T, awslive.Options{}), hold, entry, s.options)
}

func (s *scene) recover(entry *journal.Entry, choice Choice) Outcome {
	s.Helper()
	hold := s.hold()
	defer hold.Release()
	aws := session(s.T, awslive.Options{})
	seen := Settled(context.Background(), aws, entry, s.options)
	return Recover(context.Background(), aws, hold, entry, seen, choice, s.options)
}

// shows checks the policy that the role has, to the byte.
func (s *scene) shows(want string) {
	s.Helper()
	if got := s.world.Trust(s.world.Account, "vendor"); got != want {
		s.Errorf("the role shows\n%s\nwant\n%s", got, want)
	}
}

// entries reads the journal, of which nothing may be damaged.
func (s *scene) entries() []*journal.Entry {
	s.Helper()
	entries, damages, err := s.journal.Entries()
	if err != nil || len(damages) > 0 {
		s.Fatalf("the journal: %v, %v", damages, err)
	}
	return entries
}

// states checks the steps of the one entry in the journal.
func (s *scene) states(want ...journal.State) *journal.Entry {
	s.Helper()
	entries := s.entries()
	if len(entries) != 1 {
		s.Fatalf("%d entries, want 1", len(entries))
	}
	var got []journal.State
	for _, step := range entries[0].Steps {
		got = append(got, step.State)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("the journal tells %v, want %v", got, want)
	}
	return entries[0]
}

// ends checks an outcome.
func (s *scene) ends(got Outcome, want Result) {
	s.Helper()
	if got.Result != want || (got.Err == nil) != (want == Done) {
		s.Errorf("%s: %v; want %s", got.Result, got.Err, want)
	}
}
