package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/report"
	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/trust"
)

// observation holds the flags of the command evidence.
type observation struct {
	judgement
	sighting sighting
	proposal proposal
}

func (c *command) evidence() *cobra.Command {
	var flags observation
	command := &cobra.Command{
		Use:   "evidence ROLE [PATH ...]",
		Short: "who assumes a role and how, from CloudTrail, and who a change would lock out",
		Long: `Tells who assumed the role called ROLE, and how: from CloudTrail log files (--log),
from CloudTrail itself (--live), or both. Where the role's trust policy is known,
each call that succeeded is held against it, or against a policy that is proposed
with --policy or --require. ROLE is spelt as for explain; without a path it is an
ARN.

A caller complies, breaks, or is unclear where it depends on what a log does not
show. The whole is safe (everybody complies, and nothing was left unseen),
breaking, or unproven.`,
		Example: `  countersign evidence vendor-reader account.json --log AWSLogs/
  countersign evidence vendor-reader account.json --log AWSLogs/ --require mfa
  countersign evidence vendor-reader account.json --log AWSLogs/ --policy new.json
  countersign evidence vendor-reader --live
  countersign evidence arn:aws:iam::111122223333:role/vendor-reader --log AWSLogs/`,
		Annotations: map[string]string{judges: evidenceCodes},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return &misuse{"evidence needs a role", "countersign evidence ROLE [PATH ...] --log PATH; ROLE is a name, an ARN or the end of one"}
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			return c.observe(command.Context(), &flags, args[0], args[1:])
		},
	}
	flags.register(command)
	return command
}

const evidenceCodes = `  0  safe, unproven, or nothing to hold the calls against
  1  breaking: somebody who called would be refused; with --strict also unproven
  2  wrong use: a flag, the role's name or the settings are wrong, nothing was read
  3  incomplete: something could not be read
Breaking wins over incomplete.`

func (o *observation) register(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false
	o.sighting.register(flags)
	o.proposal.register(flags)
	o.judgement.register(command)
	for _, name := range []string{"all", "fail-on", "compliance", "save", "resume"} {
		flags.Lookup(name).Hidden = true
	}
	flags.Lookup("format").Usage = "how to write the results: " + strings.Join(report.EvidenceFormats, ", ")
	flags.Lookup("output").Usage = "write the results to a file"
	flags.Lookup("show-external-ids").Usage = "do not redact external IDs"
	flags.Lookup("strict").Usage = "what is unproven makes the exit code 1, too"
	flags.Lookup("quiet").Usage = "callers alone: no progress, no summary, no notes"
}

// check refuses what would do nothing or contradicts itself.
func (o *observation) check(role string, paths []string) error {
	for _, name := range []string{"save", "resume"} {
		if o.flags.Changed(name) {
			return &misuse{fmt.Sprintf("evidence does not take --%s", name), "it keeps nothing of what AWS answers"}
		}
	}
	if len(o.sighting.logs) == 0 && !o.live.wanted {
		return &misuse{"evidence needs logs", "name CloudTrail log files or directories with --log, or ask AWS with --live (docs/evidence.md)"}
	}
	if len(o.sighting.regions) > 0 && !o.live.wanted {
		return &misuse{"--regions is for --live", "add --live, or leave --regions out"}
	}
	if _, isARN := evidence.ParseRole(role); len(paths) == 0 && !o.live.wanted && !isARN {
		return &misuse{
			fmt.Sprintf("where the role %q is to be found is not said", role),
			"name the file or directory that holds it, or give its ARN: arn:aws:iam::111122223333:role/" + role,
		}
	}
	if err := o.sighting.check(paths); err != nil {
		return err
	}
	return o.proposal.check(o.flags, len(paths) > 0 || o.live.wanted)
}

