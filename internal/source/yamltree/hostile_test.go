package yamltree

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"countersign/trust"
)

func TestHostileTextTakesBoundedTimeAndRoom(t *testing.T) {
	const n = 1 << 18
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), ", "))
	}
	shapes := map[string]string{
		"an alias bomb":              bomb,
		"a merge bomb":               strings.ReplaceAll(bomb, "[x, x, x, x, x, x, x, x, x]", "{x: y}"),
		"opening brackets":           strings.Repeat("[", n),
		"opening braces":             strings.Repeat("{a: ", n/4),
		"dashes":                     strings.Repeat("- ", n/2),
		"deep maps":                  deepMaps(1000),
		"a line of flow entries":     "Resources: [" + strings.Repeat("a, ", n/8) + "]",
		"comments":                   strings.Repeat("# comment\n", n/10) + "a: b\n",
		"comments between entries":   strings.Repeat("# comment\na: b\n", n/15),
		"comments behind entries":    strings.Repeat("- a # comment\n", n/20),
		"blank lines":                strings.Repeat("\n", n) + "a: b",
		"a long plain text":          "a: " + strings.Repeat("word ", n/5),
		"a plain text of many lines": "a: b\n" + strings.Repeat("  word\n", n/7),
		"a literal of many lines":    "a: |\n" + strings.Repeat("  word\n", n/7),
		"an unclosed quotation mark": "a: \"" + strings.Repeat("word\n ", n/6),
		"documents":                  strings.Repeat("---\na: b\n", n/9),
		"question marks":             strings.Repeat("? ", n/2),
		"anchors":                    strings.Repeat("- &a b\n", n/10),
		"aliases":                    "- &a [b]\n" + strings.Repeat("- *a\n", n/10),
		"tags":                       strings.Repeat("- !a b\n", n/10),
		"a long key":                 strings.Repeat("k", n) + ": v",
		"merge keys":                 "a: &a {b: c}\nd:\n" + strings.Repeat("  <<: *a\n", n/40),
		"entries on one line":        "{" + strings.Repeat("a: {b: c}, ", n/20) + "}",
		"wide characters":            "a: [" + strings.Repeat("é, ", n/8) + "]",
		"carriage returns":           strings.Repeat("a: b\r", n/10),
		"broken entries":             "Resources:\n" + strings.Repeat("  A:\n    b: [\n", n/20),
	}
	for name, text := range shapes {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			file := &trust.File{Name: "x", Text: []byte(text)}
			_, _ = Read(file)
			outline, err := Open(file, "Resources")
			if err == nil {
				_ = outline.Each(func(_, _ trust.Value, _ error) error { return nil })
			}
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			// The room is what was asked for in all, which the race detector
			// multiplies; little of it is held at once.
			if room := after.TotalAlloc - before.TotalAlloc; took > 5*time.Second || room > 2000*n {
				t.Errorf("%v and %d MB for a quarter of a megabyte", took, room>>20)
			}
		})
	}
}

func deepMaps(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
