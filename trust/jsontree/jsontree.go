// Package jsontree reads JSON text as a document tree.
//
// The scanner is written by hand because a policy's judge needs what a general
// decoder throws away: the byte range of every key and value, duplicate keys,
// the exact place of a fault, and a bound on depth. It is strict (RFC 8259).
package jsontree

import "countersign/trust"

// maxDepth bounds how deep arrays and objects nest. A policy with a meaning
// needs six levels; an export that carries policies needs a few more.
const maxDepth = 64

// Parse reads file.Text, which has to hold exactly one JSON value, as a
// document tree whose ranges refer to file. A leading byte order mark is passed
// over. Duplicate keys are kept, in order.
//
// The error is a [*trust.SyntaxError] at the offending byte: text that is not
// JSON, invalid UTF-8, an escaped surrogate without its partner, text behind
// the value, or nesting deeper than 64 levels. The tree does not share memory
// with file.Text.
func Parse(file *trust.File) (trust.Value, error) {
	s := scanner{file: file, text: string(file.Text)}
	return s.document()
}

// scanner walks the text twice: first to count the entries of every container,
// then to build the tree straight into slabs of the right size. So a document
// costs a handful of allocations whatever its shape, and nothing is copied.
type scanner struct {
	file  *trust.File
	text  string
	pos   int
	depth int

	sizes   []int // entries of each container, in the order of their opening
	members []trust.Member
	items   []trust.Value
	// What the containers not yet opened need at most.
	membersLeft, itemsLeft int
}

func (s *scanner) document() (trust.Value, error) {
	const byteOrderMark = "\ufeff"
	if len(s.text) >= len(byteOrderMark) && s.text[:len(byteOrderMark)] == byteOrderMark {
		s.pos = len(byteOrderMark)
	}
	s.space()
	s.measure()
	var value trust.Value
	if s.pos == len(s.text) {
		return value, s.fail(s.pos, s.pos, "the text is empty", "a JSON document holds one value")
	}
	if err := s.value(&value); err != nil {
		return trust.Value{}, err
	}
	s.space()
	if s.pos < len(s.text) {
		return trust.Value{}, s.failHere("unexpected "+s.found()+" behind the end of the document",
			"a JSON document holds one value; remove what follows it")
	}
	return value, nil
}

// value reads the value that starts at the current position into v, which has
// to be zero.
func (s *scanner) value(v *trust.Value) error {
	start := s.pos
	if start == len(s.text) {
		return s.failHere("unexpected end of text", "a value is missing")
	}
	var err error
	switch c := s.text[start]; {
	case c == '"':
		v.Kind = trust.String
		v.Text, err = s.str()
	case c == '{':
		v.Kind = trust.Object
		v.Members, err = s.object()
	case c == '[':
		v.Kind = trust.Array
		v.Items, err = s.array()
	case c == '-' || isDigit(c):
		v.Kind = trust.Number
		v.Text, err = s.number()
	case s.word("true"), s.word("false"):
		v.Kind = trust.Bool
		v.Text = s.text[start:s.pos]
	case s.word("null"):
		v.Kind = trust.Null
	default:
		return s.failValue()
	}
	v.Range = trust.Range{File: s.file, Start: start, End: s.pos}
	return err
}

// word takes a literal name if it stands here, whole.
func (s *scanner) word(name string) bool {
	end := s.pos + len(name)
	if end > len(s.text) || s.text[s.pos:end] != name {
		return false
	}
	if end < len(s.text) && isLetter(s.text[end]) {
		return false
	}
	s.pos = end
	return true
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// accept takes the byte c if it stands here.
func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
