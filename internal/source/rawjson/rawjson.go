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

// skipString returns the index behind the string that begins at i.
func skipString(text []byte, i int) int {
	for i++; ; {
		i = quoteFrom(text, i) + 1
		if i > len(text) {
			return len(text)
		}
		escapes := 0
		for text[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}

// quoteFrom returns the index of the next quotation mark, or the length of the
// text where there is none. Most strings are too short to be worth a call.
func quoteFrom(text []byte, i int) int {
	const low, high, quotes = 0x0101010101010101, 0x8080808080808080, 0x2222222222222222
	for range 2 {
		if i+8 > len(text) {
			break
		}
		word := binary.LittleEndian.Uint64(text[i:]) ^ quotes // 0 where a quotation mark was
		if zero := (word - low) &^ word & high; zero != 0 {
			return i + bits.TrailingZeros64(zero)/8
		}
		i += 8
	}
	if length := bytes.IndexByte(text[i:], '"'); length >= 0 {
		return i + length
	}
	return len(text)
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
		case space:
			// Half of an indented file is space, mostly a line's beginning.
			for i+8 < len(text) && binary.LittleEndian.Uint64(text[i:]) == eightSpaces {
				i += 8
			}
			if text[i] != ' ' {
				continue
			}
		}
		i++
	}
	return len(text)
}

const eightSpaces = 0x2020202020202020

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
