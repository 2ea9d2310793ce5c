package report

import (
	"bytes"
	"strings"
)

// mostBytes is how much of one line a listing shows. IAM stores no trust policy
// of more than 8,192 characters (IAM User Guide, "IAM and AWS STS quotas").
const mostBytes = 16 << 10

// listing shows a whole text with line numbers and, under the lines that they
// speak of, notes, which are sorted by their start. Lines that are too long are
// folded.
func (p *page) listing(d *document, notes []note) {
	whole := d.whole()
	indent := commonIndent(whole)
	g := p.gutter(d.base + lastLine(whole).number)
	for l := range linesOf(whole) {
		start := l.start + min(indent, indentOf(d.file.Text, l))
		cells, left := d.head(d.file, start, l.end, mostBytes)
		notes = p.folded(g, g.numbered(d.base+l.number), cells, l.next, notes)
		if left > 0 {
			p.line(g.blank(), " (", count(left, "more byte", "more bytes"), ")")
		}
	}
}

// folded shows one line in as many rows as it takes, and the notes that begin
// before the next line. It returns the other notes.
func (p *page) folded(g gutter, lead string, cells []cell, next int, notes []note) []note {
	room := p.width - g.columns() - 1
	rows := fold(cells, room)
	for i, row := range rows {
		p.line(strings.TrimRight(lead+" "+joined(row), " "))
		lead = g.blank()
		until := next
		if i < len(rows)-1 {
			until = row[len(row)-1].end
		}
		for len(notes) > 0 && notes[0].place.Start < until {
			p.note(g, row, notes[0], room)
			notes = notes[1:]
		}
	}
	return notes
}

// note draws carets under the part of a row that a note is about, and its text
// below them.
func (p *page) note(g gutter, row []cell, n note, room int) {
	place := n.place
	if bytes.IndexByte(place.File.Text[place.Start:place.End], '\n') >= 0 {
		place.End = place.Start + 1 // of several lines, the first character is shown
	}
	from, to := marked(row, place)
	from = min(from, room-1)
	to = min(to, room)
	p.line(g.blank(), " ", strings.Repeat(" ", from), p.style.paint(n.accent, strings.Repeat("^", to-from)))
	from = min(from, max(room-44, 0))
	for _, text := range wrap(n.String(), min(room-from, proseWidth)) {
		p.line(g.blank(), " ", strings.Repeat(" ", from), p.style.paint(n.accent, text))
	}
}

// fold breaks cells into rows of at most limit columns, behind a blank or comma
// where one is near; there is always one row.
func fold(cells []cell, limit int) [][]cell {
	var rows [][]cell
	for {
		used, end, gap := 0, 0, 0
		for end < len(cells) && (used+cells[end].columns <= limit || end == 0) {
			used += cells[end].columns
			if text := cells[end].text; used > limit/2 && (text == " " || text == ",") {
				gap = end + 1
			}
			end++
		}
		if end == len(cells) {
			return append(rows, cells)
		}
		if gap > 0 {
			end = gap
		}
		rows, cells = append(rows, cells[:end]), cells[end:]
	}
}
