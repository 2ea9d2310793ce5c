package export

import (
	"bytes"
	"errors"
	"fmt"

	"countersign/internal/role"
)

// document makes a role's policy document of the value that stands for it in
// an export: an object, or a string that holds JSON, percent-encoded or plain.
// line and column are the place of value in the file, 0 where the value does
// not stand there verbatim.
func document(value []byte, line, column int) role.Document {
	if len(value) == 0 || string(value) == "null" {
		return role.Document{Err: errors.New("the role carries no trust policy")}
	}
	if value[0] != '"' {
		// Anything but an object is for the policy parser to refuse, which
		// can say where.
		return role.Document{JSON: value, Line: line, Column: column}
	}
	decoded, err := decodePolicy(unquote(value))
	if err != nil {
		return role.Document{Err: err}
	}
	return role.Document{JSON: decoded}
}

// decodePolicy gives the JSON of a policy that IAM percent-encoded as RFC 3986
// has it (API Reference, "GetAccountAuthorizationDetails"). A "+" stands for
// itself. Text that is JSON already is left as it is, also where it holds a
// "%". What is decoded takes the place of text.
func decodePolicy(text []byte) ([]byte, error) {
	if isPlain(text) {
		return text, nil
	}
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
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '{' {
		return false
	}
	i = skipSpace(text, i+1)
	return i < len(text) && (text[i] == '"' || text[i] == '}')
}

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
