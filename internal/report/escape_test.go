package report

import (
	"strings"
	"testing"
)

func TestTextFromStrangersIsShownEscaped(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"plain text stays", "vendor-access_1", "vendor-access_1"},
		{"letters of any script stay", "請求書 é ß", "請求書 é ß"},
		{"a terminal sequence", "\x1b[2J", `\x1b[2J`},
		{"a C1 control", "\u009b31m", `\u{9b}31m`},
		{"a change of direction", "\u202egnp.exe", `\u{202e}gnp.exe`},
		{"characters that cannot be seen", "a\u200bb\ufeffc\u00a0d", `a\u{200b}b\u{feff}c\u{a0}d`},
		{"line breaks and tabs", "a\nb\r\tc", `a\nb\r\tc`},
		{"a line separator", "a\u2028b", `a\u{2028}b`},
		{"bytes that are not UTF-8", "a\xffb", `a\xffb`},
		{"delete", "\x7f", `\x7f`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := printable(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestColumnsCountWhatATerminalShows(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "書": 2, "ａ": 2, "🙂": 2, "…": 1, mask: 10} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func TestProseIsBrokenAtBlanks(t *testing.T) {
	for _, test := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"a short text", "one two", 20, "one two"},
		{"where it is full", "one two three", 8, "one two|three"},
		{"a word too long stands alone", "a bbbbbbbbbb c", 4, "a|bbbbbbbbbb|c"},
		{"wide characters count twice", "請求 書", 5, "請求|書"},
		{"blanks in a row are one", "a  \n b", 10, "a b"},
		{"nothing", "", 10, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(wrap(test.text, test.limit), "|"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
