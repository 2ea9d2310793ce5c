package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/source/cloudtrail"
)

// gathering is evidence of roles in the making: logs are read once for all of them.
type gathering struct {
	to    *evidence.Collectors
	roles []*sought
	// incomplete is what could not be read of the logs, whichever role it is about.
	incomplete []audit.Incomplete
}

// sought is a role whose calls are gathered.
type sought struct {
	role       evidence.Role
	to         *evidence.Collector
	gaps       []string // what was not seen
	notes      []string // limits that leave no known gap
	regions    []string
	incomplete []audit.Incomplete // what could not be read of this role alone
	found      *evidence.Evidence
}

func (s *sighting) begin(until time.Time) *gathering {
	return &gathering{to: evidence.NewCollectors(s.since.before(until), until)}
}

// want adds a role, with the condition keys that a replay will look at. A role
// that is wanted twice is gathered once.
func (g *gathering) want(role evidence.Role, asked []string) *sought {
	to := g.to.Want(role, asked)
	for _, one := range g.roles {
		if one.to == to {
			return one
		}
	}
	one := &sought{role: role, to: to}
	g.roles = append(g.roles, one)
	return one
}

// evidence is what was gathered of a role, once all is read.
func (s *sought) evidence() *evidence.Evidence {
	if s.found == nil {
		s.found = s.to.Evidence()
		s.found.Gaps = append(s.found.Gaps, s.gaps...)
		s.found.Regions = s.regions
	}
	return s.found
}

// unread tells what could not be read as what was not seen.
func unread(missing []audit.Incomplete) (gaps []string) {
	const most = 3
	for i, one := range missing {
		if i == most {
			return append(gaps, fmt.Sprintf("%d more could not be read", len(missing)-most))
		}
		gaps = append(gaps, one.Source+" could not be read")
	}
	return gaps
}

// readLogs reads the calls from log files.
func (c *command) readLogs(ctx context.Context, j *judgement, paths []string, g *gathering, meter *meter) error {
	logs := cloudtrail.New(g.to, &interruptible{ctx: ctx, from: c.streams.In})
	c.watch(j, meter, logs)
	missing, err := logs.Read(ctx, paths)
	g.incomplete = append(g.incomplete, missing...)
	since, until := g.to.Span()
	for _, one := range g.roles {
		account := one.role.Account
		one.gaps = append(logs.Coverage.Gaps(account, since, until, cloudtrail.GlobalRegion(one.role.ARN)), unread(missing)...)
		if one.regions = logs.Coverage.Regions(account); len(one.regions) > 0 {
			one.notes = append(one.notes, fmt.Sprintf(
				"the logs have records of %s; calls in other Regions are not in them", strings.Join(one.regions, ", ")))
		}
	}
	return err
}

// watch shows progress over log files.
func (c *command) watch(j *judgement, meter *meter, logs *cloudtrail.Logs) {
	meter.bytes, meter.state = logs.Progress, func(float64) string {
		read, total := logs.Progress()
		return fmt.Sprintf("%s of %s of logs", size(read), size(total))
	}
	if screen, isTerminal := terminal(c.streams.Err); isTerminal && !j.quiet {
		meter.start(screen, width(screen))
	}
}
