package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// printable shows text from a stranger so that it cannot move the cursor,
// change colours, reorder what is read or hide itself: control and format
// characters are escaped, bytes that are not UTF-8 as well.
func printable(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		b.WriteString(showRune(r, text[:size]))
		text = text[size:]
	}
	return b.String()
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// showRune spells one character; raw holds its bytes.
func showRune(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case strconv.IsPrint(r):
		return raw
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	default:
		return fmt.Sprintf(`\u{%x}`, r)
	}
}

// columns counts the terminal columns that printable text takes.
func columns(text string) int {
	if isPlain(text) {
		return len(text)
	}
	total := 0
	for _, r := range text {
		total += runeColumns(r)
	}
	return total
}

// runeColumns follows Unicode Standard Annex 11: wide and fullwidth characters
// take two columns, combining marks none.
func runeColumns(r rune) int {
	if r < utf8.RuneSelf {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// wrap breaks printable text into lines of at most limit columns, at blanks. A
// word that is longer stands on a line of its own, whole, so that it can still
// be copied.
func wrap(text string, limit int) []string {
	if len(text) <= limit && isPlain(text) && !strings.Contains(text, "  ") {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		n := columns(word)
		if used > 0 && used+1+n > limit {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	return append(lines, line)
}

// clip shortens printable text to at most limit columns.
func clip(text string, limit int) string {
	if columns(text) <= limit {
		return text
	}
	used := 0
	for i, r := range text {
		if used += runeColumns(r); used > limit-1 {
			return text[:i] + "…"
		}
	}
	return text
}
