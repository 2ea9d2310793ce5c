package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/fix"
	"countersign/internal/source/awslive"
)

// weighing holds the flags that say where fix looks for those who would be refused.
type weighing struct {
	sighting
	live   bool // ask CloudTrail
	accept bool
}

func (w *weighing) register(flags *pflag.FlagSet) {
	w.sighting.register(flags)
	say := switchInGroup(flags, "Evidence")
	say(&w.live, "evidence", "with --live: ask CloudTrail who assumes the roles that would be changed")
	flags.Lookup("regions").Usage = "with --evidence: ask these Regions; default: those that are enabled"
	say(&w.accept, "accept-breaking", "with --apply: make changes also that lock out callers who were seen")
}

// asksEvidence reports whether the changes are held against CloudTrail.
func (f *fixing) asksEvidence() bool { return len(f.weighing.logs) > 0 || f.weighing.live }

func (f *fixing) howToAsk() string {
	if f.live.wanted {
		return "--evidence asks CloudTrail who would be refused, --log PATH reads its logs"
	}
	return "--log PATH tells from CloudTrail logs who would be refused"
}

// checkWeighing refuses what would do nothing. That --live is there for what is
// for it alone was seen to before.
func (f *fixing) checkWeighing(paths []string) error {
	switch {
	case f.flags.Changed("since") && !f.asksEvidence():
		return &misuse{"--since is for --log and --evidence", "add one of them, or leave --since out"}
	case len(f.weighing.regions) > 0 && !f.weighing.live:
		return &misuse{"--regions is for --evidence", "add --evidence, or leave --regions out"}
	case f.weighing.accept && !f.apply:
		return &misuse{"--accept-breaking is for --apply", "without it nothing is refused: who would be locked out is told"}
	case f.weighing.accept && !f.asksEvidence():
		return &misuse{"--accept-breaking is for changes that were held against CloudTrail", "add --evidence or --log, or leave --accept-breaking out"}
	}
	return f.weighing.check(paths)
}

// sightings say how evidence was looked for.
type sightings struct {
	since, until time.Time
	notes        []string
}

// weigh says of each change whether those who were seen to assume the role comply.
func (c *command) weigh(ctx context.Context, f *fixing, r *repairing) error {
	g := f.weighing.begin(f.question.now())
	r.seen.since, r.seen.until = g.to.Span()
	wanted := map[*fix.Repair]*sought{}
	for _, repair := range r.repairs {
		if !repair.Repaired() {
			continue
		}
		known, why := fix.Caller(repair.Finding.Role)
		if !f.asksEvidence() {
			why = fix.NotAsked
		}
		if why != "" {
			repair.Unproven(why)
			continue
		}
		wanted[repair] = g.want(known, repair.Asked(r.options.Question(repair.Finding.Role)))
	}
	if len(wanted) == 0 {
		return nil
	}
	if err := c.see(ctx, f, r, g); err != nil {
		return err
	}
	for repair, one := range wanted {
		repair.Replay(one.evidence(), r.options.Question(repair.Finding.Role), r.seen.until)
	}
	r.tookFrom(g)
	return nil
}

