package audit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"countersign/internal/role"
	"countersign/internal/rule"

	"github.com/google/go-cmp/cmp"
)

func TestAPanicIsAnErrorOfOneRole(t *testing.T) {
	withSid := func(sid string) []byte {
		return []byte(`{"Statement":[{"Sid":"` + sid + `","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)
	}
	source := &given{roles: []*role.Role{
		roleOf("a", withSid("x")), roleOf("b", withSid("panic")), roleOf("c", withSid("index")), roleOf("d", withSid("panic")), roleOf("e", withSid("x")),
	}}
	var decided atomic.Int64
	var sink kept
	summary, err := run(context.Background(), []Source{source}, newJudge(Options{}, spy(&decided)), &sink)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a fail medium", "b error none", "c error none", "d error none", "e fail medium"}
	if difference := cmp.Diff(want, sink.lines); difference != "" {
		t.Error(difference)
	}
	problems := []string{sink.findings[1].Verdict.Problem, sink.findings[2].Verdict.Problem}
	if problems[0] != "internal fault" || !strings.HasPrefix(problems[1], "internal fault: runtime error: index out of range") {
		t.Errorf("%q", problems)
	}
	if summary.Error != 3 || summary.Fail != 2 {
		t.Errorf("%+v", summary)
	}
}

func TestAPanicOfKeepIsAnErrorOfOneRole(t *testing.T) {
	options := Options{Keep: func(finding *rule.Finding) bool {
		if finding.Role.Name == "r1" {
			panic("keep")
		}
		return true
	}}
	var sink kept
	summary, err := Run(context.Background(), []Source{mixed(3)}, options, &sink)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff([]string{"r0 fail medium", "r1 error none", "r2 pass none"}, sink.lines); difference != "" {
		t.Error(difference)
	}
	if summary.Error != 1 || summary.NotApplicable != 0 {
		t.Errorf("%+v", summary)
	}
}

// panicking is a source and an item that fall over.
type panicking struct{}

func (panicking) Role() (*role.Role, error) { panic("item") }

func (p panicking) Roles(_ context.Context, yield func(Item) error, _ func(Incomplete)) error {
	if err := yield(p); err != nil {
		return err
	}
	panic("source")
}

func TestAPanicOfASourceOrItemMakesTheRunIncomplete(t *testing.T) {
	var sink kept
	summary, err := Run(context.Background(), []Source{panicking{}, mixed(1)}, Options{}, &sink)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, what := range summary.Incomplete {
		reasons = append(reasons, what.Reason)
	}
	slices.Sort(reasons)
	if difference := cmp.Diff([]string{"a role could not be read: internal fault", "reading ended early: internal fault"}, reasons); difference != "" {
		t.Error(difference)
	}
	if difference := cmp.Diff([]string{"r0 fail medium"}, sink.lines); difference != "" {
		t.Error(difference)
	}
}

func TestAnInterruptedRunKeepsWhatIsKnown(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	endless := sourceFunc(func(yield func(Item) error) error {
		for i := 0; ; i++ {
			if i == 1000 {
				cancel()
			}
			if err := yield(&givenItem{subject: roleOf("r", policyFor("*", ""))}); err != nil {
				return err
			}
		}
	})
	var sink kept
	summary, err := Run(ctx, []Source{endless}, Options{}, &sink)
	if err != nil || len(sink.lines) != 1000 || summary.Roles != 1000 {
		t.Errorf("%d findings, %d roles, error %v", len(sink.lines), summary.Roles, err)
	}
	want := []Incomplete{{Reason: "interrupted before everything was read"}}
	if difference := cmp.Diff(want, summary.Incomplete); difference != "" {
		t.Error(difference)
	}
}

type sourceFunc func(yield func(Item) error) error

func (f sourceFunc) Roles(_ context.Context, yield func(Item) error, _ func(Incomplete)) error {
	return f(yield)
}

func TestTheSinksErrorEndsTheRun(t *testing.T) {
	broken := errors.New("broken pipe")
	yielded := 0
	endless := sourceFunc(func(yield func(Item) error) error {
		for {
			yielded++
			if err := yield(&givenItem{subject: roleOf("r", policyFor("*", ""))}); err != nil {
				return err
			}
		}
	})
	sink := &kept{stopAt: 100, err: broken}
	if _, err := Run(context.Background(), []Source{endless}, Options{}, sink); !errors.Is(err, broken) || len(sink.lines) != 100 {
		t.Errorf("%d findings, error %v", len(sink.lines), err)
	}
}

func TestWhatIsUnderWayIsBounded(t *testing.T) {
	const concurrency, items = 2, 50_000
	var yielded atomic.Int64
	counting := sourceFunc(func(yield func(Item) error) error {
		for range items {
			yielded.Add(1)
			if err := yield(&givenItem{subject: roleOf("r", policyFor("*", ""))}); err != nil {
				return err
			}
		}
		return nil
	})
	delivered, most, done := 0, 0, 0
	sink := sinkFunc(func(*rule.Finding) error {
		most = max(most, int(yielded.Load())-delivered)
		delivered++
		return nil
	})
	options := Options{Concurrency: concurrency, Progress: func(roles int) { done = roles }}
	if _, err := Run(context.Background(), []Source{counting}, options, sink); err != nil {
		t.Fatal(err)
	}
	if done != items || delivered != items {
		t.Errorf("%d done, %d delivered", done, delivered)
	}
	// The window, and a batch each at the reader, on the way and at the sink.
	if limit := (4*concurrency + 3) * batchItems; most > limit {
		t.Errorf("%d roles under way, limit %d", most, limit)
	}
}

type sinkFunc func(*rule.Finding) error

func (f sinkFunc) Finding(finding *rule.Finding) error { return f(finding) }
