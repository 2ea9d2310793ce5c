package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal returns the file behind a stream when a person looks at it.
func terminal(stream any) (*os.File, bool) {
	file, ok := stream.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// colorful reports whether a stream may be coloured: it is a terminal that can,
// and the user has not asked for none (no-color.org).
func colorful(stream io.Writer) bool {
	_, ok := terminal(stream)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// width returns a terminal's columns, or 0 for what is none.
func width(stream io.Writer) int {
	file, ok := terminal(stream)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// look says how parts of a text stand out on a terminal.
type look struct{ strong, code func(string) string }

// lookOn returns the look for a stream.
func lookOn(stream io.Writer, noColor bool) look {
	if noColor || !colorful(stream) {
		return plain
	}
	return look{strong: painted("1"), code: painted("36")}
}

var plain = look{strong: unpainted, code: unpainted}

func painted(code string) func(string) string {
	return func(text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }
}

func unpainted(text string) string { return text }
