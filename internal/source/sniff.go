package source

import "bytes"

// headSize is how much of a file is looked at to tell what it is.
const headSize = 4096

// content is what a file's first bytes show it to be.
type content uint8

const (
	other content = iota
	blank         // nothing but white space so far
	jsonText
	gzipped
	utf16Text
)

var byteOrderMark = []byte("\xEF\xBB\xBF")

// sniff tells what a file is by its first bytes, in UTF-8 with or without a
// byte order mark.
func sniff(head []byte) content {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}): // RFC 1952, section 2.3.1
		return gzipped
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}),
		bytes.HasPrefix(head, []byte{'{', 0}), bytes.HasPrefix(head, []byte{0, '{'}),
		bytes.HasPrefix(head, []byte{'[', 0}), bytes.HasPrefix(head, []byte{0, '['}):
		return utf16Text
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	switch {
	case len(text) == 0:
		return blank
	case text[0] == '{', text[0] == '[':
		return jsonText
	}
	return other
}

// beginsLikeJSON reports whether UTF-16 text begins like a JSON object or
// array.
func beginsLikeJSON(utf16 []byte) bool {
	for _, b := range utf16 {
		switch b {
		case 0xFE, 0xFF, 0, ' ', '\t', '\r', '\n':
		case '{', '[':
			return true
		default:
			return false
		}
	}
	return false
}
