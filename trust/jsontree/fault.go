package jsontree

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"countersign/trust"
)

func (s *scanner) fail(start, end int, message, hint string) error {
	return &trust.SyntaxError{
		Message: message, Hint: hint,
		Range: trust.Range{File: s.file, Start: start, End: end},
	}
}

// failHere reports the character at the current position.
func (s *scanner) failHere(message, hint string) error {
	_, size := utf8.DecodeRuneInString(s.text[s.pos:])
	return s.fail(s.pos, s.pos+size, message, hint)
}

// found names what stands at the current position.
func (s *scanner) found() string {
	if s.pos == len(s.text) {
		return "end of text"
	}
	r, size := utf8.DecodeRuneInString(s.text[s.pos:])
	if r == utf8.RuneError && size == 1 {
		return fmt.Sprintf("the byte 0x%02x", s.text[s.pos])
	}
	return strconv.QuoteRune(r)
}

// failValue reports what is no start of a value, with a word on the usual
// mistakes of people who come from other languages.
func (s *scanner) failValue() error {
	hint := `a value is an object, an array, a "string", a number, true, false or null`
	switch c := s.text[s.pos]; {
	case c == '\'':
		hint = "strings stand in double quotation marks"
	case c == '/' || c == '#':
		hint = "JSON has no comments"
	case c == '+' || c == '.':
		hint = "a number starts with a digit or a minus sign"
	case c == ',' || c == ']' || c == '}':
		hint = "a value is missing before it"
	case isLetter(c):
		hint = `text stands in double quotation marks; the only bare words are true, false and null, in lower case`
	}
	return s.failHere("unexpected "+s.found()+", expected a value", hint)
}

func (s *scanner) failKey() error {
	hint := "keys stand in double quotation marks"
	if s.pos < len(s.text) && (s.text[s.pos] == '/' || s.text[s.pos] == '#') {
		hint = "JSON has no comments"
	}
	return s.failHere("unexpected "+s.found()+", expected a key", hint)
}

// failSeparator reports what stands where a comma or the end of the container
// that starts at open should.
func (s *scanner) failSeparator(open int, closing byte) error {
	if s.pos == len(s.text) {
		opened := trust.Range{File: s.file, Start: open, End: open + 1}
		return s.failHere(fmt.Sprintf("unexpected end of text, expected %q", closing),
			fmt.Sprintf("the bracket opened at line %d, column %d is not closed", opened.Line(), opened.Column()))
	}
	return s.failHere(fmt.Sprintf("unexpected %s, expected a comma or %q", s.found(), closing),
		"entries are separated by commas")
}

func (s *scanner) failNumber(where string) error {
	return s.failHere("expected a digit "+where+", found "+s.found(),
		"numbers look like -12.5e3; anything else stands in quotation marks")
}

func (s *scanner) failControl(i int) error {
	if c := s.text[i]; c == '\n' || c == '\r' {
		return s.fail(i, i+1, "line break in a string", `close the string before the end of the line, or write the break as \n`)
	}
	return s.fail(i, i+1, fmt.Sprintf("control character 0x%02x in a string", s.text[i]),
		fmt.Sprintf(`write it as \u%04x`, s.text[i]))
}

// failUnclosed points at the opening quotation mark: the end of the text says
// nothing about which string ran away.
func (s *scanner) failUnclosed(start int) error {
	return s.fail(start, start+1, "a string is not closed", "close it with a quotation mark")
}

// failUTF8 finds the first invalid byte between start and end.
func (s *scanner) failUTF8(start, end int) error {
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(s.text[i:end])
		if r == utf8.RuneError && size == 1 {
			return s.fail(i, i+1, fmt.Sprintf("invalid UTF-8: byte 0x%02x", s.text[i]), "save the file as UTF-8")
		}
		i += size
	}
	return s.fail(start, end, "invalid UTF-8", "save the file as UTF-8")
}