// see gathers the calls from everywhere that is asked for.
func (c *command) see(ctx context.Context, f *fixing, r *repairing, g *gathering) error {
	meter := &meter{}
	defer meter.finish()
	if len(f.weighing.logs) > 0 {
		if err := c.readLogs(ctx, &f.judgement, f.weighing.logs, g, meter); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if f.weighing.live {
		if !f.quiet {
			c.note("asking CloudTrail about %s", plural(len(g.roles), "role"))
		}
		for _, one := range g.roles {
			if err := f.weighing.ask(ctx, r.session, g, one); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing was changed")
	}
	return nil
}

// ask asks CloudTrail about one role. An account that refuses leaves the changes of
// its own roles unproven, and no others.
func (w *weighing) ask(ctx context.Context, session *awslive.Session, g *gathering, one *sought) error {
	err := w.lookUp(ctx, session, g, one)
	var fault *awslive.Fault
	if ctx.Err() != nil || !errors.As(err, &fault) {
		return err
	}
	one.gaps = append(one.gaps, "CloudTrail could not be asked: "+fault.Error())
	one.incomplete = append(one.incomplete, audit.Incomplete{
		Source: "CloudTrail", Account: one.role.Account, Reason: fault.Error(), Hint: hintOf(fault),
	})
	return nil
}

// tookFrom notes what could not be read, and the limits of what was: each once,
// however many roles it is about.
func (r *repairing) tookFrom(g *gathering) {
	missing := slices.Clone(g.incomplete)
	for _, one := range g.roles {
		missing = append(missing, one.incomplete...)
		for _, note := range one.notes {
			if len(g.to.Accounts()) > 1 {
				note = "account " + one.role.Account + ": " + note
			}
			if !slices.Contains(r.seen.notes, note) {
				r.seen.notes = append(r.seen.notes, note)
			}
		}
	}
	for _, gap := range missing {
		if !slices.Contains(r.summary.Incomplete, gap) {
			r.summary.Incomplete = append(r.summary.Incomplete, gap)
		}
	}
}

// safeties counts the changes by their safety, for the last line.
func (r *repairing) safeties(f *fixing) string {
	count := map[evidence.Safety]int{}
	for _, repair := range r.repairs {
		if repair.Repaired() {
			count[repair.Safety.Safety]++
		}
	}
	switch {
	case len(count) == 0:
		return ""
	case !f.asksEvidence():
		return "; unproven: " + fix.NotAsked
	}
	var parts []string
	for _, safety := range []evidence.Safety{evidence.Breaking, evidence.Unproven, evidence.Safe} {
		if count[safety] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[safety], safety))
		}
	}
	return ": " + strings.Join(parts, ", ")
}

// breaking lists the roles whose change would lock out somebody who was seen.
func (r *repairing) breaking() (roles []string) {
	for _, repair := range r.repairs {
		if repair.Breaking() {
			roles = append(roles, either(repair.Finding.Role.ARN, repair.Finding.Role.Title()))
		}
	}
	return roles
}

// owner names the owner of an account, as far as anybody knows it.
func (r *repairing) owner(account string) string {
	if owner, known := r.owners.Lookup(account); known {
		return owner.Name
	}
	return ""
}

// breakingError refuses changes that would lock out callers who were seen.
type breakingError struct{ roles []string }

func (b *breakingError) Error() string {
	return fmt.Sprintf("the change would lock out callers who were seen, of %s; nothing was changed", strings.Join(b.roles, ", "))
}

// Hint says what to do.
func (b *breakingError) Hint() string {
	return "have these callers send what is asked for first, or name the other roles; --accept-breaking changes them all the same"
}

// The part of countersign.fix/v1 that is about evidence.
type fixEvidence struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	Notes []string  `json:"notes"`
}

type fixSafety struct {
	Verdict evidence.Safety `json:"verdict"`
	Reasons []string        `json:"reasons"`
	Breaks  []fixBreaks     `json:"breaks"`
	Unclear []fixUnclear    `json:"unclear"`
}

type fixCaller struct {
	Account   *string   `json:"account"`
	Owner     *string   `json:"owner"`
	Principal string    `json:"principal"`
	Last      time.Time `json:"last"`
	Calls     int       `json:"calls"`
}

type fixBreaks struct {
	fixCaller
	Lacks   []string `json:"lacks"`
	Refused bool     `json:"refused_today"`
}

type fixUnclear struct {
	fixCaller
	DependsOn []string `json:"depends_on"`
}

func (r *repairing) jsonEvidence(f *fixing) *fixEvidence {
	if !f.asksEvidence() {
		return nil
	}
	return &fixEvidence{r.seen.since.UTC(), r.seen.until.UTC(), orEmpty(r.seen.notes)}
}

func (r *repairing) jsonSafety(verdict *evidence.Verdict) *fixSafety {
	made := &fixSafety{Verdict: verdict.Safety, Reasons: orEmpty(verdict.Reasons), Breaks: []fixBreaks{}, Unclear: []fixUnclear{}}
	for i := range verdict.Callers {
		one := &verdict.Callers[i]
		caller := fixCaller{
			Account: orNull(one.Caller.Account), Owner: orNull(r.owner(one.Caller.Account)), Principal: one.Caller.Title(),
			Last: one.Last.UTC(), Calls: one.Calls,
		}
		switch one.Outcome {
		case evidence.Breaks:
			made.Breaks = append(made.Breaks, fixBreaks{caller, orEmpty(one.Lacks), one.Refused})
		case evidence.Unclear:
			made.Unclear = append(made.Unclear, fixUnclear{caller, orEmpty(one.DependsOn)})
		}
	}
	return made
}
