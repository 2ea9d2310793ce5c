package patch

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// writer writes changes of a script in its style.
type writer struct {
	in      *script
	style   *style
	dialect dialect
	changes []change
	err     error
}

func newWriter(in *script, style *style) *writer {
	return &writer{in: in, style: style, dialect: in.dialect}
}

func (w *writer) fail(format string, values ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, values...)
	}
}

func (w *writer) add(start, end int, text string) {
	w.changes = append(w.changes, change{start, end, text})
}

// sorted gives the changes in the order of the text.
func (w *writer) sorted() []change {
	sort.SliceStable(w.changes, func(i, j int) bool {
		a, b := w.changes[i], w.changes[j]
		return a.start < b.start || a.start == b.start && a.end < b.end
	})
	w.changes = slices.DeleteFunc(w.changes, func(c change) bool {
		return c.end-c.start == len(c.text) && string(w.in.text[c.start:c.end]) == c.text
	})
	if w.in.language == yamlText {
		for _, c := range w.changes {
			if anchorMark.Match(w.in.text[c.start:c.end]) {
				w.fail("other text refers to an anchor in what has to be replaced")
			}
		}
	}
	return w.changes
}

var anchorMark = regexp.MustCompile(`(?:^|[\s\[{,])&[^\s]`)

// container writes how an edited copy differs from the node it is from.
func (w *writer) container(old, edited *node) {
	if len(old.entries) == 0 {
		// What seems empty may hold comments, or what a merge key takes in.
		if inside := bytes.Join(bytes.Fields(w.in.text[old.start:old.end]), nil); len(inside) > len("{}") {
			w.fail("what it holds stands elsewhere")
			return
		}
		w.add(old.start, old.end, w.value(&node{kind: edited.kind, entries: edited.entries}, indentAt(w.in.text, old.start), false))
		return
	}
	kept, next := -1, 0 // the last old entry that stays, the first that was not looked at
	var added []entry
	for i := range edited.entries {
		e := &edited.entries[i]
		if e.old < 0 {
			added = append(added, *e)
			continue
		}
		w.gap(old, kept, next, e.old, added)
		added = nil
		w.entry(old, e)
		kept, next = e.old, e.old+1
	}
	w.gap(old, kept, next, len(old.entries), added)
}

// gap writes what becomes of the old entries [from, to), of which none stays.
// It returns the last entry before to that is still there.
func (w *writer) gap(old *node, kept, from, to int, added []entry) int {
	for from < to && len(added) > 0 {
		w.replaceEntry(old, from, &added[0])
		kept, added = from, added[1:]
		from++
	}
	switch {
	case from < to:
		w.remove(old, from, to-1, kept >= 0)
	case len(added) > 0 && kept >= 0:
		w.insertAfter(old, kept, added)
	case len(added) > 0:
		w.fail("nothing stands before what has to be added")
	}
	return kept
}

// entry writes how an entry that stays has changed.
func (w *writer) entry(old *node, e *entry) {
	was := &old.entries[e.old]
	if e.key != nil && e.key != was.key {
		w.add(was.key.start, was.key.end, w.key(e.key))
	}
	switch {
	case e.value == was.value:
	case e.value.from != nil && e.value.from == was.value && was.value.in == w.in && !was.isAlias:
		w.container(was.value, e.value)
	default:
		w.replaceValue(old, e.old, e.value)
	}
}

// isSpread reports whether an entry has a line of its own.
func (w *writer) isSpread(e *entry) bool { return startsLine(w.in.text, e.begin) }

