package report

import (
	"cmp"
	"slices"
	"strings"

	"countersign/internal/rule"
	"countersign/trust"
)

// htmlLine is a line of a policy, with what of it is marked and the notes below
// it.
type htmlLine struct {
	Number int // 0 where lines are left out
	Pieces []htmlPiece
	Left   int // bytes of the line that are not shown
	Notes  []htmlNote
}

// htmlPiece is text that is shown alike.
type htmlPiece struct {
	Text         string
	Mark, Secret bool
}

type htmlNote struct{ Class, Code, Text string }

// What the page shows of a policy at most. IAM stores no trust policy of more
// than 8,192 characters (IAM User Guide, "IAM and AWS STS quotas").
const (
	mostPolicyLines = 500
	mostPolicyNotes = 100
	mostLineBytes   = 4 << 10
)

// around shows the lines that a range touches, marked, behind the line above
// them, which often names the operator.
func (d *document) around(place trust.Range) []htmlLine {
	var lines []line
	if above, ok := d.above(firstLine(place), place.File); ok {
		lines = append(lines, above)
	}
	many := lastLine(place).number-firstLine(place).number >= mostLines+3
	touched := 0
	for l := range linesOf(place) {
		if touched++; many && touched > mostLines {
			break
		}
		lines = append(lines, l)
	}
	if many {
		lines = append(lines, line{}, lastLine(place))
	}
	return d.show(place.File, lines, []trust.Range{place})
}

// show takes lines apart, without the indentation that they share.
func (d *document) show(file *trust.File, lines []line, marks []trust.Range) []htmlLine {
	indent := -1
	for _, l := range lines {
		n := indentOf(file.Text, l)
		if l.number > 0 && l.start+n < l.end && (n > 0 || l.number > 1) && (indent < 0 || n < indent) {
			indent = n
		}
	}
	made := make([]htmlLine, 0, len(lines))
	for _, l := range lines {
		if l.number == 0 {
			made = append(made, htmlLine{})
			continue
		}
		start := l.start + min(max(indent, 0), indentOf(file.Text, l))
		cells, left := d.head(file, start, l.end, mostLineBytes)
		made = append(made, htmlLine{
			Number: d.base + l.number, Left: left,
			Pieces: pieces(cells, file, marks),
		})
	}
	return made
}

// pieces joins cells that are shown alike. The blanks before a line are not
// marked.
func pieces(cells []cell, file *trust.File, marks []trust.Range) []htmlPiece {
	var made []htmlPiece
	var text strings.Builder
	var last htmlPiece
	end := func() {
		if text.Len() > 0 {
			last.Text = text.String()
			made = append(made, last)
			text.Reset()
		}
	}
	blank := true
	for _, c := range cells {
		blank = blank && strings.TrimSpace(c.text) == ""
		next := htmlPiece{Secret: c.text == mask, Mark: !blank && covered(c, file, marks)}
		if next.Mark != last.Mark || next.Secret != last.Secret {
			end()
			last = next
		}
		text.WriteString(c.text)
	}
	end()
	return made
}

func covered(c cell, file *trust.File, marks []trust.Range) bool {
	for _, place := range marks {
		if place.File == file && c.start < max(place.End, place.Start+1) && place.Start < c.end {
			return true
		}
	}
	return false
}

// wholePolicy shows a policy from its first line to its last, with notes under
// the lines that they speak of, and the notes that have no place in it.
func wholePolicy(finding *rule.Finding, document *document) (shown []htmlLine, loose []string) {
	if document.hidden != "" || document.file == nil || len(document.file.Text) == 0 {
		return nil, nil
	}
	notes, elsewhere := placed(document, notesOn(finding))
	for _, n := range elsewhere[:min(len(elsewhere), mostPolicyNotes)] {
		loose = append(loose, long(n.placed()))
	}
	var marks []trust.Range
	for _, reason := range finding.Verdict.Reasons[:min(len(finding.Verdict.Reasons), mostPageReasons)] {
		if place := document.find(reason.Range); document.shows(place) {
			marks = append(marks, place)
		}
	}
	whole := document.whole()
	var lines []line
	for l := range linesOf(whole) {
		if len(lines) == mostPolicyLines {
			lines = append(lines, line{})
			break
		}
		lines = append(lines, l)
	}
	shown = document.show(whole.File, lines, marks)
	notes = notes[:min(len(notes), mostPolicyNotes)]
	for i := range shown {
		for len(notes) > 0 && (notes[0].place.Start < lines[i].next || lines[i].number == 0) {
			shown[i].Notes = append(shown[i].Notes, htmlNote{accentClass[notes[0].accent], long(notes[0].code), long(notes[0].text)})
			notes = notes[1:]
		}
	}
	return shown, loose
}

// accentClass says how a note is shown; what is not here speaks of a way in.
var accentClass = map[string]string{cyan: "plain", green: "good", yellow: "warn", dim: "plain"}

// whole is the range of the policy in the file that is shown.
func (d *document) whole() trust.Range {
	if d.moved == nil && d.tree.Range.File == d.file {
		return d.tree.Range
	}
	return trust.Range{File: d.file, Start: 0, End: len(d.file.Text)}
}

// placed parts notes into those that have a place in the shown text, in its
// order, and the others.
func placed(d *document, notes []note) (here, elsewhere []note) {
	for _, n := range notes {
		if shown := d.find(n.place); d.shows(shown) {
			n.place = shown
			here = append(here, n)
		} else {
			elsewhere = append(elsewhere, n)
		}
	}
	slices.SortStableFunc(here, func(a, b note) int { return cmp.Compare(a.place.Start, b.place.Start) })
	return here, elsewhere
}
