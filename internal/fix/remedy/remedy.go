// Package remedy writes what closes one role, for those who keep it in no
// template: the trust policy alone, or steps, commands or a template that put
// it in force.
//
// Read [Write] first, then the file of a form. What the forms say of a role is
// gathered in subject.go.
package remedy

import (
	"io"
	"strings"

	"countersign/internal/fix/render"
	"countersign/internal/role"
	"countersign/trust"
)

// Form is how a remedy is written.
type Form string

const (
	Policy             Form = "policy"
	CLI                Form = "cli"
	CloudFormationJSON Form = "cloudformation-json"
	CloudFormationYAML Form = "cloudformation-yaml"
	Terraform          Form = "terraform"
	Console            Form = "console"
)

// forms is the table of forms, with what each is, as help shows it.
var forms = []struct {
	form  Form
	about string
	write func(*subject) (string, error)
}{
	{Policy, "the trust policy alone, as JSON", policy},
	{CLI, "commands for the AWS CLI", commands},
	{CloudFormationJSON, "a CloudFormation template in JSON, to import the role into", cloudFormationJSON},
	{CloudFormationYAML, "the same in YAML", cloudFormationYAML},
	{Terraform, "a Terraform configuration that adopts the role", terraform},
	{Console, "steps in the console, with the policy to paste", console},
}

// Forms are the names of all forms, each with what it is: "NAME\tTEXT".
func Forms() []string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = string(f.form) + "\t" + f.about
	}
	return names
}

// Remedy is a role and what its trust policy is to become.
type Remedy struct {
	// Role is complete, but for the documents of managed policies: see
	// [role.Role.Complete] and [role.Role.CompleteAccess].
	Role *role.Role
	// Rewriting has the new trust policy as its Document. What is unknown in it
	// becomes a parameter or a variable where the form has such, if it is the
	// value of a condition or a principal, and depends on one parameter.
	Rewriting *trust.Rewriting
}

// Write writes a remedy whole, or nothing. The text ends with a line break. It
// holds the external IDs of the policy to the letter, and may be given to a
// terminal.
//
// The error is a [*RefusedError] where the form cannot hold what the role is
// made of.
func Write(w io.Writer, form Form, remedy Remedy) error {
	for _, f := range forms {
		if f.form != form {
			continue
		}
		s, err := newSubject(remedy)
		if err != nil {
			return err
		}
		text, err := f.write(s)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, text)
		return err
	}
	return &RefusedError{reason: "there is no form " + render.Quoted(string(form)), hint: "one of: " + names()}
}

func names() string {
	all := make([]string, len(forms))
	for i, f := range forms {
		all[i] = string(f.form)
	}
	return strings.Join(all, ", ")
}

// RefusedError says why a remedy cannot be written in a form.
type RefusedError struct{ reason, hint string }

func (e *RefusedError) Error() string { return e.reason }

// Hint says what to do about it; it may be empty.
func (e *RefusedError) Hint() string { return e.hint }
