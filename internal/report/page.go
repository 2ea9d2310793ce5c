package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"countersign/trust"
)

// page writes text for people: paragraphs, labelled fields, excerpts. The
// bufio.Writer keeps the first error.
type page struct {
	w     *bufio.Writer
	style style
	width int
}

const (
	defaultWidth = 80
	leastWidth   = 40
	proseWidth   = 100 // longer lines of prose are hard to read
)

func newPage(w io.Writer, options Options) page {
	width := options.Width
	if width == 0 {
		width = defaultWidth
	}
	return page{bufio.NewWriter(w), style{options.Color}, max(width, leastWidth)}
}

func (p *page) line(parts ...string) {
	for _, part := range parts {
		p.w.WriteString(part)
	}
	p.w.WriteByte('\n')
}

// prose writes text wrapped, with every line behind the indentation.
func (p *page) prose(indent int, text string) {
	p.hang(strings.Repeat(" ", indent), indent, text)
}

// hang writes text wrapped behind a lead of so many columns, and its further
// lines under its first one.
func (p *page) hang(lead string, columns int, text string) {
	for i, part := range wrap(text, max(min(p.width, proseWidth)-columns, 20)) {
		if i > 0 {
			lead = strings.Repeat(" ", columns)
		}
		p.line(lead, part)
	}
}

// labelColumns is where the text of a labelled field begins.
const labelColumns = 13

// field writes a labelled paragraph.
func (p *page) field(label, text string) {
	p.hang(p.label(label), labelColumns, text)
}

func (p *page) label(label string) string {
	return "  " + p.style.paint(bold, label) + strings.Repeat(" ", max(labelColumns-2-len(label), 1))
}

const (
	hiddenText    = "(the policy is not shown: it is not JSON, so an external ID in it cannot be told from the rest)"
	sensitiveText = "(the policy is not shown: it is marked as sensitive)"
)

// mostLines is how many lines of a policy an excerpt shows.
const mostLines = 9

// excerpt shows the lines of a policy that a range touches, with carets under
// it, or a bracket along it when it takes several lines.
func (p *page) excerpt(d *document, place trust.Range, color string) {
	if d.hidden != "" {
		p.prose(4, d.hidden)
		return
	}
	first, last := firstLine(place), lastLine(place)
	g := p.gutter(d.base + last.number)
	p.line(g.blank())
	if first.number == last.number {
		p.pointed(d, g, first, place, color)
	} else {
		p.bracketed(d, g, place, color)
	}
}

// pointed shows one line with carets under a range of it, behind the line above
// it, which often names the operator.
func (p *page) pointed(d *document, g gutter, l line, place trust.Range, color string) {
	const margin = "   "
	room := p.width - g.columns() - len(margin)
	indent := indentOf(place.File.Text, l)
	if above, ok := d.above(l, place.File); ok {
		if n := indentOf(place.File.Text, above); n <= indent && l.end-l.start-n <= room {
			indent = n
			cells, _ := d.head(place.File, above.start+n, above.end, 4*room)
			shown, _ := window(cells, 0, 0, room)
			p.line(g.numbered(d.base+above.number), margin, shown)
		}
	}
	cells := d.cut(place, l.start+indent, l.end, room)
	from, to := marked(cells, place)
	shown, shift := window(cells, from, to, room)
	p.line(g.numbered(d.base+l.number), margin, shown)
	from = min(max(from+shift, 0), room-1)
	to = min(max(to+shift, from+1), room)
	p.line(g.blank(), margin, strings.Repeat(" ", from), p.style.paint(color, strings.Repeat("^", to-from)))
}

// bracketed shows several lines; of many, the first ones and the last.
func (p *page) bracketed(d *document, g gutter, place trust.Range, color string) {
	indent, last := commonIndent(place), lastLine(place)
	bracket, shown := " / ", 0
	many := last.number-firstLine(place).number >= mostLines
	for l := range linesOf(place) {
		if shown == mostLines-2 && many {
			break
		}
		p.beside(d, g, l, place.File, indent, bracket, color)
		bracket, shown = " | ", shown+1
	}
	if many {
		p.line(g.gap(), p.style.paint(color, " |"))
		p.beside(d, g, last, place.File, indent, bracket, color)
	}
	p.line(g.blank(), p.style.paint(color, " |_^"))
}

// beside shows one line behind a piece of a bracket.
func (p *page) beside(d *document, g gutter, l line, file *trust.File, indent int, bracket, color string) {
	room := p.width - g.columns() - len(bracket)
	cells, _ := d.head(file, l.start+min(indent, indentOf(file.Text, l)), l.end, 4*room)
	if len(cells) == 0 {
		bracket = strings.TrimRight(bracket, " ")
	}
	shown, _ := window(cells, 0, 0, room)
	p.line(g.numbered(d.base+l.number), p.style.paint(color, bracket), shown)
}

// cut takes as much of the bytes [start, end) of a line apart as can be seen
// around a range, so that a line of any length costs no more than a short one.
func (d *document) cut(place trust.Range, start, end, room int) []cell {
	reach := 4 * room
	from, to := start, end
	if place.Start-reach > start {
		from = runeStart(place.File.Text, place.Start-reach, start)
	}
	if last := min(place.End, place.Start+reach) + reach; last < end {
		to = runeStart(place.File.Text, last, start)
	}
	cells := d.cells(place.File, from, to)
	if from > start {
		cells = append([]cell{{"…", 1, from, from}}, cells...)
	}
	if to < end {
		cells = append(cells, cell{"…", 1, to, to})
	}
	return cells
}

// gutter is the column of line numbers.
type gutter struct {
	digits int
	style  style
}

func (p *page) gutter(last int) gutter {
	return gutter{max(len(fmt.Sprint(last)), 3), p.style}
}

// columns is what the gutter takes, the bar included.
func (g gutter) columns() int { return g.digits + 4 }

func (g gutter) numbered(n int) string {
	return g.style.paint(dim, fmt.Sprintf(" %*d |", g.digits+1, n))
}

func (g gutter) blank() string { return g.numberless(" ") }
func (g gutter) gap() string   { return g.numberless("...") }

func (g gutter) numberless(text string) string {
	return g.style.paint(dim, fmt.Sprintf(" %*s |", g.digits+1, text))
}
