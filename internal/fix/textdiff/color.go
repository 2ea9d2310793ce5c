package textdiff

import (
	"fmt"
	"strings"
)

// Color paints a unified diff for a terminal: what goes red, what comes green.
func Color(diff string) string {
	const bold, red, green, cyan = "1", "31", "32", "36"
	var out strings.Builder
	var removed, added int // lines of the hunk still to come
	for line := range strings.Lines(diff) {
		code := bold
		switch {
		case strings.HasPrefix(line, "@@ "):
			code = cyan
			removed, added = sizes(line)
		case removed+added > 0 && line[0] == '-':
			code = red
			removed--
		case removed+added > 0 && line[0] == '+':
			code = green
			added--
		case removed+added > 0 && line[0] == ' ':
			code = ""
			removed, added = removed-1, added-1
		case line[0] == '\\':
			code = ""
		}
		text, ended := strings.CutSuffix(line, "\n")
		if code != "" {
			text = "\x1b[" + code + "m" + text + "\x1b[0m"
		}
		out.WriteString(text)
		if ended {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// sizes reads how many lines of either text a hunk has.
func sizes(header string) (removed, added int) {
	fields := strings.Fields(header)
	if len(fields) < 3 {
		return 0, 0
	}
	count := func(span string) int {
		_, text, found := strings.Cut(span, ",")
		if !found {
			return 1
		}
		n := 0
		_, _ = fmt.Sscan(text, &n)
		return n
	}
	return count(fields[1]), count(fields[2])
}
