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
	"regexp"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// Kind is the kind of the roles that stand in templates.
const Kind role.Kind = "cloudformation"

// Options are what a deployment would tell a template.
type Options struct {
	Account    string            // 12 digits; empty where nobody knows
	Partition  string            // "aws", "aws-cn", …; empty where nobody knows
	Region     string            // empty where nobody knows
	Parameters map[string]string // values of parameters, which win over defaults
}

var templateMarks = regexp.MustCompile(
	`(?m)^["']?AWSTemplateFormatVersion["']?[ \t]*:|"AWSTemplateFormatVersion"|AWS::Serverless-2016-10-31|AWS::LanguageExtensions|` +
		`["']?Type["']?[ \t]*:[ \t]*["']?(?:AWS|Custom)::[A-Za-z0-9:]+`)

// IsTemplate tells by its text, or the first part of it, whether a file is
// likely to be a template.
func IsTemplate(text []byte) bool {
	hasMark := bytes.Contains(text, []byte("AWS::")) || bytes.Contains(text, []byte("Custom::")) ||
		bytes.Contains(text, []byte("AWSTemplateFormatVersion"))
	return hasMark && templateMarks.Match(text)
}

// Bounds of what one file can make us do.
const (
	maxNesting   = 8       // templates within templates
	maxInstances = 100_000 // resources that loops make
)

// reader is the reading of one file with all that it leads to.
type reader struct {
	files     *template.Files
	options   Options
	out       template.Output
	instances int
	total     int  // steps of evaluation that are left
	spare     int  // likewise, for what roles may do
	stopped   bool // a bound was said to be reached
}

// Read gives the roles of a template. It reports whether the file is one, and
// returns the error of out.Role alone: what cannot be read is told to
// out.Incomplete.
func Read(input template.Input, options Options, out template.Output) (isTemplate bool, err error) {
	r := &reader{files: template.NewFiles(input.FS), options: options, out: out, total: freeSteps + len(input.Text), spare: freeSteps + len(input.Text)}
	file := &trust.File{Name: input.Path, Text: input.Text}
	outline, err := yamltree.Open(file, "Resources")
	if err != nil {
		if !IsTemplate(input.Text) {
			return false, nil
		}
		out.Tell(input.Path, err)
		return true, nil
	}
	if !looksLikeTemplate(outline, IsTemplate(input.Text)) {
		return false, nil
	}
	t := newEvaluator(r, outline, input.Place())
	t.given = givenParameters(options.Parameters)
	t.account = options.Account
	t.applyManifest()
	return true, t.read()
}

// looksLikeTemplate reports whether a document has resources, or says that it
// is a template. What cannot be read counts as a resource if the caller says so.
func looksLikeTemplate(outline *yamltree.Outline, evenBroken bool) bool {
	if _, found := outline.Top.Get("AWSTemplateFormatVersion"); found {
		return true
	}
	if _, found := outline.Top.Get("Resources"); !found {
		return false
	}
	found := false
	_ = outline.Each(func(key, value trust.Value, err error) error {
		kind, _ := value.Get("Type")
		found = err != nil && evenBroken || err == nil && kind.Kind == trust.String && strings.Contains(kind.Text, "::") ||
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
func ReadDocument(document trust.Value, input template.Input, options Options, out template.Output) error {
	r := &reader{files: template.NewFiles(input.FS), options: options, out: out, total: freeSteps + len(input.Text)}
	outline := yamltree.FromValue(document, "Resources")
	t := newEvaluator(r, outline, input.Place())
	t.given, t.account = givenParameters(options.Parameters), options.Account
	return t.read()
}
