package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/thirdparty"
	"countersign/trust"
)

// PartyFormats are the formats of an inventory of third parties, the default
// one first.
var PartyFormats = []string{"text", "json", "csv"}

// NewParties makes a writer of an inventory in the named format. It keeps the
// roles that somebody from outside can assume until it is closed.
func NewParties(format string, w io.Writer, options Options) (Writer, error) {
	inventory := partiesWriter{thirdparty.NewInventory(options.Parties), w, options, nil}
	switch format {
	case "text":
		inventory.write = inventory.text
	case "json":
		inventory.write = inventory.json
	case "csv":
		inventory.write = inventory.csv
	default:
		return nil, fmt.Errorf("unknown format %q (%s)", format, strings.Join(PartyFormats, ", "))
	}
	return &inventory, nil
}

type partiesWriter struct {
	*thirdparty.Inventory
	w       io.Writer
	options Options
	write   func([]*thirdparty.Entry, []thirdparty.Shared, audit.Summary) error
}

// Close implements Writer.
func (p *partiesWriter) Close(s audit.Summary) error {
	entries, shared := p.Entries()
	return p.write(entries, shared, s)
}

// text writes for people: parties, in them roles, then what they share.
func (p *partiesWriter) text(entries []*thirdparty.Entry, shared []thirdparty.Shared, s audit.Summary) error {
	t := &textWriter{page: newPage(p.w, p.options), options: p.options}
	for _, entry := range entries {
		t.party(entry)
		for i := range entry.Roles {
			t.access(&entry.Roles[i])
		}
		t.line()
	}
	t.shared(shared)
	if !p.options.Quiet {
		t.counted(entries, p.Roles(), s)
	}
	t.incomplete(s.Incomplete)
	return t.w.Flush()
}

// party names a third party.
func (t *textWriter) party(entry *thirdparty.Entry) {
	title := t.style.paint(bold, printable(entry.Label))
	switch {
	case entry.Party.Name != "":
		title = t.style.paint(bold, printable(entry.Party.String()))
	case entry.Label == thirdparty.Anyone:
		title += ": every AWS account, or every one that meets the conditions"
	case entry.Label == thirdparty.Unknown:
		title += ": accounts that a template leaves open"
	default:
		title += ": owner not known"
	}
	t.line(title)
	if entry.Party.Name != "" {
		t.hang("  ", 2, strings.Join(entry.Accounts, ", "))
	}
	t.line()
}

// accessColumns is where what is told of a role begins.
const accessColumns = 21

func (t *textWriter) access(a *thirdparty.Access) {
	severity := ""
	color := dim
	switch a.Verdict {
	case trust.Fail, trust.Undecided:
		severity, color = a.Severity.String(), severityColor(a.Severity)
	case trust.Pass:
		color = green
	}
	t.line("  ", t.style.paint(color, fmt.Sprintf("%-7s  %-8s", a.Verdict, severity)), "  ", t.style.paint(bold, printable(a.Title)))
	detail := func(text string) {
		if text != "" {
			t.hang(strings.Repeat(" ", accessColumns), accessColumns, printable(text))
		}
	}
	detail(whereOf(a))
	detail(guardOf(a))
	detail(externalIDsOf(a))
	if used := dateOf(a.LastUsed); used != "" {
		detail("last used: " + used)
	}
	if a.Privilege != nil {
		detail("may do: " + mayDoText(a.Privilege))
	}
}

// whereOf names a role in full.
func whereOf(a *thirdparty.Access) string {
	switch {
	case a.ARN != "":
		return a.ARN
	case a.Address != "":
		return strings.TrimPrefix(a.Path+": "+a.Address, ": ")
	}
	return a.Path
}

// guardOf says what a third party needs to get in.
func guardOf(a *thirdparty.Access) string {
	switch {
	case a.Unguarded:
		return "gets in with neither an external ID nor MFA"
	case a.Verdict == trust.Undecided:
		return "whether it gets in cannot be decided"
	case len(a.Protection) > 0:
		return "protected by: " + strings.Join(a.Protection, ", ")
	}
	return "gets in with a countersign only"
}

// externalIDsOf counts external IDs, and names the shared ones by number.
func externalIDsOf(a *thirdparty.Access) string {
	if a.ExternalIDs == 0 {
		return ""
	}
	text := count(a.ExternalIDs, "external ID", "external IDs")
	if len(a.Shared) > 0 {
		text += ", shared: " + groupsOf(a.Shared)
	}
	return text
}

func groupsOf(groups []int) string {
	var names []string
	for _, group := range groups {
		names = append(names, fmt.Sprintf("#%d", group))
	}
	return strings.Join(names, ", ")
}

// dateOf is a date, "not in 400 days", or nothing where it is not known.
func dateOf(used role.LastUsed) string {
	switch {
	case !used.Known:
		return ""
	case used.At.IsZero():
		return "not in 400 days"
	}
	return used.At.UTC().Format(time.DateOnly)
}

// shared lists external IDs with more than one use. They are numbered: no ID is
// shown.
func (t *textWriter) shared(all []thirdparty.Shared) {
	if len(all) == 0 {
		return
	}
	t.line(t.style.paint(bold, "shared external IDs"))
	t.line()
	for _, one := range all {
		var parties, roles []string
		for _, entry := range one.Parties {
			parties = append(parties, entry.Label)
		}
		for i := range one.Roles {
			roles = append(roles, one.Roles[i].Title)
		}
		text := "asked of " + listed(parties) + " in " + listed(roles)
		if len(parties) > 1 {
			text += ": each knows the external ID of the others"
		}
		lead := fmt.Sprintf("#%d  ", one.Group)
		t.hang("  "+lead, 2+len(lead), printable(text))
	}
	t.line()
}

// unguarded counts the third parties that need no countersign somewhere.
func unguarded(entries []*thirdparty.Entry) int {
	n := 0
	for _, entry := range entries {
		if entry.Unguarded {
			n++
		}
	}
	return n
}

func (t *textWriter) counted(entries []*thirdparty.Entry, roles int, s audit.Summary) {
	open := unguarded(entries)
	color := green
	if open > 0 {
		color = red
	}
	text := fmt.Sprintf("%s, %d of them without a countersign; they can assume %d of %s",
		count(len(entries), "third party", "third parties"), open, roles, count(s.Roles, "role", "roles"))
	if s.Unknown > 0 {
		text += fmt.Sprintf("; %d could not be decided", s.Unknown)
	}
	if s.Error > 0 {
		text += fmt.Sprintf("; %d without a meaning", s.Error)
	}
	if n := len(s.Incomplete); n > 0 {
		text += fmt.Sprintf("; %d incomplete", n)
	}
	for _, part := range wrap(text, t.width) {
		t.line(t.style.paint(bold+";"+color, part))
	}
	if len(s.Incomplete) > 0 {
		t.line()
	}
}
