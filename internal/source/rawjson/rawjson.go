// Package rawjson takes apart JSON that a decoder has found valid already. It
// checks no grammar again, which makes it several times faster than a second
// decoding.
package rawjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"
)

// Member is one entry of an object.
type Member struct {
	Key   []byte // unquoted
	Value []byte // as it is spelt
	Start int    // of Value, within the object's text
}

// EachMember calls visit for the members of an object until it returns false.
// Text that is no object has none.
func EachMember(object []byte, visit func(Member) bool) {
	if len(object) == 0 || object[0] != '{' {
		return
	}
	for i := SkipSpace(object, 1); i < len(object) && object[i] == '"'; {
		keyEnd := skipString(object, i)
		key := Unquote(object[i:keyEnd])
		start := SkipSpace(object, SkipSpace(object, keyEnd)+1) // over the colon
		end := skipValue(object, start)
		if end > len(object) || !visit(Member{key, object[start:end], start}) {
			return
		}
		i = SkipSpace(object, end)
		if i < len(object) && object[i] == ',' {
			i = SkipSpace(object, i+1)
		}
	}
}

// EachElement calls visit for the elements of an array until it returns
// false. Text that is no array has none.
func EachElement(array []byte, visit func(value []byte) bool) {
	if len(array) == 0 || array[0] != '[' {
		return
	}
	for i := SkipSpace(array, 1); i < len(array) && array[i] != ']'; {
		end := skipValue(array, i)
		if end > len(array) || !visit(array[i:end]) {
			return
		}
		i = SkipSpace(array, end)
		if i < len(array) && array[i] == ',' {
			i = SkipSpace(array, i+1)
		}
	}
}

// SkipSpace returns the index of the first byte from i on that is no space.
func SkipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// skipBlanks is SkipSpace where many spaces follow, as at the beginning of a line.
func skipBlanks(text []byte, i int) int {
	const blanks = 0x2020202020202020
	for ; i+8 <= len(text); i += 8 {
		if other := Word(text[i:]) ^ blanks; other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
	}
	return SkipSpace(text, i)
}

// Word is eight bytes at once, the first as the lowest.
func Word(text []byte) uint64 { return binary.LittleEndian.Uint64(text) }

// skipString returns the index behind the string that begins at i. Most strings
// are too short to be worth a call.
func skipString(text []byte, i int) int {
	const low, high, quotes = 0x0101010101010101, 0x8080808080808080, 0x2222222222222222
	i++
	for short := min(i+4*8, len(text)-7); i < short; i += 8 {
		eight := Word(text[i:]) ^ quotes // 0 where a quotation mark is
		if zero := (eight - low) &^ eight & high; zero != 0 {
			i += bits.TrailingZeros64(zero) / 8
			if text[i-1] != '\\' {
				return i + 1
			}
			break
		}
	}
	return skipLongString(text, i)
}

// skipLongString is skipString from within the string.
func skipLongString(text []byte, i int) int {
	for {
		length := bytes.IndexByte(text[i:], '"')
		if length < 0 {
			return len(text)
		}
		if i += length + 1; !isEscaped(text[:i-1]) {
			return i
		}
	}
}

// isEscaped reports whether what follows the text is escaped.
func isEscaped(text []byte) bool {
	escapes := 0
	for text[len(text)-1-escapes] == '\\' {
		escapes++
	}
	return escapes%2 != 0
}

// skipValue returns the index behind the value that begins at i.
func skipValue(text []byte, i int) int {
	if i >= len(text) {
		return len(text)
	}
	switch text[i] {
	case '"':
		return skipString(text, i)
	case '{', '[':
		return skipContainer(text, i)
	}
	return skipScalar(text, i)
}

// skipContainer returns the index behind the object or array that begins at i.
// Only strings and brackets matter to it.
func skipContainer(text []byte, i int) int {
	for depth := 0; i < len(text); {
		switch structure[text[i]] {
		case quote:
			i = skipString(text, i)
			continue
		case opening:
			depth++
		case closing:
			if depth--; depth == 0 {
				return i + 1
			}
		case space: // half of an indented file
			i = skipBlanks(text, i)
			continue
		}
		i++
	}
	return len(text)
}

// structure tells what a byte means outside of strings.
var structure = [256]byte{'"': quote, '{': opening, '[': opening, '}': closing, ']': closing, ' ': space}

const (
	quote = iota + 1
	opening
	closing
	space
)

// skipScalar returns the index behind a number, true, false or null.
func skipScalar(text []byte, i int) int {
	for i < len(text) {
		switch text[i] {
		case ',', ']', '}', ' ', '\n', '\r', '\t':
			return i
		}
		i++
	}
	return i
}

// Unquote returns the text of a JSON string, without a copy where it has no
// escapes, and nil for any other value.
func Unquote(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	unquoted, err := jsontext.AppendUnquote(make([]byte, 0, len(value)), value)
	if err != nil {
		return nil
	}
	return unquoted
}
