// Package textdiff writes the difference of two texts as a unified diff, the
// form that diff -u, git and patch share (POSIX, "diff", -U).
package textdiff

import (
	"fmt"
	"strings"
)

// Unified returns the unified diff that turns before into after, with so many
// unchanged lines around each change, or nothing if the texts are the same.
// The names are those of the header; nothing is added to them. Lines end with
// "\n" alone: the "\r" of a CRLF belongs to the line. A last line without its
// end is marked as diff marks it.
//
// The diff is as short as can be unless the texts differ in more than some
// hundred lines at a stretch; beyond that it may be longer, never wrong, and
// the time stays linear in the length of the texts.
func Unified(nameBefore, nameAfter string, before, after []byte, context int) string {
	a, b := lines(string(before)), lines(string(after))
	changes := compare(a, b)
	if len(changes) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", nameBefore, nameAfter)
	for len(changes) > 0 {
		together := 1
		for together < len(changes) && changes[together].a-changes[together-1].endA() <= 2*context {
			together++
		}
		hunk(&out, a, b, changes[:together], context)
		changes = changes[together:]
	}
	return out.String()
}

// lines splits a text behind each line end.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	split := strings.SplitAfter(text, "\n")
	if split[len(split)-1] == "" {
		split = split[:len(split)-1]
	}
	return split
}

// hunk writes neighbouring changes with the unchanged lines around them.
func hunk(out *strings.Builder, a, b []string, changes []change, context int) {
	first, last := changes[0], changes[len(changes)-1]
	before := min(context, first.a)
	behind := min(context, len(a)-last.endA())
	fmt.Fprintf(out, "@@ -%s +%s @@\n",
		span(first.a-before, last.endA()+behind), span(first.b-before, last.endB()+behind))
	at := first.a - before
	for _, change := range changes {
		write(out, ' ', a[at:change.a])
		write(out, '-', a[change.a:change.endA()])
		write(out, '+', b[change.b:change.endB()])
		at = change.endA()
	}
	write(out, ' ', a[at:at+behind])
}

// span spells the lines [start, end) counted from 0 as a hunk's header does. No
// lines at all are told by the line before them.
func span(start, end int) string {
	switch end - start {
	case 0:
		return fmt.Sprintf("%d,0", start)
	case 1:
		return fmt.Sprint(start + 1)
	}
	return fmt.Sprintf("%d,%d", start+1, end-start)
}

func write(out *strings.Builder, mark byte, lines []string) {
	for _, line := range lines {
		out.WriteByte(mark)
		out.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
