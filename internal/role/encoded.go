package role

import (
	"bytes"
	"fmt"
)

// Encoded makes a document of a policy that IAM percent-encoded as RFC 3986 has
// it (API Reference, "GetAccountAuthorizationDetails"), or that is JSON
// already, which is told by how it begins and left as it is, also where it
// holds a "%". The document takes over the text.
func Encoded(text []byte) Document {
	return Document{JSON: text, Encoded: !isPlain(text)}
}

// Decode has JSON be plain JSON, or Err say why it cannot be. It uses the room
// of JSON for it. A "+" stands for itself.
func (d *Document) Decode() {
	if !d.Encoded {
		return
	}
	d.Encoded = false
	if d.JSON, d.Err = decode(d.JSON); d.Err != nil {
		d.JSON = nil
	}
}

func decode(text []byte) ([]byte, error) {
	end := max(0, bytes.IndexByte(text, '%')) // of what is decoded
	for i := end; i < len(text); i++ {
		c := text[i]
		if c == '%' {
			if i+2 >= len(text) {
				return nil, badEscape(i)
			}
			high, low := hexDigit[text[i+1]], hexDigit[text[i+2]]
			if high == 0 || low == 0 {
				return nil, badEscape(i)
			}
			c = (high-1)<<4 | (low - 1)
			i += 2
		}
		text[end] = c
		end++
	}
	return text[:end:end], nil
}

// isPlain reports whether text begins like a JSON object rather than like an
// encoded one: encoders that leave braces alone still encode the quote.
func isPlain(text []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(text, space), []byte{'{'})
	rest = bytes.TrimLeft(rest, space)
	return ok && len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
}

const space = " \t\r\n" // of JSON

// badEscape does not show the text, which may be part of an external ID.
func badEscape(offset int) error {
	return fmt.Errorf("the trust policy cannot be decoded: malformed percent escape at its byte %d", offset)
}

// hexDigit is the value of a hexadecimal digit plus one, and 0 for any other
// byte.
var hexDigit = func() (table [256]byte) {
	for i := range byte(10) {
		table['0'+i] = i + 1
	}
	for i := range byte(6) {
		table['a'+i], table['A'+i] = i+11, i+11
	}
	return table
}()
