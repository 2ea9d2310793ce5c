// Package cloudformation finds the roles in CloudFormation templates, in YAML
// and JSON: plain ones, SAM's, those of cdk.out, nested stacks and stack sets
// whose templates lie in the tree.
//
// Functions are evaluated as far as a template alone can tell; what it cannot
// tell stays in the policy as an unknown part with the name of what it depends
// on. Nothing is fetched and no macro is run.
package cloudformation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// Kind is the kind of the roles that stand in templates.
const Kind role.Kind = "cloudformation"

// OwnAccount stands for the account that a template is deployed to, where
// nobody tells which one it is. No AWS account has this id, so that an account
// that a policy names is another one, and AWS::AccountId is the role's own.
const OwnAccount = "000000000000"

// Options are what a deployment would tell a template.
type Options struct {
	Account    string            // 12 digits; empty where nobody knows
	Partition  string            // "aws", "aws-cn", …; empty where nobody knows
	Region     string            // empty where nobody knows
	Parameters map[string]string // values of parameters, which win over defaults
}

// Input is a file that may be a template.
type Input struct {
	Path     string // as messages show it
	FromRoot string // see [role.Source]
	Text     []byte
	// FS holds the scanned directory, and Name is the file's path in it. A
	// template reads further files through it only: nested templates, included
	// pieces, the manifest of a cdk.out. Without FS it reads none.
	FS   fs.FS
	Name string
}

// Output is where roles and faults go.
type Output struct {
	// Role takes a role. Its error ends the reading, and Read returns it.
	Role func(*role.Role) error
	// Incomplete is told what could not be read.
	Incomplete func(audit.Incomplete)
	// Used, when set, is told the names in FS of further templates whose roles
	// are given with the values that a parent passes to them.
	Used func(name string)
}

var templateMarks = regexp.MustCompile(
	`(?m)^["']?AWSTemplateFormatVersion["']?[ \t]*:|"AWSTemplateFormatVersion"|AWS::Serverless-2016-10-31|AWS::LanguageExtensions|` +
		`["']?Type["']?[ \t]*:[ \t]*["']?(?:AWS|Custom)::[A-Za-z0-9:]+`)

// IsTemplate tells by its text, or the first part of it, whether a file is
// likely to be a template.
func IsTemplate(text []byte) bool { return templateMarks.Match(text) }

// Bounds of what one file can make us do.
const (
	maxFurther   = 500     // further files that are read
	maxNesting   = 8       // templates within templates
	maxInstances = 100_000 // resources that loops make
)

// reader is the reading of one file with all that it leads to.
type reader struct {
	fs        fs.FS
	options   Options
	out       Output
	further   int
	instances int
	stopped   bool // a bound was said to be reached
}

// Read gives the roles of a template. It reports whether the file is one, and
// returns the error of out.Role alone: what cannot be read is told to
// out.Incomplete.
func Read(input Input, options Options, out Output) (isTemplate bool, err error) {
	r := &reader{fs: input.FS, options: options, out: out}
	file := &trust.File{Name: input.Path, Text: input.Text}
	outline, err := yamltree.Open(file, "Resources")
	if err != nil {
		if !IsTemplate(input.Text) {
			return false, nil
		}
		r.tell(input.Path, err)
		return true, nil
	}
	if !looksLikeTemplate(outline) {
		return false, nil
	}
	t := newTemplate(r, outline, place{path: input.Path, fromRoot: input.FromRoot, name: input.Name})
	t.given = givenParameters(options.Parameters)
	t.account = options.Account
	t.applyManifest()
	return true, t.read()
}

// looksLikeTemplate reports whether a document has resources, or says that it
// is a template.
func looksLikeTemplate(outline *yamltree.Outline) bool {
	if _, found := outline.Top.Get("AWSTemplateFormatVersion"); found {
		return true
	}
	if _, found := outline.Top.Get("Resources"); !found {
		return false
	}
	found := false
	_ = outline.Each(func(key, value trust.Value, err error) error {
		kind, _ := value.Get("Type")
		found = err == nil && kind.Kind == trust.String && strings.Contains(kind.Text, "::") ||
			strings.HasPrefix(key.Text, forEach)
		if found {
			return errFound
		}
		return nil
	})
	return found
}

var errFound = errors.New("found")

// ReadDocument gives the roles of a template that is a part of another document.
func ReadDocument(document trust.Value, input Input, options Options, out Output) error {
	r := &reader{fs: input.FS, options: options, out: out}
	outline := yamltree.FromValue(document, "Resources")
	t := newTemplate(r, outline, place{path: input.Path, fromRoot: input.FromRoot, name: input.Name})
	t.given, t.account = givenParameters(options.Parameters), options.Account
	return t.read()
}

// tell reports a fault with its place.
func (r *reader) tell(path string, err error) {
	reason, hint := err.Error(), ""
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		hint = syntax.Hint
		if syntax.Range.File != nil && syntax.Range.File.Name != "" {
			path = syntax.Range.File.Name
		}
	}
	r.out.Incomplete(audit.Incomplete{Source: path, Reason: reason, Hint: hint})
}

func faultAt(at trust.Range, hint, format string, values ...any) error {
	return &trust.SyntaxError{Message: fmt.Sprintf(format, values...), Hint: hint, Range: at}
}

// place is a file: as messages show it, from the root, and in the file system.
type place struct{ path, fromRoot, name string }

// beside is the place of a file that is named relative to this one. It reports
// false for what lies outside of the scanned directory.
func (p place) beside(relative string) (place, bool) {
	relative = strings.ReplaceAll(strings.TrimPrefix(relative, "file://"), `\`, "/")
	if p.name == "" || relative == "" || path.IsAbs(relative) || strings.Contains(relative, "://") || strings.Contains(relative, ":") {
		return place{}, false
	}
	name := path.Join(path.Dir(p.name), relative)
	if !fs.ValidPath(name) {
		return place{}, false
	}
	return place{path: replaceEnd(p.path, p.name, name), fromRoot: replaceEnd(p.fromRoot, p.name, name), name: name}, true
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

// open reads a further file of the scanned directory.
func (r *reader) open(name string) ([]byte, error) {
	if r.fs == nil {
		return nil, errors.New("no directory is being scanned")
	}
	if r.further++; r.further > maxFurther {
		return nil, fmt.Errorf("more than %d further files", maxFurther)
	}
	opened, err := r.fs.Open(name)
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
	return bytes.Clone(text), nil
}

// plain takes the operation and the path off an error.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
