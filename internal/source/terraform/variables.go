package terraform

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// givenVariables gathers the values of the root module's variables in the
// order of Terraform: terraform.tfvars, terraform.tfvars.json, the files
// *.auto.tfvars and *.auto.tfvars.json by name, then what the user gives. The
// later ones count (Terraform language, "Variable definition precedence").
func (r *reader) givenVariables(root *module) map[string]*value {
	given := map[string]*value{}
	for _, name := range r.variableFiles() {
		if src, ok := r.read(path.Join(r.rootDir, name), maxChunk); ok {
			r.takeVariables(root, src, given)
		}
	}
	for i := range r.options.VarFiles {
		file := &r.options.VarFiles[i]
		src := &source{name: "var-file:" + file.Name, file: &trust.File{Name: file.Name, Text: file.Text}}
		if len(file.Text) > maxChunk {
			r.incomplete(file.Name, 0, 0, "the file is too large", "")
			continue
		}
		r.sources[src.name] = src
		r.takeVariables(root, src, given)
	}
	for name, written := range r.options.Vars {
		given[name] = r.givenValue(root, name, written)
	}
	return given
}

func (r *reader) variableFiles() []string {
	names, err := r.files.List(r.rootDir)
	if err != nil {
		return nil
	}
	var files, automatic []string
	for _, name := range []string{"terraform.tfvars", "terraform.tfvars.json"} {
		if slices.Contains(names, name) {
			files = append(files, name)
		}
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json") {
			automatic = append(automatic, name)
		}
	}
	slices.Sort(automatic)
	return append(files, automatic...)
}

// takeVariables reads a file of `name = value`.
func (r *reader) takeVariables(root *module, src *source, given map[string]*value) {
	var body *hclsyntax.Body
	var problem *fault
	switch {
	case strings.HasSuffix(src.name, ".json"):
		body, problem = r.jsonBody(src)
	case !shallow(src.file.Text) || tooDeep(src.file.Text):
		problem = &fault{0, "the file is nested too deep", ""}
	default:
		body, problem = parseChunk(src, 0, len(src.file.Text))
	}
	if problem != nil {
		r.fault(src, problem.offset, problem.reason, problem.hint)
		return
	}
	scope := &scope{in: root, isolated: true}
	for _, attribute := range attributesInOrder(body) {
		given[attribute.Name] = scope.eval(attribute.Expr)
	}
}

// tooDeep reports whether a text in HCL's own syntax nests deeper than the
// parser should follow.
func tooDeep(text []byte) bool {
	s := &scanner{src: text, nested: []nesting{{kind: '{'}}}
	for s.pos < len(text) {
		if s.step() != nil {
			return true
		}
		if len(s.nested) == 0 {
			return false
		}
	}
	return false
}

// givenValue reads a value from the command line.
func (r *reader) givenValue(root *module, name, written string) *value {
	declared := ""
	if b := root.dir.named["variable."+name]; b != nil {
		if body, ok := r.parse(b); ok && body.Attributes["type"] != nil {
			declared = hcl.ExprAsKeyword(body.Attributes["type"].Expr)
			if declared == "" {
				declared = "any"
			}
		}
	}
	if declared == "" || declared == "string" {
		return textValue(written, trust.Range{})
	}
	src := &source{name: "var:" + name, file: &trust.File{Name: "--var " + name, Text: []byte(written)}}
	r.sources[src.name] = src
	if len(written) < maxChunk && !tooDeep([]byte(written)) {
		if e, diagnostics := hclsyntax.ParseExpression([]byte(written), src.name, hcl.Pos{Line: 1, Column: 1}); !diagnostics.HasErrors() {
			return (&scope{in: root, isolated: true}).eval(e)
		}
	}
	if declared == "any" {
		r.incomplete("--var "+name, 0, 0, "the value is no expression", "texts in lists and maps stand in quotation marks")
	}
	return textValue(written, trust.Range{})
}
