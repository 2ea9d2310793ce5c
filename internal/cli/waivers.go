package cli

import (
	"fmt"
	"strings"
	"time"

	"countersign/internal/waiver"
)

// mostWaivers is how many waivers are told of on stderr; a settings file for
// many repositories can hold any number that one scan has no use for.
const mostWaivers = 10

// tellWaivers says on stderr which waivers somebody should look at.
func (c *command) tellWaivers(notes []waiver.Note) {
	for i := range notes[:min(len(notes), mostWaivers)] {
		c.note("note: %s", waiverNote(&notes[i]))
	}
	if more := len(notes) - mostWaivers; more > 0 {
		c.note("note: and %s; --format json lists all", plural(more, "more waiver"))
	}
}

func waiverNote(note *waiver.Note) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s waiver", note.State)
	if note.Rule != "" {
		text.WriteString(" of " + note.Rule)
	}
	switch {
	case note.Line > 0:
		fmt.Fprintf(&text, " at %s:%d", note.Path, note.Line)
	case note.Role != "":
		text.WriteString(" in a tag of " + note.Role)
	}
	if note.State != waiver.Refused {
		fmt.Fprintf(&text, ", until %s by %s", note.Until.Format(time.DateOnly), note.Owner)
	}
	return text.String() + ": " + note.Why
}
