package trust

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestHostileGlobsTakeAtMostTheProductOfBothLengths(t *testing.T) {
	const length = 4000
	tests := []struct {
		name, pattern, text string
		want                bool
	}{
		{"many stars that almost match", strings.Repeat("*a", 100) + "*b", strings.Repeat("a", length), false},
		{"many stars that match late", strings.Repeat("*a", 100), strings.Repeat("a", length), true},
		{"stars and question marks", strings.Repeat("*?", 100) + "b", strings.Repeat("a", length), false},
		{"two letters in turn", strings.Repeat("*a*b", 50) + "*c", strings.Repeat("ab", length/2), false},
		{"a long tail behind a star", "*" + strings.Repeat("a", 150) + "b", strings.Repeat("a", length), false},
		{"a run of stars", strings.Repeat("*", 200) + "b", strings.Repeat("a", length), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pieces := syntax{wildcards: true}.pieces(test.pattern)
			g, ok := newEvaluation(Request{}).glob(pieces)
			if !ok {
				t.Fatal("no pattern")
			}
			matched, steps := g.run(utf16.Encode([]rune(test.text)))
			if matched != test.want {
				t.Errorf("matched %t, want %t", matched, test.want)
			}
			if limit := 2 * (len(g) + 1) * length; steps > limit {
				t.Errorf("%d steps, more than %d", steps, limit)
			}
		})
	}
}

func TestGlobsAgreeWithTheDefinition(t *testing.T) {
	// Every pattern and every text of up to four of these characters, against
	// the definition of the wildcards taken literally.
	patterns, texts := wordsOver("ab*?", 4), wordsOver("ab", 4)
	e := newEvaluation(Request{})
	for _, pattern := range patterns {
		g, _ := e.glob(syntax{wildcards: true}.pieces(pattern))
		for _, text := range texts {
			if got, want := g.matches(text), matchesByDefinition(pattern, text); got != want {
				t.Errorf("%q against %q: %t, want %t", pattern, text, got, want)
			}
		}
	}
}

func wordsOver(alphabet string, longest int) []string {
	words := []string{""}
	for from := 0; longest > 0; longest-- {
		to := len(words)
		for _, word := range words[from:to] {
			for _, letter := range alphabet {
				words = append(words, word+string(letter))
			}
		}
		from = to
	}
	return words
}

func matchesByDefinition(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return matchesByDefinition(pattern[1:], text) || text != "" && matchesByDefinition(pattern, text[1:])
	case text == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && matchesByDefinition(pattern[1:], text[1:])
}
