// Package render writes policy trees as text.
package render

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"countersign/trust"
)

// UnknownError says that a tree holds values that are not known, so that there
// is no exact text of it.
type UnknownError struct {
	On []string // what the values depend on, each once, in document order
}

func (e *UnknownError) Error() string {
	named := slices.DeleteFunc(slices.Clone(e.On), func(on string) bool { return on == "" })
	if len(named) == 0 {
		return "the policy depends on what is not known"
	}
	return "the policy depends on " + strings.Join(named, ", ")
}

// JSON writes a tree as JSON text (RFC 8259) without a line break at its end.
// Members keep their order. With an indent every entry stands on a line of its
// own, with "" the text is one line without spaces. Reading the text with
// jsontree gives the same tree, but for places, and for numbers that JSON has
// no spelling for (leading zeros), which become strings.
//
// Characters that IAM does not take in a policy document (API Reference,
// UpdateAssumeRolePolicy: tab, line breaks, U+0020 to U+00FF) and those that a
// terminal obeys are written as escapes. Nothing else is escaped that need not
// be.
//
// The error is an [*UnknownError] where the tree holds unknown values. Text
// that is not UTF-8 is an error as well.
func JSON(v trust.Value, indent string) (string, error) {
	if on := Unknowns(v); len(on) > 0 {
		return "", &UnknownError{On: on}
	}
	w := writer{indent: indent}
	w.value(&v, 0)
	return w.text.String(), w.err
}

// Unknowns names what the unknown values of a tree depend on, each once, in
// document order; "" stands for those that do not tell.
func Unknowns(v trust.Value) []string {
	var on []string
	note := func(name string) {
		if !slices.Contains(on, name) {
			on = append(on, name)
		}
	}
	var visit func(*trust.Value)
	visit = func(v *trust.Value) {
		switch v.Kind {
		case trust.Unknown, trust.Absent, trust.Choice:
			note(v.On)
		}
		for _, part := range v.Parts {
			if part.On != "" {
				note(part.On)
			}
		}
		for i := range v.Items {
			visit(&v.Items[i])
		}
		for i := range v.Members {
			visit(&v.Members[i].Key)
			visit(&v.Members[i].Value)
		}
	}
	visit(&v)
	return on
}

type writer struct {
	text   strings.Builder
	indent string
	err    error
}

func (w *writer) value(v *trust.Value, depth int) {
	switch v.Kind {
	case trust.Null:
		w.text.WriteString("null")
	case trust.Bool:
		w.text.WriteString(v.Text)
	case trust.Number:
		if !isNumber.MatchString(v.Text) {
			w.string(v)
			return
		}
		w.text.WriteString(v.Text)
	case trust.Array:
		w.list('[', ']', len(v.Items), depth, func(i int) { w.value(&v.Items[i], depth+1) })
	case trust.Object:
		w.list('{', '}', len(v.Members), depth, func(i int) {
			w.string(&v.Members[i].Key)
			w.text.WriteByte(':')
			if w.indent != "" {
				w.text.WriteByte(' ')
			}
			w.value(&v.Members[i].Value, depth+1)
		})
	default:
		w.string(v)
	}
}

var isNumber = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$`)

// list writes entries in brackets.
func (w *writer) list(open, closing byte, size, depth int, entry func(int)) {
	w.text.WriteByte(open)
	for i := range size {
		if i > 0 {
			w.text.WriteByte(',')
		}
		w.line(depth + 1)
		entry(i)
	}
	if size > 0 {
		w.line(depth)
	}
	w.text.WriteByte(closing)
}

func (w *writer) line(depth int) {
	if w.indent == "" {
		return
	}
	w.text.WriteByte('\n')
	for range depth {
		w.text.WriteString(w.indent)
	}
}

func (w *writer) string(v *trust.Value) {
	text := textOf(v)
	if !utf8.ValidString(text) && w.err == nil {
		w.err = errors.New("a text of the policy is not UTF-8")
	}
	w.text.WriteString(Quoted(text))
}

// textOf is the text of a string that is known, also where it came in parts.
func textOf(v *trust.Value) string {
	if len(v.Parts) == 0 {
		return v.Text
	}
	var whole strings.Builder
	for _, part := range v.Parts {
		whole.WriteString(part.Text)
	}
	return whole.String()
}

// Quoted writes a text as a JSON string, in quotation marks. Bytes that are no
// UTF-8 become U+FFFD.
func Quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c >= 0x20 && c <= 0x7e, c >= 0xa0 && c <= 0xff && c != softHyphen:
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// softHyphen is not seen on a terminal, and lost when copied from it.
const softHyphen = '\u00ad'
