package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/publish"
	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/internal/source/awslive"
)

// securityHub is what --publish takes.
const securityHub = "security-hub"

// publishing is the flag that brings findings to another place than a file.
type publishing struct{ to string }

func (p *publishing) register(flags *pflag.FlagSet) {
	inGroup(flags, "Output")(&word{&p.to, securityHub, oneOf(securityHub)}, "publish",
		"also send the findings to AWS Security Hub, in the Region of --region, and with --live archive those that are resolved")
}

// flags of AWS that make sense without --live where findings are published.
var publishingFlags = []string{"profile", "region", "role-name", "role-external-id"}

// publisher opens the way to where findings are published; nil where they are
// not.
func (c *command) publisher(ctx context.Context, j *judgement, supply *supply, found settings.Settings, meter *meter) (*publish.Publisher, error) {
	if j.publishing.to == "" {
		return nil, nil
	}
	session := supply.session
	if session == nil {
		var err error
		session, err = awslive.Open(ctx, awslive.Options{
			Profile: j.live.profile, Region: j.live.region,
			RoleName: j.live.roleName, RoleExternalID: j.live.externalID, Note: c.noting(j, meter),
		})
		if err != nil {
			return nil, err
		}
	}
	return publish.New(ctx, session, j.reportOptions(c, found)), nil
}

// both is a sink of two.
type both struct{ first, second audit.Sink }

// Finding implements audit.Sink.
func (b both) Finding(finding *rule.Finding) error {
	if err := b.first.Finding(finding); err != nil {
		return err
	}
	return b.second.Finding(finding)
}

// published ends publishing, says what became of it, and whether all went well.
func (c *command) published(j *judgement, publisher *publish.Publisher, summary audit.Summary) bool {
	outcome := publisher.Close(summary, j.live.wanted)
	for _, gap := range outcome.Gaps {
		said := gap.Reason
		if !strings.HasPrefix(said, gap.Source) {
			said = gap.Source + ": " + said
		}
		if gap.Account != "" {
			said = "account " + gap.Account + ": " + said
		}
		c.note("not published: %s", said)
		c.hint(gap.Hint)
	}
	if !j.quiet {
		noun, rest := "findings", fmt.Sprintf("archived: %d", outcome.Archived)
		if outcome.Published == 1 {
			noun = "finding"
		}
		if outcome.Kept {
			rest = "none archived, for files do not tell whether they hold all roles"
		}
		c.note("note: published to Security Hub: %d %s; %s", outcome.Published, noun, rest)
	}
	return len(outcome.Gaps) == 0
}
