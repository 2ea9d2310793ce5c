// Package template is what the readers of infrastructure as code have in
// common: the file that they are given, the further files that it leads to, and
// where roles and faults go.
package template

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/trust"
)

// OwnAccount stands for the account that a template is deployed to, where
// nobody tells which one it is. No AWS account has this id, so that an account
// that a policy names is another one, and AWS::AccountId is the role's own.
const OwnAccount = "000000000000"

// Input is a file that may be a template.
type Input struct {
	Path     string // as messages show it
	FromRoot string // see [role.Source]
	Text     []byte
	// FS holds the scanned directory, and Name is the file's path in it.
	// Further files are read through it only: nested templates, included
	// pieces, policies that stand alone. Without FS none are read.
	FS   fs.FS
	Name string
}

// Place is where the file is.
func (i Input) Place() Place { return Place{Path: i.Path, FromRoot: i.FromRoot, Name: i.Name} }

// Output is where roles and faults go.
type Output struct {
	// Role takes a role. Its error ends the reading, which returns it.
	Role func(*role.Role) error
	// Incomplete is told what could not be read.
	Incomplete func(audit.Incomplete)
	// Used, when set, is told the names in FS of further templates whose roles
	// are given with the values that a parent passes to them.
	Used func(name string)
}

// Files gives the further files that one file leads to, up to a bound.
type Files struct {
	fs     fs.FS
	opened int
}

// maxFurther bounds the further files that one file leads to.
const maxFurther = 500

// NewFiles gives the files of a scanned directory; nil stands for none.
func NewFiles(root fs.FS) *Files { return &Files{fs: root} }

// Tell reports a fault with its place.
func (o Output) Tell(path string, err error) {
	reason, hint := err.Error(), ""
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		hint = syntax.Hint
		if syntax.Range.File != nil && syntax.Range.File.Name != "" {
			path = syntax.Range.File.Name
		}
	}
	o.Incomplete(audit.Incomplete{Source: path, Reason: reason, Hint: hint})
}

// Fault is a fault at a place.
func Fault(at trust.Range, hint, format string, values ...any) error {
	return &trust.SyntaxError{Message: fmt.Sprintf(format, values...), Hint: hint, Range: at}
}

// Place says where a file is.
type Place struct {
	Path     string // as messages show it
	FromRoot string // see [role.Source]
	Name     string // in the file system; empty for a file that is in none
}

// Beside is the place of a file that is named relative to this one. It reports
// false for what lies outside of the scanned directory.
func (p Place) Beside(relative string) (Place, bool) {
	relative = strings.ReplaceAll(strings.TrimPrefix(relative, "file://"), `\`, "/")
	if p.Name == "" || relative == "" || path.IsAbs(relative) || strings.Contains(relative, "://") || strings.Contains(relative, ":") {
		return Place{}, false
	}
	name := path.Join(path.Dir(p.Name), relative)
	if !fs.ValidPath(name) {
		return Place{}, false
	}
	return Place{Path: replaceEnd(p.Path, p.Name, name), FromRoot: replaceEnd(p.FromRoot, p.Name, name), Name: name}, true
}

// replaceEnd replaces the name that a path ends in.
func replaceEnd(whole, name, other string) string {
	if before, ok := strings.CutSuffix(strings.ReplaceAll(whole, `\`, "/"), name); ok {
		return before + other
	}
	return other
}

// maxFurtherSize bounds a further file, in bytes.
const maxFurtherSize = 16 << 20

// Open reads a further file of the scanned directory.
func (f *Files) Open(name string) ([]byte, error) {
	if f.fs == nil {
		return nil, errors.New("no directory is being scanned")
	}
	if f.opened++; f.opened > maxFurther {
		return nil, fmt.Errorf("more than %d further files", maxFurther)
	}
	opened, err := f.fs.Open(name)
	if err != nil {
		return nil, plain(err)
	}
	defer opened.Close()
	if info, err := opened.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	text, err := io.ReadAll(io.LimitReader(opened, maxFurtherSize+1))
	if err != nil {
		return nil, plain(err)
	}
	if len(text) > maxFurtherSize {
		return nil, fmt.Errorf("it has more than %d MB", maxFurtherSize>>20)
	}
	return text, nil
}

// plain takes the operation and the path off an error.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
