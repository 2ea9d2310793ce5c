package cli

import (
	"countersign/internal/report"
	"countersign/internal/waiver"
)

// mostWaivers is how many waivers are told of on stderr; a settings file for
// many repositories can hold any number that one scan has no use for.
const mostWaivers = 10

// tellWaivers says on stderr which waivers somebody should look at.
func (c *command) tellWaivers(notes []waiver.Note) {
	for i := range notes[:min(len(notes), mostWaivers)] {
		c.note("note: %s", report.WaiverNote(&notes[i]))
	}
	if more := len(notes) - mostWaivers; more > 0 {
		c.note("note: and %s; --format json lists all", plural(more, "more waiver"))
	}
}