// observe gathers the evidence of one role and tells it.
func (c *command) observe(ctx context.Context, o *observation, role string, paths []string) error {
	if err := o.check(role, paths); err != nil {
		return err
	}
	wanted, err := o.evidenceOutputs()
	if err != nil {
		return err
	}
	meter := &meter{}
	subject, err := c.subject(ctx, o, role, paths, meter)
	if err != nil {
		return err
	}
	defer subject.done()
	if err := o.propose(subject); err != nil {
		return err
	}
	found, err := c.gather(ctx, o, subject, meter)
	meter.finish()
	if err != nil && ctx.Err() == nil {
		return err
	}
	if ctx.Err() != nil {
		found.Gaps = append(found.Gaps, "the reading was interrupted")
	}
	told := subject.replay(found, o.question.now())
	if err := c.writeEvidence(wanted, told, o.reportOptions(c, subject.settings)); err != nil {
		return err
	}
	c.code = evidenceCode(told, o.strict, ctx.Err() != nil)
	return nil
}

// evidenceCode is what evidence is worth.
func evidenceCode(told *report.Evidence, strict, stopped bool) int {
	switch {
	case stopped:
		return exitIncomplete
	case told.Verdict != nil && (told.Verdict.Safety == evidence.Breaking || strict && told.Verdict.Safety == evidence.Unproven):
		return exitFindings
	case len(told.Incomplete) > 0:
		return exitIncomplete
	}
	return exitClean
}

func (o *observation) evidenceOutputs() (outputs, error) {
	wanted, err := o.outputs.settle()
	if err != nil {
		return nil, err
	}
	for _, one := range wanted {
		if !slices.Contains(report.EvidenceFormats, one.format) {
			return nil, &misuse{fmt.Sprintf("evidence does not write %s", one.format), "one of: " + strings.Join(report.EvidenceFormats, ", ")}
		}
	}
	return wanted, nil
}

// gather reads the calls from everywhere that is asked for.
func (c *command) gather(ctx context.Context, o *observation, s *subject, meter *meter) (*report.Evidence, error) {
	g := o.sighting.begin(o.question.now())
	one := g.want(s.role, s.asked())
	var err error
	if len(o.sighting.logs) > 0 {
		err = c.readLogs(ctx, &o.judgement, o.sighting.logs, g, meter)
	}
	if o.live.wanted && err == nil {
		err = o.sighting.lookUp(ctx, s.supply.session, g, one)
	}
	return &report.Evidence{
		Evidence: one.evidence(), Notes: one.notes,
		Incomplete: slices.Concat(s.incomplete, g.incomplete, one.incomplete),
	}, err
}

func (c *command) writeEvidence(wanted outputs, told *report.Evidence, options report.Options) error {
	err := c.writeTo(wanted, func(to io.Writer, one output) error {
		return report.WriteEvidence(one.format, to, told, c.optionsFor(one, options))
	})
	if err != nil {
		return err
	}
	if !slices.Contains(wanted, output{textFormat, stdout}) {
		c.tell(nil, audit.Summary{Incomplete: told.Incomplete})
	}
	return nil
}

// subject is the role whose calls are looked for, and the policies that they are
// held against.
type subject struct {
	role       evidence.Role
	settings   settings.Settings
	options    audit.Options
	question   trust.Question
	finding    *rule.Finding // nil where nothing but the ARN is known
	current    *trust.Policy // nil where it is not known
	proposed   *trust.Policy
	source     string // of the policy that is replayed, in words
	noPolicy   string // why there is none
	incomplete []audit.Incomplete
	supply     *supply
}

func (s *subject) done() {
	if s.supply != nil {
		s.supply.done()
	}
}

// asked are the condition keys that a replay will look at.
func (s *subject) asked() []string {
	return evidence.Asked(append([]*trust.Policy{s.current, s.proposed}, s.question.RCPs...)...)
}

// replay holds what was found against the policy in question.
func (s *subject) replay(found *report.Evidence, now time.Time) *report.Evidence {
	after := s.proposed
	if after == nil {
		after = s.current
	}
	found.Policy, found.Proposed, found.NoPolicy = s.source, s.proposed != nil, s.noPolicy
	if after != nil {
		found.Verdict = evidence.Replay(found.Evidence, evidence.Change{
			Before: s.current, After: after, RCPs: s.question.RCPs, Subject: s.question.Subject, Now: now,
		})
	}
	return found
}
