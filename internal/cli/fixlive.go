package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/fix"
	"countersign/internal/fix/apply"
	"countersign/internal/fix/render"
	"countersign/internal/fix/textdiff"
	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// liveChanges are the repairs of live roles, as the changes that apply makes.
func (r *repairing) liveChanges() []apply.Change {
	var changes []apply.Change
	for _, repair := range r.repairs {
		if !repair.Repaired() {
			continue
		}
		subject := repair.Finding.Role
		after, err := render.JSON(repair.Rewriting.Document, indentOf(&subject.Trust))
		if err != nil {
			repair.Refuse(err.Error(), "give the external ID itself: --external-id VALUE")
			continue
		}
		question := r.options.Question(subject)
		changes = append(changes, apply.Change{
			Account: subject.Account, Partition: subject.Partition, Name: subject.Name, ARN: subject.ARN,
			Before: policyText(&subject.Trust), After: after,
			Judge: func(policy string) (trust.Verdict, error) { return decide(policy, question) },
		})
	}
	return changes
}

// indentOf keeps a policy of many lines a policy of many lines.
func indentOf(document *role.Document) string {
	if strings.Contains(policyText(document), "\n") {
		return "  "
	}
	return ""
}

// policyText is a live role's trust policy.
func policyText(document *role.Document) string {
	document.Decode()
	return string(document.JSON)
}

// decide judges a policy text.
func decide(policy string, question trust.Question) (trust.Verdict, error) {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(policy)})
	if err != nil {
		return trust.Verdict{}, trust.WithoutPlace(err)
	}
	parsed, err := trust.Parse(tree)
	if err != nil {
		return trust.Verdict{}, trust.WithoutPlace(err)
	}
	return trust.Decide(parsed, question), nil
}

// repairLive shows what would change of live roles, and with --apply changes
// them.
func (c *command) repairLive(ctx context.Context, f *fixing, wanted outputs, r *repairing) error {
	changes := r.liveChanges()
	r.files = &fix.Files{Before: map[string][]byte{}, After: map[string][]byte{}}
	for i := range changes {
		r.files.Before[changes[i].ARN], r.files.After[changes[i].ARN] = []byte(changes[i].Before), []byte(changes[i].After)
	}
	if err := c.weigh(ctx, f, r); err != nil {
		return err
	}
	r.tellIDs(c)
	if err := c.writeFix(f, wanted, r); err != nil {
		return err
	}
	c.code = r.code(f)
	if !f.apply || len(changes) == 0 {
		return nil
	}
	return c.applyChanges(ctx, f, wanted, r, changes)
}

// applyChanges makes the changes, once they are agreed to. The journal is held
// from before the question on, so that nobody agrees to what cannot be made.
func (c *command) applyChanges(ctx context.Context, f *fixing, wanted outputs, r *repairing, changes []apply.Change) error {
	if most := f.changing.maxChanges; most > 0 && len(changes) > most {
		return &apply.TooManyError{Wanted: len(changes), Allowed: most}
	}
	if breaking := r.breaking(); len(breaking) > 0 && !f.weighing.accept {
		return &breakingError{breaking}
	}
	from, err := f.changing.open()
	if err != nil {
		return err
	}
	hold, err := c.hold(ctx, &f.changing, from)
	if err != nil {
		return err
	}
	defer hold.Release()
	if agreed, err := c.agreed(ctx, f, r, len(changes)); err != nil || !agreed {
		return err
	}
	session, err := f.changing.session(ctx, f.live.profile, f.live.region)
	if err != nil {
		return err
	}
	options := changeOptions()
	options.MaxChanges, options.Tell = f.changing.maxChanges, c.tellOutcome
	if !slices.Contains(wanted, output{textFormat, stdout}) {
		options.Tell = c.tellAside // standard output is JSON
	}
	outcomes, err := apply.Run(ctx, session, hold, changes, options)
	if err != nil {
		return err
	}
	done := 0
	for _, outcome := range outcomes {
		if outcome.Result == apply.Done {
			done++
		}
	}
	c.note("changed %d of %s; take one back with: countersign undo CHANGE", done, plural(len(outcomes), "role"))
	if c.code = r.code(f); done < len(outcomes) {
		c.code = exitIncomplete
	}
	return nil
}

// agreed asks whether live roles are to be changed.
func (c *command) agreed(ctx context.Context, f *fixing, r *repairing, changes int) (bool, error) {
	if f.changing.yes {
		return true, nil
	}
	question := "Change " + plural(changes, "live role")
	if n := len(r.breaking()); n > 0 {
		question += fmt.Sprintf(", and lock callers out of %d", n)
	}
	yes, err := c.confirm(ctx, question+"?")
	if err == nil && !yes {
		c.note("nothing was changed")
		c.code = exitFindings
	}
	return yes, err
}

// liveDiff is the change of a live role's policy.
func liveDiff(arn string, before, after []byte) string {
	return textdiff.JSON("before "+arn, "after "+arn, before, after)
}

// checkLive refuses flags of fix that contradict each other.
func (c *command) checkLive(f *fixing) error {
	switch {
	case f.live.wanted && (f.write || f.check):
		return &misuse{"--write and --check are for files", "live roles are changed by --apply"}
	case f.live.wanted && f.demand.reference() != "" && f.as == "":
		return &misuse{fmt.Sprintf("%s is for templates", f.demand.reference()), "a live role needs the external ID itself: --external-id VALUE"}
	case !f.live.wanted:
		for _, name := range []string{"apply", "evidence", "regions", "accept-breaking", "yes", "max-changes", "journal", "wait", "fix-role-name", "fix-role-external-id"} {
			if f.flags.Changed(name) {
				return &misuse{"--" + name + " is for --live", "files are changed by --write"}
			}
		}
	case f.apply && !f.changing.yes:
		return c.asks("give --yes once you have seen what it changes, and --max-changes with it")
	}
	return nil
}
