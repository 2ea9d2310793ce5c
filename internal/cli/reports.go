package cli

import (
	"errors"
	"fmt"
	"io"

	"countersign/internal/audit"
	"countersign/internal/report"
	"countersign/internal/rule"
	"countersign/internal/settings"
)

// reports are all the reports of a run; together they are the audit's sink.
type reports struct{ all []*opened }

type opened struct {
	output
	to     *destination
	writer report.Writer
	live   bool // a person watches it grow
	whole  bool // it tells a person everything, the summary included
}

// open opens the reports that are asked for.
func (c *command) open(j *judgement, t task, found settings.Settings, meter *meter) (*reports, error) {
	wanted, err := j.outputs.settle()
	if err != nil {
		return nil, err
	}
	options := j.reportOptions(c, found)
	options.Scanned = j.scanned(t.paths)
	opening := &reports{}
	for _, one := range wanted {
		next, err := c.openOne(one, t, options, meter)
		if err != nil {
			opening.drop()
			return nil, err
		}
		opening.all = append(opening.all, next)
	}
	return opening, nil
}

// reportOptions says how the results are written.
func (j *judgement) reportOptions(c *command, found settings.Settings) report.Options {
	return report.Options{
		ShowExternalIDs: j.showExternalIDs,
		All:             j.all,
		Quiet:           j.quiet,
		Color:           !j.noColor && colorful(c.streams.Out),
		AccountNames:    found.Names(),
		Parties:         owners(found),
		Compliance:      j.compliance,
		Version:         version(),
		Now:             j.question.at,
		Region:          j.live.region,
		Zone:            describe(j.question.zone, found),
	}
}

// scanned names what is judged.
func (j *judgement) scanned(paths []string) []string {
	switch {
	case j.live.organization:
		return []string{"the organization of the current AWS credentials"}
	case j.live.wanted:
		return []string{"the account of the current AWS credentials"}
	case len(paths) == 0:
		return []string{"the current directory"}
	}
	var names []string
	for _, path := range paths {
		if path == stdout {
			path = "standard input"
		}
		names = append(names, path)
	}
	return names
}

func describe(scope string, found settings.Settings) report.Zone {
	zone := report.Zone{Scope: scope, Organization: found.Organization}
	for _, account := range found.Accounts {
		zone.Accounts = append(zone.Accounts, report.ZoneAccount(account))
	}
	for _, organization := range found.Organizations {
		zone.Organizations = append(zone.Organizations, organization.ID)
	}
	return zone
}

// openOne opens the destination of a report and the report on it.
func (c *command) openOne(one output, t task, options report.Options, meter *meter) (next *opened, err error) {
	next, options = &opened{output: one}, c.optionsFor(one, options)
	if one.path == stdout {
		_, next.live = terminal(c.streams.Out)
		next.to = standard(meter.beside(c.streams.Out))
	} else if next.to, err = create(one.path); err != nil {
		return nil, err
	}
	next.whole = one == output{textFormat, stdout} && t.text == nil && !options.Quiet
	if one.format == textFormat && t.text != nil {
		next.writer = t.text(next.to, options)
		return next, nil
	}
	opener := report.New
	if t.open != nil {
		opener = t.open
	}
	if next.writer, err = opener(one.format, next.to, options); err != nil {
		next.to.drop()
		return nil, err
	}
	return next, nil
}

// Finding implements audit.Sink.
func (r *reports) Finding(finding *rule.Finding) error {
	for _, one := range r.all {
		err := one.writer.Finding(finding)
		if err == nil && one.live {
			err = one.to.Flush()
		}
		if err != nil {
			return one.failed(err)
		}
	}
	return nil
}

// finish ends every report and makes it visible.
func (r *reports) finish(summary audit.Summary) error {
	for _, one := range r.all {
		err := one.writer.Close(summary)
		if err == nil {
			err = one.to.Flush()
		}
		if err == nil {
			err = one.to.keep()
		}
		if err != nil {
			return one.failed(err)
		}
	}
	return nil
}

// drop removes what was not finished.
func (r *reports) drop() {
	for _, one := range r.all {
		one.to.drop()
	}
}

// readable reports whether standard output tells a person everything.
func (r *reports) readable() bool {
	for _, one := range r.all {
		if one.whole {
			return true
		}
	}
	return false
}

func (o *opened) failed(err error) error {
	if o.path == stdout {
		return fmt.Errorf("writing the results: %w", err)
	}
	return fmt.Errorf("writing %s: %s", o.path, cause(err))
}

// writeTo writes to each output, and puts it in its place once it is whole.
func (c *command) writeTo(wanted outputs, write func(to io.Writer, one output) error) error {
	for _, one := range wanted {
		to := standard(c.streams.Out)
		if one.path != stdout {
			var err error
			if to, err = create(one.path); err != nil {
				return err
			}
		}
		defer to.drop()
		err := write(to, one)
		if err = errors.Join(err, to.Flush()); err == nil {
			err = to.keep()
		}
		if err != nil {
			return (&opened{output: one}).failed(err)
		}
	}
	return nil
}

// optionsFor are the options of a report on one output.
func (c *command) optionsFor(one output, options report.Options) report.Options {
	if one.path == stdout {
		options.Width = width(c.streams.Out)
	} else {
		options.Color = false
	}
	return options
}
