package patch

import (
	"bytes"
	"strings"
)

// kind tells what a node is.
type kind uint8

const (
	// other is an expression, a function call, a text with parts that are
	// filled in: what can be copied and replaced, but not looked into.
	other kind = iota
	scalar
	list
	object
)

// node is a piece of a script's syntax: an existing one, which is never
// changed, or one that is to be written.
type node struct {
	in      *script // of an existing node
	kind    kind
	text    string // of a scalar: what it says
	entries []entry
	// start and end are where an existing node stands in the script.
	start, end int
	isBlock    bool // YAML's block style
	parent     *node
	call       string // other: the name of the function, where it is one

	from      *node  // the existing node that this is an edited copy of
	reference string // of a new node: the name of a parameter or variable
	spelt     string // of a new node: as it is written, such as true
	isWord    bool   // of a new node: YAML needs no quotation marks
	isKey     bool   // of a key
}

// entry is an entry of an object, or an item of a list, which has no key.
type entry struct {
	key, value *node
	// old is the entry's number in the node that an edited copy is from; -1
	// for a new one.
	old int
	// begin and stop are where an existing entry stands: for an alias of YAML
	// that is not where its value does.
	begin, stop int
	isAlias     bool
}

// exists reports whether a node stands in a text as it is.
func (n *node) exists() bool { return n.in != nil }

// get finds an entry of an object by what its key says.
func (n *node) get(name string) (at int, found bool) {
	for i := range n.entries {
		if key := n.entries[i].key; key != nil && key.kind == scalar && key.text == name {
			return i, true
		}
	}
	return 0, false
}

// value gives the value of an entry.
func (n *node) value(name string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	if at, found := n.get(name); found {
		return n.entries[at].value
	}
	return nil
}

// edit makes a copy of an existing node that can be changed.
func (n *node) edit() *node {
	return &node{kind: n.kind, entries: append([]entry(nil), n.entries...), from: n, start: n.start, end: n.end}
}

// without is the node without those of its entries for which drop is true.
func (n *node) without(drop func(int) bool) *node {
	edited := n.edit()
	edited.entries = edited.entries[:0]
	for i := range n.entries {
		if !drop(i) {
			edited.entries = append(edited.entries, n.entries[i])
		}
	}
	return edited
}

func newScalar(text string) *node { return &node{kind: scalar, text: text} }

// newWord is a text that stands without quotation marks in YAML.
func newWord(text string) *node { return &node{kind: scalar, text: text, isWord: true} }

func newEntry(key string, value *node) entry {
	return entry{key: &node{kind: scalar, text: key, isKey: true}, value: value, old: -1}
}

func newItem(value *node) entry { return entry{value: value, old: -1} }

// change replaces the bytes [start, end) of a script.
type change struct {
	start, end int
	text       string
}

// splice makes changes, which are in the order of the text, to its part from
// one offset to another.
func splice(text []byte, from, to int, changes []change) string {
	var b strings.Builder
	at := from
	for _, c := range changes {
		b.Write(text[at:c.start])
		b.WriteString(c.text)
		at = c.end
	}
	b.Write(text[at:max(at, to)])
	return b.String()
}

// lineStart is where the line that holds an offset begins, or, of a line that is
// longer than anybody indents, some place in it: a text of one line would cost
// its length for every edit.
func lineStart(text []byte, at int) int {
	from := max(0, at-longestIndent)
	return from + bytes.LastIndexByte(text[from:at], '\n') + 1
}

// longestIndent bounds how far the beginning of a line is looked for, in bytes.
const longestIndent = 8 << 10

// lineEnd is the offset of the line break behind an offset, or of the end.
func lineEnd(text []byte, at int) int {
	if length := bytes.IndexByte(text[at:], '\n'); length >= 0 {
		at += length
		if at > 0 && text[at-1] == '\r' {
			at--
		}
		return at
	}
	return len(text)
}

// nextLine is where the line behind an offset begins.
func nextLine(text []byte, at int) int {
	if length := bytes.IndexByte(text[at:], '\n'); length >= 0 {
		return at + length + 1
	}
	return len(text)
}

// indentAt is the white space that the line of an offset begins with.
func indentAt(text []byte, at int) string {
	start := lineStart(text, at)
	end := start
	for end < at && (text[end] == ' ' || text[end] == '\t') {
		end++
	}
	return string(text[start:end])
}

// startsLine reports whether nothing but white space stands before an offset in
// its line.
func startsLine(text []byte, at int) bool {
	return len(bytes.TrimLeft(text[lineStart(text, at):at], " \t")) == 0
}

// blanks is how many spaces and tabs stand at an offset.
func blanks(text []byte, at int) int {
	n := 0
	for at+n < len(text) && (text[at+n] == ' ' || text[at+n] == '\t') {
		n++
	}
	return n
}
