package textdiff

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestADiffReadsAsPeopleKnowIt(t *testing.T) {
	tests := []struct {
		name, before, after string
		context             int
		want                string
	}{
		{"the same", "a\n", "a\n", 3, ""},
		{"both empty", "", "", 3, ""},
		{"a line is another", "a\nb\nc\n", "a\nB\nc\n", 3, "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{"a new file", "", "a\nb\n", 3, "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"a file goes", "a\n", "", 3, "@@ -1 +0,0 @@\n-a\n"},
		{"the last line gets its end", "a\nb", "a\nb\n", 3, "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
		{"neither has an end", "a\nb", "A\nb", 3, "@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"},
		{"a carriage return belongs to its line", "a\r\nb\r\n", "a\r\nb\n", 3, "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+b\n"},
		{"no context", "a\nb\nc\n", "a\nc\n", 0, "@@ -2 +1,0 @@\n-b\n"},
		{"an insertion at the front without context", "a\n", "x\na\n", 0, "@@ -0,0 +1 @@\n+x\n"},
		{"an element of a list stands below the others", "[\n  {\n    1\n  },\n  {\n    9\n  }\n]\n", "[\n  {\n    1\n  },\n  {\n    2\n  },\n  {\n    9\n  }\n]\n", 1,
			"@@ -4,2 +4,5 @@\n   },\n+  {\n+    2\n+  },\n   {\n"},
		{"changes that share their context are told together", "1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n", 2, "@@ -1,5 +1,5 @@\n-1\n+x\n 2\n 3\n 4\n-5\n+y\n"},
		{"changes further apart are not", "1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n", 1, "@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -4,2 +4,2 @@\n 4\n-5\n+y\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want != "" {
				want = "--- x\n+++ y\n" + want
			}
			if got := Unified("x", "y", []byte(test.before), []byte(test.after), test.context); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// apply turns before into what a diff makes of it, or says where they do not
// fit.
func apply(before []byte, diff string) (string, error) {
	from := lines(string(before))
	var out strings.Builder
	at := 0
	for hunk := range strings.SplitSeq(diff, "\n@@ ") {
		header, body, _ := strings.Cut(hunk, "\n")
		if strings.HasPrefix(header, "---") {
			continue
		}
		start, count := 0, 1
		if n, _ := fmt.Sscanf(header, "-%d,%d", &start, &count); n == 0 {
			return "", fmt.Errorf("header %q", header)
		}
		if count > 0 {
			start--
		}
		for ; at < start; at++ {
			out.WriteString(from[at])
		}
		marked := lines(body + "\n")
		for i, line := range marked {
			if line[0] == '\\' {
				continue
			}
			if i+1 < len(marked) && marked[i+1][0] == '\\' {
				line = strings.TrimSuffix(line, "\n")
			}
			if line[0] != '+' {
				if at >= len(from) || from[at] != line[1:] {
					return "", fmt.Errorf("line %d is not %q", at+1, line)
				}
				at++
			}
			if line[0] != '-' {
				out.WriteString(line[1:])
			}
		}
	}
	return out.String() + strings.Join(from[min(at, len(from)):], ""), nil
}

// shortest is the least number of lines that have to be inserted and removed,
// found the slow way.
func shortest(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, line := range a {
		diagonal := 0
		for j := range b {
			above := row[j+1]
			if line == b[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return len(a) + len(b) - 2*row[len(b)]
}

func TestADiffMakesOneTextOfTheOtherAndIsAsShortAsCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([abc]?\r?\n){0,30}[ab]?`)
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		diff := Unified("x", "y", []byte(before), []byte(after), rapid.IntRange(0, 4).Draw(t, "context"))
		if diff == "" {
			if before != after {
				t.Fatal("nothing is told")
			}
			return
		}
		cost := 0
		for _, line := range strings.Split(diff, "\n")[2:] {
			if strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") {
				cost++
			}
		}
		if want := shortest(lines(before), lines(after)); cost != want {
			t.Errorf("%d lines, want %d:\n%s", cost, want, diff)
		}
		made, err := apply([]byte(before), strings.TrimSuffix(diff, "\n"))
		if err != nil || made != after {
			t.Errorf("%v; it makes %q of %q, want %q:\n%s", err, made, before, after, diff)
		}
	})
}

func TestTextsWithLittleInCommonTakeLinearWork(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(lines int) []byte {
		var b bytes.Buffer
		for range lines {
			fmt.Fprintln(&b, random.IntN(50))
		}
		return b.Bytes()
	}
	work := func(size int) int {
		before, after := text(size), text(size)
		diff := Unified("x", "y", before, after, 3)
		if made, err := apply(before, strings.TrimSuffix(diff, "\n")); err != nil || made != string(after) {
			t.Fatalf("the diff of %d lines does not make one text of the other: %v", size, err)
		}
		return search(lines(string(before)), lines(string(after))).visits
	}
	small, large := work(2_000), work(16_000)
	if ratio := float64(large) / float64(small); ratio > 12 { // 64 where it is quadratic
		t.Errorf("eight times the lines took %.1f times the work: %d and %d", ratio, small, large)
	}
	t.Logf("2,000 lines %d visits, 16,000 lines %d", small, large)
}

func TestColoursFollowTheHunkAndNotTheLook(t *testing.T) {
	diff := Unified("x", "y", []byte("-- a\nb\n"), []byte("++ a\nb"), 3)
	const want = "\x1b[1m--- x\x1b[0m\n\x1b[1m+++ y\x1b[0m\n\x1b[36m@@ -1,2 +1,2 @@\x1b[0m\n" +
		"\x1b[31m--- a\x1b[0m\n\x1b[31m-b\x1b[0m\n\x1b[32m+++ a\x1b[0m\n\x1b[32m+b\x1b[0m\n\\ No newline at end of file\n"
	if got := Color(diff); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if Color("") != "" {
		t.Error("nothing is painted")
	}
}

func TestPoliciesOnOneLineAreComparedLineByLine(t *testing.T) {
	const want = "--- x\n+++ y\n@@ -1,5 +1,6 @@\n {\n   \"Statement\": [\n-    1\n+    1,\n+    2\n   ]\n }\n"
	if got := JSON("x", "y", []byte(`{"Statement":[1]}`), []byte(" {\"Statement\": [1, 2]}\n")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := JSON("x", "y", []byte(`{"a":[1]}`), []byte("{ \"a\": [1] }")); got != "" {
		t.Errorf("white space is told:\n%s", got)
	}
	if got := JSON("x", "y", []byte("{"), []byte("[")); got != "--- x\n+++ y\n@@ -1 +1 @@\n-{\n\\ No newline at end of file\n+[\n\\ No newline at end of file\n" {
		t.Errorf("no JSON:\n%s", got)
	}
}
