package jsontree

import (
	"unicode/utf16"
	"unicode/utf8"
)

// ordinary are the bytes that stand for themselves in a string and need no
// second look: printable ASCII without the quotation mark and the backslash.
var ordinary = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// str reads the string that starts at the current position. A string without
// escapes is a slice of the text.
func (s *scanner) str() (string, error) {
	start := s.pos
	plain := true // ASCII only
	for i := start + 1; i < len(s.text); i++ {
		c := s.text[i]
		if ordinary[c] {
			continue
		}
		switch {
		case c == '"':
			s.pos = i + 1
			text := s.text[start+1 : i]
			if !plain && !utf8.ValidString(text) {
				return "", s.failUTF8(start+1, i)
			}
			return text, nil
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			return "", s.failControl(i)
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return "", s.failUnclosed(start)
}

// escaped reads on in the string that starts at start, from its first escape.
func (s *scanner) escaped(start, escape int) (string, error) {
	out := make([]byte, 0, escape-start+32)
	copied := start + 1 // what stands before it is in out
	for i := escape; i < len(s.text); {
		switch c := s.text[i]; {
		case c == '"':
			if text := s.text[copied:i]; !utf8.ValidString(text) {
				return "", s.failUTF8(copied, i)
			}
			s.pos = i + 1
			return string(append(out, s.text[copied:i]...)), nil
		case c == '\\':
			if text := s.text[copied:i]; !utf8.ValidString(text) {
				return "", s.failUTF8(copied, i)
			}
			out = append(out, s.text[copied:i]...)
			r, length, err := s.escape(i)
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			i += length
			copied = i
		case c < ' ':
			return "", s.failControl(i)
		default:
			i++
		}
	}
	return "", s.failUnclosed(start)
}

// escape reads the escape sequence at i and returns its meaning and its length.
func (s *scanner) escape(i int) (r rune, length int, err error) {
	if i+1 == len(s.text) {
		return 0, 0, s.fail(i, i+1, "the text ends in an escape", "close the string with a quotation mark")
	}
	switch c := s.text[i+1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
		return s.unicodeEscape(i)
	}
	_, size := utf8.DecodeRuneInString(s.text[i+1:])
	return 0, 0, s.fail(i, i+1+size, "unknown escape in a string",
		`known are \" \\ \/ \b \f \n \r \t and \u with four hexadecimal digits; a backslash itself is written \\`)
}

// unicodeEscape reads \uXXXX at i, or two of them that form a surrogate pair.
func (s *scanner) unicodeEscape(i int) (r rune, length int, err error) {
	first, ok := s.hex4(i)
	if !ok {
		return 0, 0, s.fail(i, min(i+6, len(s.text)), "incomplete escape in a string",
			`\u takes four hexadecimal digits, as in \u00e9`)
	}
	if !utf16.IsSurrogate(first) {
		return first, 6, nil
	}
	if second, ok := s.hex4(i + 6); ok {
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, 12, nil
		}
	}
	return 0, 0, s.fail(i, i+6, "half of a surrogate pair in a string",
		`a character beyond \uffff is written as two escapes, as in \ud83d\ude00`)
}

// hex4 reads the value of \uXXXX at i.
func (s *scanner) hex4(i int) (rune, bool) {
	if i+6 > len(s.text) || s.text[i] != '\\' || s.text[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.text[i+2 : i+6]) {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// number reads the number at the current position and keeps its spelling.
func (s *scanner) number() (string, error) {
	start := s.pos
	s.accept('-')
	switch {
	case s.accept('0'):
		if s.pos < len(s.text) && isDigit(s.text[s.pos]) {
			return "", s.fail(s.pos-1, s.pos, "a number starts with a superfluous zero",
				"write it without the zero, or as a string in quotation marks")
		}
	case !s.digits():
		return "", s.failNumber("after the minus sign")
	}
	if s.accept('.') && !s.digits() {
		return "", s.failNumber("after the decimal point")
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if !s.digits() {
			return "", s.failNumber("in the exponent")
		}
	}
	return s.text[start:s.pos], nil
}

// digits takes all digits that stand here, and reports whether there were any.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && isDigit(s.text[s.pos]) {
		s.pos++
	}
	return s.pos > start
}
