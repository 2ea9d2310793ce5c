package patch

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"countersign/internal/role"
)

// What STS takes for an external ID (STS API Reference, AssumeRole).
const (
	idPattern  = `[\w+=,.@:\/-]*`
	idShortest = "2"
	idLongest  = "1224"
	idIs       = "The external ID that the third party gives when it assumes the role"
)

// declarations are the parameters and variables that a plan has to have.
type declarations struct {
	plan  *Plan
	done  map[string]error // by file or directory, and name
	edits []Edit
}

// declare makes sure that what a job refers to is declared.
func (d *declarations) declare(one *job) error {
	if len(one.pieces) == 0 {
		return nil
	}
	p := d.plan.pages[one.pieces[0].file]
	for _, name := range one.names {
		if p == nil {
			return &refusalError{"nothing can be referred to here", "give the external ID itself"}
		}
		at := p.name
		if p.kind == role.Terraform {
			at = directoryOf(p.name)
		}
		at += "\x00" + name
		err, tried := d.done[at]
		if !tried {
			if p.kind == role.Terraform {
				err = d.variable(p, name, strings.HasPrefix(one.role.Source.Address, "module."))
			} else {
				err = d.parameter(p, name)
			}
			d.done[at] = err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var logicalName = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

// parameter declares a parameter of a CloudFormation template.
func (d *declarations) parameter(p *page, name string) error {
	root := p.whole.root
	if p.kind == serverlessKind {
		root = root.value("resources")
	}
	if root == nil || root.kind != object || p.whole.dialect != cloudFormation {
		return &refusalError{"nothing can be referred to here", "give the external ID itself"}
	}
	parameters := root.value("Parameters")
	switch {
	case parameters.value(name) != nil:
		return nil
	case !logicalName.MatchString(name):
		return &refusalError{name + " is no name for a parameter", "it consists of letters and digits"}
	case !d.plan.options.Declare:
		return &refusalError{"the template has no parameter " + name, "declare it, or have it declared with --declare"}
	}
	bare := func(text string) *node { return &node{kind: scalar, spelt: text} }
	made := newEntry(name, &node{kind: object, entries: []entry{
		newEntry("Type", newWord("String")), newEntry("Description", newScalar(idIs)), newEntry("NoEcho", bare("true")),
		newEntry("MinLength", bare(idShortest)), newEntry("MaxLength", bare(idLongest)), newEntry("AllowedPattern", newScalar(idPattern)),
	}})
	old := parameters
	var changed *node
	if parameters != nil && parameters.kind == object {
		changed = parameters.edit()
		changed.entries = append(changed.entries, made)
	} else if parameters != nil {
		return &refusalError{"the parameters of the template are made elsewhere", "declare " + name + " there"}
	} else {
		old = root
		changed = withParameters(root, newEntry("Parameters", &node{kind: object, entries: []entry{made}}))
	}
	w := newWriter(p.whole, styleOf(old))
	w.container(old, changed)
	changes := w.sorted()
	if w.err != nil {
		return &refusalError{"the parameter " + name + " cannot be declared: " + w.err.Error(), "declare it by hand"}
	}
	d.edits = append(d.edits, p.whole.edits(changes)...)
	return nil
}

// withParameters puts the parameters before the resources, where something
// stands before these.
func withParameters(root *node, made entry) *node {
	changed := root.edit()
	at, found := root.get("Resources")
	if !found || at == 0 {
		changed.entries = append(changed.entries, made)
		return changed
	}
	changed.entries = append(append(append([]entry(nil), root.entries[:at]...), made), root.entries[at:]...)
	return changed
}

// variable declares a variable of a Terraform module.
func (d *declarations) variable(p *page, name string, isCalled bool) error {
	directory := directoryOf(p.name)
	target, text := p.name, p.text
	declared := regexp.MustCompile(`(?m)^[ \t]*variable[ \t]+"?` + regexp.QuoteMeta(name) + `"?[ \t]*\{`)
	if declared.Match(p.text) || p.whole.root.value("variable").value(name) != nil {
		return nil
	}
	for _, other := range d.beside(directory) {
		path := other
		if directory != "." {
			path = directory + "/" + other
		}
		if path == p.name || !isHCL(other) && !isTerraformJSON(other) {
			continue
		}
		content, err := d.plan.options.Read(path)
		if err != nil {
			continue
		}
		if declared.Match(content) || isTerraformJSON(other) && openPage(path, content, role.Terraform).whole.root.value("variable").value(name) != nil {
			return nil
		}
		if other == "variables.tf" {
			target, text = path, content
		}
	}
	switch {
	case isCalled:
		return &refusalError{"the module has no variable " + name, "declare it in " + directory + ", and pass it where the module is called"}
	case !d.plan.options.Declare:
		return &refusalError{"the configuration has no variable " + name, "declare it, or have it declared with --declare"}
	case isTerraformJSON(target):
		return d.jsonVariable(p, name)
	}
	newline := "\n"
	if usesCarriageReturns(text) {
		newline = "\r\n"
	}
	block := fmt.Sprintf("variable %q {\n  description = %q\n  type        = string\n  sensitive   = true\n}\n", name, idIs)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
	case bytes.HasSuffix(text, []byte("\n")):
		block = "\n" + block
	default:
		block = "\n\n" + block
	}
	d.edits = append(d.edits, Edit{File: target, Start: len(text), End: len(text), New: strings.ReplaceAll(block, "\n", newline)})
	return nil
}

func (d *declarations) beside(directory string) []string {
	if d.plan.options.List == nil || d.plan.options.Read == nil {
		return nil
	}
	names, err := d.plan.options.List(directory)
	if err != nil {
		return nil
	}
	return names
}

// jsonVariable declares a variable in a .tf.json file.
func (d *declarations) jsonVariable(p *page, name string) error {
	root := p.whole.root
	made := newEntry(name, &node{kind: object, entries: []entry{
		newEntry("description", newScalar(idIs)), newEntry("type", newScalar("string")), newEntry("sensitive", &node{kind: scalar, spelt: "true"}),
	}})
	old := root.value("variable")
	if root == nil || root.kind != object || len(root.entries) == 0 || old != nil && old.kind != object {
		return &refusalError{"the variable " + name + " cannot be declared in " + p.name, "declare it by hand"}
	}
	if old == nil {
		old, made = root, newEntry("variable", &node{kind: object, entries: []entry{made}})
	}
	changed := old.edit()
	changed.entries = append(changed.entries, made)
	w := newWriter(p.whole, styleOf(old))
	w.container(old, changed)
	d.edits = append(d.edits, p.whole.edits(w.sorted())...)
	return w.err
}
