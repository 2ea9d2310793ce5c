package export

import (
	"errors"

	"countersign/internal/role"
	"countersign/internal/source/rawjson"
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
	return role.Encoded(rawjson.Unquote(value))
}
