package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"countersign/internal/fix/journal"
	"countersign/internal/fix/textdiff"
	"countersign/internal/source/awslive"
	"countersign/trust"
)

// assignment is a change that is to be made, with what has to hold first.
type assignment struct {
	partition, account string
	name, arn          string
	id                 string // of the role; empty where any will do
	before, after      string
	same               func(before, live string) bool
	undoes             string

	judge    func(policy string) (trust.Verdict, error)
	verdicts [2]journal.Verdict // before and after, where nobody judges
}

// prepare reads the role and returns the change as it goes into the journal, or
// why it must not be made.
func (r *run) prepare(ctx context.Context, editor *awslive.Editor, a assignment) (*journal.Change, error) {
	live, err := editor.Role(ctx, a.name)
	switch {
	case err != nil:
		return nil, err
	case live.ARN != a.arn:
		return nil, fmt.Errorf("the role of this name is now %s", live.ARN)
	case a.id != "" && live.ID != a.id:
		return nil, errors.New("the role was deleted and another was made under its name")
	case strings.HasPrefix(live.Path, "/aws-service-role/"):
		return nil, errors.New("AWS owns the trust policy of this service-linked role; nobody can change it")
	case !a.same(a.before, live.Policy):
		return nil, &MovedError{a.before, live.Policy}
	}
	if err := r.fits(live.Policy, a.after); err != nil {
		return nil, err
	}
	verdicts, err := a.judged(live.Policy)
	if err != nil {
		return nil, err
	}
	return &journal.Change{
		Tool: r.options.Tool, Caller: r.session.Caller.ARN, Through: editor.Through,
		Partition: a.partition, Account: a.account,
		Role:   journal.Role{Name: live.Name, ARN: live.ARN, ID: live.ID},
		Before: live.Policy, After: a.after,
		VerdictBefore: verdicts[0], VerdictAfter: verdicts[1],
		Undoes: a.undoes,
	}, nil
}

// judged judges both policies, and refuses a new one that does not close the
// role.
func (a *assignment) judged(live string) (verdicts [2]journal.Verdict, err error) {
	if a.judge == nil {
		return a.verdicts, nil
	}
	for i, policy := range []string{live, a.after} {
		verdict, err := a.judge(policy)
		if err != nil {
			return verdicts, fmt.Errorf("judging the role: %w", err)
		}
		verdicts[i] = short(verdict)
		if i == 1 && !closed(verdict) {
			return verdicts, fmt.Errorf("the new policy does not close the role, its verdict is %s", verdict.Outcome)
		}
	}
	return verdicts, nil
}

func closed(verdict trust.Verdict) bool {
	return verdict.Outcome == trust.Pass || verdict.Outcome == trust.NotApplicable
}

func short(verdict trust.Verdict) journal.Verdict {
	told := journal.Verdict{Outcome: string(verdict.Outcome), Protection: verdict.Protection}
	for _, reason := range verdict.Reasons {
		told.Reasons = append(told.Reasons, reason.Code)
	}
	return told
}

// Quotas for role trust policies: the default, and the most that it can be
// raised to (IAM User Guide, "IAM and AWS STS quotas").
const (
	DefaultPolicySize = 2048
	MaxPolicySize     = 4096
)

// fits refuses a policy that is too long before AWS does.
func (r *run) fits(before, after string) error {
	quota := r.options.PolicySize
	if quota == 0 {
		quota = DefaultPolicySize
		if Size(before) > quota {
			quota = MaxPolicySize // it has been raised, who knows how far
		}
	}
	if size := Size(after); size > quota && size > Size(before) {
		return &SizeError{size, quota}
	}
	return nil
}

// SizeError says that a policy is longer than the quota allows.
type SizeError struct{ Size, Quota int }

func (s *SizeError) Error() string {
	return fmt.Sprintf("the new policy has %d characters without white space, and the quota for role trust policies is %d", s.Size, s.Quota)
}

// Hint says what to do.
func (s *SizeError) Hint() string {
	return "shorten the policy, or have the quota raised in Service Quotas: Role trust policy length, L-C07B4B0D"
}

// MovedError says that a role no longer has the policy that it was known to
// have.
type MovedError struct{ Known, Live string }

func (m *MovedError) Error() string {
	return "the trust policy has changed since it was judged"
}

// Hint says what to do.
func (m *MovedError) Hint() string { return "judge the role again" }

// Diff shows the change.
func (m *MovedError) Diff() string {
	return textdiff.JSON("known", "live", []byte(m.Known), []byte(m.Live))
}
