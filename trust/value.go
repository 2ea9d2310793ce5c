// Package trust decides whether a stranger can assume an IAM role.
//
// The input is a trust policy as a document tree ([Value]), made by whatever
// reads the text it stands in ([countersign/trust/jsontree] for JSON). [Parse]
// turns the tree into a [Policy] or says where it has no meaning. [Decide]
// answers, exactly, whether a principal outside the zone of trust can assume
// the role with neither MFA nor a secret external ID, and returns the verdict
// together with its diagnostic: one complete request that gets in, every
// reason, what protects, and warnings. [Evaluate] answers one concrete request
// and shares nothing with the solver behind Decide but the parsed types, so
// that each checks the other. [Explain] turns a verdict into sentences.
//
// The package does no input or output, starts no goroutine and uses the
// standard library only. All functions are safe for concurrent use; a parsed
// Policy is never changed.
package trust

import (
	"bytes"
	"sort"
	"sync/atomic"
	"unicode/utf8"
)

// Kind tells what a [Value] is.
type Kind uint8

const (
	// Unknown is a value of which nothing can be read but what it depends on.
	Unknown Kind = iota
	// Null is JSON null.
	Null
	// Bool is true or false; Text holds the spelling.
	Bool
	// Number is a number; Text holds it as it is spelt.
	Number
	// String is text. Parts is set when some of it is unknown.
	String
	// Array is a list; Items holds it.
	Array
	// Object is a map; Members holds it in the order of the text, with
	// duplicate keys kept so that the parser can refuse them.
	Object
	// Absent is nothing at all: as an option of a Choice it means that the
	// member or item is not there (AWS::NoValue).
	Absent
	// Choice is one of Items, depending on On: a conditional that cannot be
	// evaluated. The same On takes the same option everywhere in a document.
	Choice
)

// Value is one node of a document tree: what a policy says, and where it says
// it. Sources build it; everything in this package reads it.
type Value struct {
	Kind    Kind
	Text    string   // Bool, Number, String: the text
	Parts   []Part   // String: the pieces, when some of it is unknown; else nil
	Items   []Value  // Array, Choice
	Members []Member // Object
	On      string   // Unknown, Choice: the name of what it depends on
	Range   Range
}

// Member is one entry of an object. Key is a String (possibly with unknown
// parts) or Unknown.
type Member struct {
	Key   Value
	Value Value
}

// Part is a piece of a string: literal text, or, when On is not empty, text
// that is unknown and depends on On.
type Part struct {
	Text string
	On   string
}

// Range is the half-open byte range [Start, End) of File that a value was read
// from. The zero Range means that the value stands in no file.
type Range struct {
	File       *File
	Start, End int
}

// File is a text that values were read from. The text does not change once a
// place in it was asked for.
type File struct {
	Name string // as messages should show it; may be empty
	Text []byte

	// marks holds the lines and columns of places along the text, from the
	// first question on: a large file, which may be one line, is asked for the
	// places of many thousand values.
	marks atomic.Pointer[[]mark]
}

// mark is a place in a text.
type mark struct{ offset, line, column int }

// markEvery is how far marks are apart, in bytes.
const markEvery = 1 << 10

func (f *File) placeMarks() []mark {
	if marks := f.marks.Load(); marks != nil {
		return *marks
	}
	at := mark{0, 1, 1}
	marks := []mark{at}
	for len(f.Text)-at.offset > markEvery {
		next := at.offset + markEvery
		for next < len(f.Text) && !utf8.RuneStart(f.Text[next]) {
			next++
		}
		at = at.to(f.Text, next)
		marks = append(marks, at)
	}
	f.marks.Store(&marks)
	return marks
}

// LineStart returns the offset at which a line begins, the first being 1; of a
// line behind the last it is one more than the text's length. It takes no longer
// for a text that is one line.
func (f *File) LineStart(number int) int {
	marks := f.placeMarks()
	behind := sort.Search(len(marks), func(i int) bool { return marks[i].line >= number })
	if behind == 0 {
		return 0
	}
	at, missing := marks[behind-1].offset, number-marks[behind-1].line
	for ; missing > 0; missing-- {
		next := bytes.IndexByte(f.Text[at:], '\n')
		if next < 0 {
			return len(f.Text) + 1
		}
		at += next + 1
	}
	return at
}

// to goes on to a later offset.
func (m mark) to(text []byte, offset int) mark {
	between := text[m.offset:offset]
	if breaks := bytes.Count(between, lineBreak); breaks > 0 {
		m.line, m.column = m.line+breaks, 1
		between = between[bytes.LastIndexByte(between, '\n')+1:]
	}
	m.offset, m.column = offset, m.column+utf8.RuneCount(between)
	return m
}

var lineBreak = []byte("\n")

// IsZero reports whether the range names no place.
func (r Range) IsZero() bool { return r.File == nil }

// Text returns the bytes of the range.
func (r Range) Text() string {
	if r.File == nil || r.Start < 0 || r.End > len(r.File.Text) || r.Start > r.End {
		return ""
	}
	return string(r.File.Text[r.Start:r.End])
}

// Line returns the 1-based line of the range's start.
func (r Range) Line() int { line, _ := r.position(r.Start); return line }

// Column returns the 1-based column of the range's start, in Unicode code
// points.
func (r Range) Column() int { _, column := r.position(r.Start); return column }

// EndPosition returns the 1-based line and column just behind the range.
func (r Range) EndPosition() (line, column int) { return r.position(r.End) }

func (r Range) position(offset int) (line, column int) {
	if r.File == nil || offset < 0 {
		return 0, 0
	}
	offset = min(offset, len(r.File.Text))
	marks := r.File.placeMarks()
	behind := sort.Search(len(marks), func(i int) bool { return marks[i].offset > offset })
	at := marks[behind-1].to(r.File.Text, offset)
	return at.line, at.column
}

// Literal makes a String value without a place. It serves tests and generated
// documents.
func Literal(text string) Value { return Value{Kind: String, Text: text} }

// Known reports whether nothing in the tree is unknown.
func (v Value) Known() bool { return v.known() }

func (v *Value) known() bool {
	if v.Kind == Unknown || v.Kind == Choice || v.Kind == Absent || len(v.Parts) > 0 {
		return false
	}
	for i := range v.Items {
		if !v.Items[i].known() {
			return false
		}
	}
	for i := range v.Members {
		if m := &v.Members[i]; !m.Key.known() || !m.Value.known() {
			return false
		}
	}
	return true
}

// Get returns the first member of an object with that key, spelt exactly so.
func (v Value) Get(key string) (Value, bool) {
	for _, member := range v.Members {
		if member.Key.Kind == String && member.Key.Text == key && len(member.Key.Parts) == 0 {
			return member.Value, true
		}
	}
	return Value{}, false
}
