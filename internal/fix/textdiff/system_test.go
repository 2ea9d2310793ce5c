//go:build unix

package textdiff

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTheDiffIsThatOfTheSystem edits texts whose lines are all different, so
// that there is one shortest diff, and compares every byte with diff -u.
func TestTheDiffIsThatOfTheSystem(t *testing.T) {
	directory := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
		fresh := 0
		line := func() string { fresh++; return fmt.Sprintf("line %d%s", fresh, end) }
		var before []string
		for range rapid.IntRange(0, 60).Draw(t, "lines") {
			before = append(before, line())
		}
		after := slices.Clone(before)
		for range rapid.IntRange(0, 6).Draw(t, "edits") {
			at := rapid.IntRange(0, len(after)).Draw(t, "at")
			remove := min(rapid.IntRange(0, 3).Draw(t, "removed"), len(after)-at)
			insert := make([]string, rapid.IntRange(0, 3).Draw(t, "inserted"))
			for i := range insert {
				insert[i] = line()
			}
			after = slices.Replace(after, at, at+remove, insert...)
		}
		texts := [2]string{strings.Join(before, ""), strings.Join(after, "")}
		for i := range texts {
			if rapid.Bool().Draw(t, "no end") {
				texts[i] = strings.TrimSuffix(texts[i], "\n")
			}
		}
		context := rapid.IntRange(0, 4).Draw(t, "context")
		want := system(t, directory, texts, context)
		if got := Unified("x", "y", []byte(texts[0]), []byte(texts[1]), context); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func system(t *rapid.T, directory string, texts [2]string, context int) string {
	var paths [2]string
	for i, text := range texts {
		paths[i] = filepath.Join(directory, fmt.Sprint(i))
		if err := os.WriteFile(paths[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("diff", "-L", "x", "-L", "y", "-U", fmt.Sprint(context), paths[0], paths[1]).Output()
	var differs *exec.ExitError
	if err != nil && !(errors.As(err, &differs) && differs.ExitCode() == 1) {
		t.Fatalf("running diff: %v", err)
	}
	return string(out)
}
