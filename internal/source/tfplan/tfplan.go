// Package tfplan reads the roles of Terraform and OpenTofu plans and states:
// the output of `terraform show -json`, for a plan or for a state, and state
// files of version 4. What a document is follows from its members alone
// (Terraform documentation, "JSON Output Format").
//
// A plan says what the roles will be: deleted ones are left out, and a trust
// policy that is not known before apply is put together from the statements of
// the policy document it refers to, whose unknown parts are named after what
// they depend on.
package tfplan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/role"
)

// Place is where a document lies.
type Place struct {
	Path     string // as it is shown
	FromRoot string // see role.Source
}

// Read reads the roles of a plan or a state, in the order of the text, and
// tells which of the two it is: role.TerraformPlan, role.TerraformState, or
// nothing when the text is neither. The error says where the text is broken;
// the roles before that place are returned beside it.
func Read(text []byte, at Place) ([]*role.Role, role.Kind, error) {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	r := &reader{at: at, text: text, decoder: jsontext.NewDecoder(bytes.NewBuffer(text))}
	err := r.document()
	kind := r.kind()
	if kind == "" {
		return nil, "", nil
	}
	roles := r.roles(kind)
	if err != nil {
		return roles, kind, r.fault(err)
	}
	return roles, kind, nil
}

// kind tells a document by the members that were met.
func (r *reader) kind() role.Kind {
	switch {
	case r.has["format_version"] && (r.has["planned_values"] || r.has["resource_changes"]):
		return role.TerraformPlan
	case r.has["format_version"] && r.has["values"],
		r.version == 4 && r.has["terraform_version"]:
		return role.TerraformState
	}
	return ""
}

// fault says where the text is broken.
func (r *reader) fault(err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("reading a Terraform document: %w", err)
	}
	line, column := r.position(int(syntax.ByteOffset))
	if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("line %d, column %d: the file ends in the middle of a JSON value", line, column)
	}
	return fmt.Errorf("line %d, column %d: not valid JSON: %s", line, column, bytes.TrimPrefix([]byte(syntax.Err.Error()), []byte("jsontext: ")))
}

// position gives the 1-based line and column of an offset, in code points. It
// goes on from the last one asked for, so that places in order cost one walk.
func (r *reader) position(offset int) (line, column int) {
	offset = min(offset, len(r.text))
	if r.line == 0 || offset < r.counted {
		r.counted, r.line, r.column = 0, 1, 1
	}
	between := r.text[r.counted:offset]
	if n := bytes.Count(between, []byte("\n")); n > 0 {
		r.line += n
		between = between[bytes.LastIndexByte(between, '\n')+1:]
		r.column = 1
	}
	r.column += utf8.RuneCount(between)
	r.counted = offset
	return r.line, r.column
}