func (w *writer) insertAfter(c *node, at int, added []entry) {
	if c.isBlock {
		w.insertLines(c, at, added)
		return
	}
	e := &c.entries[at]
	spread := w.isSpread(e)
	indent := indentAt(w.in.text, e.begin)
	texts := make([]string, len(added))
	for i := range added {
		texts[i] = w.written(c, &added[i], e, indent, spread)
	}
	if !spread {
		comma := w.style.comma
		if c.kind == list && len(c.entries) > 1 && c.entries[0].stop < c.entries[1].begin {
			if between := string(w.in.text[c.entries[0].stop:c.entries[1].begin]); strings.TrimSpace(between) == "," {
				comma = between
			}
		}
		w.add(e.stop, e.stop, comma+strings.Join(texts, comma))
		return
	}
	begin := w.style.newline + indent
	after := e.stop + blanks(w.in.text, e.stop)
	hasComma := after < len(w.in.text) && w.in.text[after] == ','
	comma := ","
	switch {
	case hasComma:
		after++
	case w.in.language == hclText && c.kind == object && !w.style.hasCommas:
		comma, after = "", e.stop
	default:
		w.add(e.stop, e.stop, ",")
		after = e.stop
	}
	if end := w.commentEnd(after); end > after {
		after = end
	}
	text := begin + strings.Join(texts, comma+begin)
	if hasComma {
		text += comma
	}
	w.add(after, after, text)
}

// commentEnd is the end of a line of which nothing but a comment is left.
func (w *writer) commentEnd(at int) int {
	rest := bytes.TrimLeft(w.in.text[at:lineEnd(w.in.text, at)], " \t")
	if w.in.language != jsonText && (bytes.HasPrefix(rest, []byte("#")) || bytes.HasPrefix(rest, []byte("//"))) {
		return lineEnd(w.in.text, at)
	}
	return at
}

// remove takes out the entries from to to of a node in brackets, of which at
// least one entry stays.
func (w *writer) remove(c *node, from, to int, hasBefore bool) {
	if c.isBlock {
		w.removeLines(c, from, to)
		return
	}
	begin, stop := c.entries[from].begin, c.entries[to].stop
	text := w.in.text
	after := stop + blanks(text, stop)
	hasComma := after < len(text) && text[after] == ','
	if hasComma {
		after++
	}
	end := max(w.commentEnd(after), after)
	ownsLines := startsLine(text, begin) && len(bytes.TrimSpace(text[end:lineEnd(text, end)])) == 0
	switch {
	case w.in.language != jsonText && ownsLines && (hasBefore || to+1 < len(c.entries)):
		if hasBefore && !hasComma {
			before := c.entries[from-1].stop
			if comma := before + blanks(text, before); text[comma] == ',' {
				w.add(comma, comma+1, "")
			}
		}
		w.add(lineStart(text, begin), nextLine(text, end), "")
	case hasBefore:
		w.add(c.entries[from-1].stop, stop, "")
	case to+1 < len(c.entries):
		w.add(begin, c.entries[to+1].begin, "")
	default:
		w.fail("nothing would be left")
	}
}

func (w *writer) replaceEntry(c *node, at int, e *entry) {
	was := &c.entries[at]
	if c.isBlock {
		w.replaceLines(c, at, e)
		return
	}
	indent := indentAt(w.in.text, was.begin)
	w.add(was.begin, was.stop, w.written(c, e, was, indent, w.isSpread(was)))
}

func (w *writer) replaceValue(c *node, at int, value *node) {
	was := &c.entries[at]
	if was.key == nil || w.in.language != yamlText {
		w.add(was.value.start, was.stop, w.value(value, indentAt(w.in.text, was.begin), w.spreads(c, was)))
		return
	}
	colon := was.key.end + bytes.IndexByte(w.in.text[was.key.end:], ':') + 1
	w.add(colon, was.stop, " "+w.value(value, "", false))
}

// spreads reports whether a new object beside others has lines for its entries:
// as the others do.
func (w *writer) spreads(c *node, beside *entry) bool {
	if !c.isBlock && !w.isSpread(beside) {
		return false
	}
	for i := range c.entries {
		v := c.entries[i].value
		if v.in == w.in && v.kind == object && len(v.entries) > 0 && c.kind == object {
			return v.isBlock || w.isSpread(&v.entries[0])
		}
	}
	return true
}

