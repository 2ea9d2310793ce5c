package patch

import (
	"bytes"
	"strings"
)

// Collections of YAML's block style are written by lines.

// after is the end of the line that an entry ends in.
func (w *writer) after(e *entry) int { return lineEnd(w.in.text, e.stop) }

func (w *writer) insertLines(c *node, at int, added []entry) {
	e := &c.entries[at]
	var b strings.Builder
	for i := range added {
		b.WriteString(w.lines(c, &added[i], e))
	}
	w.add(w.after(e), w.after(e), b.String())
}

// lines spells an entry with the line break before it.
func (w *writer) lines(c *node, added, beside *entry) string {
	text := w.in.text
	if c.kind == object {
		indent := strings.Repeat(" ", column(text, beside.begin))
		return w.style.newline + indent + w.member(added, indent, w.spreads(c, beside))
	}
	dash := lineStart(text, beside.begin) + column(text, beside.begin) - 1
	for dash > 0 && text[dash] != '-' {
		dash--
	}
	indent := strings.Repeat(" ", column(text, dash))
	return w.style.newline + indent + "-" + strings.Repeat(" ", max(1, beside.value.start-dash-1)) + w.itemText(added, beside, dash)
}

// itemText spells an item of a list.
func (w *writer) itemText(added, beside *entry, dash int) string {
	if added.value.from == nil && added.value.kind == object && !added.value.exists() {
		indent := strings.Repeat(" ", column(w.in.text, beside.value.start))
		return strings.TrimLeft(w.nested(added.value, indent), "\r\n ")
	}
	if strings.Contains(string(w.in.text[dash:beside.value.start]), "\n") && added.value.from != nil {
		// The item stands on a line of its own, below the dash and its anchor.
		return strings.TrimLeft(w.value(added.value, "", false), " ")
	}
	return w.value(added.value, "", false)
}

// member spells an entry of an object: on one line, or with what is in it below.
func (w *writer) member(e *entry, indent string, spread bool) string {
	v := e.value
	isNew := !v.exists() && v.from == nil && v.reference == ""
	if isNew && v.kind == object && spread && len(v.entries) > 0 {
		return w.key(e.key) + ":" + w.nested(v, indent+w.style.unit)
	}
	if isNew && v.kind == list && spread && !w.style.flowLists && len(v.entries) > 0 {
		var b strings.Builder
		for i := range v.entries {
			b.WriteString(w.style.newline + indent + strings.Repeat(" ", w.style.dash) + "- " + w.value(v.entries[i].value, "", false))
		}
		return w.key(e.key) + ":" + b.String()
	}
	return w.key(e.key) + ": " + w.value(v, indent, false)
}

// nested spells the entries of an object, each with a line break before it.
func (w *writer) nested(n *node, indent string) string {
	var b strings.Builder
	for i := range n.entries {
		b.WriteString(w.style.newline + indent + w.member(&n.entries[i], indent, true))
	}
	return b.String()
}

// removeLines takes entries out with their lines. What stands on the line of a
// dash gives its place to what follows.
func (w *writer) removeLines(c *node, from, to int) {
	text := w.in.text
	begin := c.entries[from].begin
	if c.kind == list {
		for begin > 0 && text[begin] != '-' {
			begin--
		}
	}
	switch {
	case startsLine(text, begin):
		w.add(lineStart(text, begin), nextLine(text, w.after(&c.entries[to])), "")
	case to+1 < len(c.entries):
		next := c.entries[to+1].begin
		if c.kind == list {
			for next > begin && text[next] != '-' {
				next--
			}
		}
		w.add(begin, next, "")
	default:
		w.fail("nothing would be left")
	}
	if from == 0 && to == len(c.entries)-1 {
		w.fail("nothing would be left")
	}
}

func (w *writer) replaceLines(c *node, at int, e *entry) {
	was := &c.entries[at]
	if c.kind == list {
		w.add(was.value.start, was.stop, w.value(e.value, "", false))
		return
	}
	indent := strings.Repeat(" ", column(w.in.text, was.begin))
	stop := was.stop
	text := w.member(e, indent, w.spreads(c, was))
	if bytes.IndexByte(w.in.text[was.begin:stop], '\n') < 0 && strings.Contains(text, "\n") {
		stop = w.after(was) // a comment would stand behind the last of the new lines
		if rest := w.in.text[was.stop:stop]; len(bytes.TrimSpace(rest)) > 0 {
			first, below, _ := strings.Cut(text, w.style.newline)
			text = first + string(rest) + w.style.newline + below
		}
	}
	w.add(was.begin, stop, text)
}
