package report

import (
	"bytes"
	"cmp"
	"iter"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"countersign/trust"
)

// cell is one thing of a line that is shown whole: a character, an escape, a
// blank tab, a mask.
type cell struct {
	text       string
	columns    int
	start, end int // the bytes of the file that it stands for
}

const tabColumns = 4

// line is a line of a text: its 1-based number, its bytes without the break,
// and where the next line begins, which is behind the text for the last one.
type line struct {
	number           int
	start, end, next int
}

// linesOf yields the lines that a range touches.
func linesOf(place trust.Range) iter.Seq[line] {
	return func(yield func(line) bool) {
		for l := firstLine(place); yield(l) && l.next < place.End; {
			l = lineAt(place.File, l.number+1)
		}
	}
}

func firstLine(place trust.Range) line { return lineAt(place.File, place.Line()) }

func lastLine(place trust.Range) line {
	last := max(place.Start, place.End-1)
	return firstLine(trust.Range{File: place.File, Start: last, End: last})
}

func lineAt(file *trust.File, number int) line {
	l := line{number: number, start: file.LineStart(number), next: file.LineStart(number + 1)}
	if l.end = l.next - 1; l.end > l.start && file.Text[l.end-1] == '\r' {
		l.end--
	}
	return l
}

// above returns the line before another one, if it belongs to the policy and
// says something.
func (d *document) above(l line, file *trust.File) (line, bool) {
	begin := 0
	if d.moved == nil && d.tree.Range.File == file {
		begin = d.tree.Range.Start
	}
	if l.start == 0 || l.start-1 < begin || d.shared && !d.within(file, l.start-1) {
		return line{}, false
	}
	found := firstLine(trust.Range{File: file, Start: l.start - 1})
	found.start = max(found.start, begin)
	return found, found.start+indentOf(file.Text, found) < found.end
}

// indentOf counts the blank bytes that a line begins with.
func indentOf(text []byte, l line) int {
	body := text[l.start:l.end]
	return len(body) - len(bytes.TrimLeft(body, " \t"))
}

// commonIndent is the indentation that the lines of a range share, except for
// those that are blank or begin with the policy itself.
func commonIndent(place trust.Range) int {
	text, common := place.File.Text, -1
	for l := range linesOf(place) {
		n := indentOf(text, l)
		if l.start+n == l.end || (n == 0 && l.number == 1) {
			continue
		}
		if common < 0 || n < common {
			common = n
		}
	}
	return max(common, 0)
}

// cells takes the bytes [start, end) of a file apart. A byte inside a mask
// shows the whole mask.
func (d *document) cells(file *trust.File, start, end int) []cell {
	made := make([]cell, 0, end-start)
	guarded := d.shared && d.redact && besideExternalID(file.Text, start, end)
	for i := start; i < end; {
		if guarded && !d.within(file, i) {
			stop := i + 1
			for stop < end && !d.within(file, stop) {
				stop++
			}
			made = append(made, cell{"…", 1, i, stop})
			i = stop
			continue
		}
		if secret, ok := d.maskAt(file, i); ok {
			made = append(made, cell{mask, columns(mask), secret.Start, secret.End})
			i = secret.End
			continue
		}
		r, size := utf8.DecodeRune(file.Text[i:end])
		shown := showRune(r, string(file.Text[i:i+size]))
		if r == '\t' {
			shown = strings.Repeat(" ", tabColumns)
		}
		made = append(made, cell{shown, columns(shown), i, i + size})
		i += size
	}
	return made
}

// within reports whether an offset of a file is in the policy's own text, which
// may be in several places.
func (d *document) within(file *trust.File, offset int) bool {
	own := d.own[file]
	behind := sort.Search(len(own), func(i int) bool { return own[i].Start > offset })
	return behind > 0 && offset < own[behind-1].End
}