// written spells an entry of a node in brackets.
func (w *writer) written(c *node, e *entry, beside *entry, indent string, spread bool) string {
	if e.key == nil {
		return w.value(e.value, indent, spread)
	}
	value := w.value(e.value, indent, spread && w.spreads(c, beside))
	colon := w.style.colon
	if w.in.language == hclText && spread && !strings.Contains(value, "\n") {
		colon = w.aligned(w.key(e.key), beside)
	}
	return w.key(e.key) + colon + value
}

// aligned puts the sign of an assignment where it is in the line before, as
// terraform fmt does.
func (w *writer) aligned(key string, beside *entry) string {
	if beside.key == nil || bytes.IndexByte(w.in.text[beside.begin:beside.stop], '\n') >= 0 {
		return w.style.colon
	}
	between := string(w.in.text[beside.key.end:beside.value.start])
	sign := strings.IndexAny(between, "=:")
	if width := beside.key.end + sign - beside.key.start; sign > 0 && width > len(key) {
		return strings.Repeat(" ", width-len(key)) + strings.TrimLeft(w.style.colon, " ")
	}
	return w.style.colon
}

// value spells a value. The lines of an object that is spread are indented
// deeper than indent.
func (w *writer) value(n *node, indent string, spread bool) string {
	switch {
	case n.exists():
		return w.copied(n)
	case n.from != nil:
		return w.editedCopy(n)
	case n.reference != "":
		return w.referenceTo(n.reference)
	case n.spelt != "":
		return n.spelt
	case n.isWord && w.in.language == yamlText:
		return n.text
	case n.kind == scalar:
		return w.scalar(n.text)
	case n.kind == list:
		items := make([]string, len(n.entries))
		for i := range n.entries {
			items[i] = w.value(n.entries[i].value, indent, false)
		}
		return "[" + w.style.listPad + strings.Join(items, w.style.comma) + w.style.listPad + "]"
	case n.kind == object:
		return w.object(n, indent, spread)
	}
	w.fail("it cannot be written here")
	return ""
}

func (w *writer) object(n *node, indent string, spread bool) string {
	deeper := indent + w.style.unit
	entries := make([]string, len(n.entries))
	for i := range n.entries {
		entries[i] = w.key(n.entries[i].key) + w.style.colon + w.value(n.entries[i].value, deeper, spread)
	}
	if !spread || len(entries) == 0 {
		return "{" + w.style.pad + strings.Join(entries, w.style.comma) + w.style.pad + "}"
	}
	comma := ","
	if w.in.language == hclText && !w.style.hasCommas {
		comma = ""
	}
	line := w.style.newline + deeper
	return "{" + line + strings.Join(entries, comma+line) + w.style.newline + indent + "}"
}

// copied is the text of an existing value.
func (w *writer) copied(n *node) string {
	if n.in != w.in {
		if n.kind == scalar {
			return w.scalar(n.text)
		}
		w.fail("a value that is made in another text would have to be copied")
		return ""
	}
	text := string(n.in.text[n.start:n.end])
	if w.in.language == yamlText && (n.isBlock || strings.Contains(text, "\n") || anchorMark.MatchString(text)) {
		w.fail("a value of several lines would have to be copied")
	}
	return text
}

// editedCopy is the text of an existing node with changes.
func (w *writer) editedCopy(n *node) string {
	if n.from.in != w.in {
		w.fail("a statement that is made in another text would have to be copied")
		return ""
	}
	inner := newWriter(w.in, w.style)
	inner.dialect = w.dialect
	inner.container(n.from, n)
	changes := inner.sorted()
	if inner.err != nil {
		w.fail("%w", inner.err)
		return ""
	}
	end := n.from.end
	for _, c := range changes {
		end = max(end, c.end)
	}
	text := splice(w.in.text, n.from.start, end, changes)
	if w.in.language == yamlText && anchorMark.MatchString(text) {
		w.fail("an anchor would have to be copied")
	}
	return strings.TrimRight(text, " \t\r\n")
}
