package report

import (
	"strings"

	"countersign/internal/privilege"
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

// mayDo writes what a role may do, and what was not known of it.
func (p *page) mayDo(finding *rule.Finding) {
	told := finding.Privilege
	if told == nil {
		return
	}
	p.field("may do", printable(mayDoText(told)))
	if text := notKnown(told); text != "" {
		p.field("not known", printable(text))
	}
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
