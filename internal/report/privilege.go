package report

import (
	"strings"

	"countersign/internal/privilege"
	"countersign/internal/role"
	"countersign/internal/rule"
)

// mayDo is what a role may do, as JSON has it.
type mayDo struct {
	Level   string   `json:"level"`
	Way     *string  `json:"way"`
	Because *string  `json:"because"`
	Unknown []string `json:"unknown"`
}

func newMayDo(p *privilege.Privilege) *mayDo {
	if p == nil {
		return nil
	}
	return &mayDo{p.Level.String(), orNull(p.Way), orNull(p.Because), p.Unknown}
}

// levelOf and becauseOf are what a role may do in a table; empty where nothing
// tells.
func levelOf(told *result) string {
	if told.Privilege == nil {
		return ""
	}
	return told.Privilege.Level
}

func becauseOf(told *result) string {
	if told.Privilege == nil {
		return ""
	}
	return text(told.Privilege.Because)
}

// mayDoText says what a role may do, and by what.
func mayDoText(p *privilege.Privilege) string {
	switch p.Level {
	case privilege.Administrator:
		return "administrator (" + p.Because + ")"
	case privilege.CanBecomeAdministrator:
		return "can become administrator: " + p.Because
	case privilege.WritesData:
		return "writes data (" + p.Because + ")"
	case privilege.ReadsData:
		return "reads data (" + p.Because + ")"
	case privilege.None:
		return "nothing"
	}
	if p.Because != "" {
		return "not known, " + p.Because
	}
	return "not known"
}

// mostUnknown is how much is told of what is not known.
const mostUnknown = 3

// worth writes what a role may do, with what was not known of it, and when it
// was last used.
func (p *page) worth(finding *rule.Finding) {
	if told := finding.Privilege; told != nil {
		p.field("may do", printable(mayDoText(told)))
		if text := notKnown(told); text != "" {
			p.field("not known", printable(text))
		}
	}
	if used := lastUsedText(finding.Role.LastUsed); used != "" {
		p.field("last used", used)
	}
}

// lastUsedText says when a role was last assumed; nothing where that is not
// known.
func lastUsedText(used role.LastUsed) string {
	switch {
	case !used.Known:
		return ""
	case used.At.IsZero():
		return "not in the 400 days that IAM keeps"
	}
	return used.At.UTC().Format("2 January 2006")
}

// notKnown says what was not known of what a role may do.
func notKnown(told *privilege.Privilege) string {
	shown := told.Unknown[:min(len(told.Unknown), mostUnknown)]
	text := strings.Join(shown, "; ")
	if more := len(told.Unknown) - len(shown); more > 0 {
		text += "; " + count(more, "thing more", "things more")
	}
	return text
}