// ownText returns the ranges of a tree, by file, sorted and apart.
func ownText(tree trust.Value) map[*trust.File][]trust.Range {
	found := map[*trust.File][]trust.Range{}
	collectRanges(tree, found)
	for file, ranges := range found {
		slices.SortFunc(ranges, func(a, b trust.Range) int { return cmp.Compare(a.Start, b.Start) })
		apart := ranges[:1]
		for _, next := range ranges[1:] {
			if last := &apart[len(apart)-1]; next.Start <= last.End {
				last.End = max(last.End, next.End)
			} else {
				apart = append(apart, next)
			}
		}
		found[file] = apart
	}
	return found
}

func collectRanges(v trust.Value, found map[*trust.File][]trust.Range) {
	if file := v.Range.File; file != nil {
		found[file] = append(found[file], v.Range)
	}
	for i := range v.Items {
		collectRanges(v.Items[i], found)
	}
	for i := range v.Members {
		collectRanges(v.Members[i].Key, found)
		collectRanges(v.Members[i].Value, found)
	}
}

// near is how far around a shown text external IDs are looked for.
const near = 4 << 10

// besideExternalID reports whether the line around the bytes [start, end)
// speaks of external IDs: of another role, or in a variable of any name.
func besideExternalID(text []byte, start, end int) bool {
	before, after := text[max(start-near, 0):start], text[end:min(end+near, len(text))]
	before = before[bytes.LastIndexByte(before, '\n')+1:]
	if stop := bytes.IndexByte(after, '\n'); stop >= 0 {
		after = after[:stop]
	}
	return speaksOfExternalID.Match(text[start-len(before) : end+len(after)])
}

var speaksOfExternalID = regexp.MustCompile(`(?i)external.?id`)

func (d *document) maskAt(file *trust.File, offset int) (trust.Range, bool) {
	masks := d.masks[file]
	behind := sort.Search(len(masks), func(i int) bool { return masks[i].Start > offset })
	if behind == 0 || masks[behind-1].End <= offset {
		return trust.Range{}, false
	}
	return masks[behind-1], true
}

// marked returns the columns [from, to) of cells that a range covers; an empty
// range covers one.
func marked(cells []cell, place trust.Range) (from, to int) {
	at, found := 0, false
	for _, c := range cells {
		covered := c.start < max(place.End, place.Start+1) && place.Start < c.end
		if covered && !found {
			from, found = at, true
		}
		at += c.columns
		if covered {
			to = at
		}
	}
	if !found {
		return at, at + 1
	}
	return from, max(to, from+1)
}

// window cuts cells to limit columns so that [from, to) can be seen, or as much
// of its beginning as fits. A column of the cells is then found shift columns
// further on. What is cut off is shown as "…".
func window(cells []cell, from, to, limit int) (shown string, shift int) {
	total := 0
	for _, c := range cells {
		total += c.columns
	}
	if total <= limit {
		return joined(cells), 0
	}
	inner := limit - 2
	before := min(8, inner/4)
	if to-from < inner {
		before = (inner - (to - from)) / 2
	}
	left := max(0, min(from-before, total-inner))

	var b strings.Builder
	at := 0
	if left > 0 {
		b.WriteString("…")
		shift = 1 - left
	}
	for _, c := range cells {
		start := at
		at += c.columns
		switch {
		case start < left && at > left: // half of a wide character, or of a mask
			b.WriteString(strings.Repeat(" ", at-left))
		case start < left:
		case at > left+inner:
			b.WriteString("…")
			return b.String(), shift
		default:
			b.WriteString(c.text)
		}
	}
	return b.String(), shift
}

func joined(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.text)
	}
	return b.String()
}

// head takes as much of the bytes [start, end) apart as most bytes hold, and
// returns how many bytes are left.
func (d *document) head(file *trust.File, start, end, most int) (cells []cell, left int) {
	stop := end
	if end-start > most {
		stop = runeStart(file.Text, start+most, start)
	}
	return d.cells(file, start, stop), end - stop
}

// runeStart steps back from an offset to where a character begins, not further
// than to least.
func runeStart(text []byte, offset, least int) int {
	for offset > least && !utf8.RuneStart(text[offset]) {
		offset--
	}
	return offset
}
