package report

import "countersign/internal/rule"

// style paints text with the terminal's own sixteen colours, which the reader
// chose to be legible. The zero style paints nothing.
type style struct{ on bool }

const (
	bold    = "1"
	dim     = "2"
	red     = "31"
	green   = "32"
	yellow  = "33"
	magenta = "35"
	cyan    = "36"
)

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func severityColor(severity rule.Severity) string {
	switch severity {
	case rule.Critical:
		return bold + ";" + magenta
	case rule.High:
		return bold + ";" + red
	case rule.Medium:
		return bold + ";" + yellow
	default:
		return bold + ";" + cyan
	}
}
