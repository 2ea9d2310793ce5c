// Package serverless finds the roles in the configuration of the Serverless
// Framework: its resources are CloudFormation. The role that it makes for
// functions itself trusts lambda.amazonaws.com alone.
package serverless

import (
	"regexp"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/cloudformation"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// Kind is the kind of the roles that stand in such configurations.
const Kind role.Kind = "serverless"

var (
	service  = regexp.MustCompile(`(?m)^["']?service["']?[ \t]*:`)
	provider = regexp.MustCompile(`(?m)^["']?provider["']?[ \t]*:`)
)

// IsConfiguration tells by its text whether a file configures the Serverless
// Framework.
func IsConfiguration(text []byte) bool { return service.Match(text) && provider.Match(text) }

// Read gives the roles of a configuration. It reports whether the file is one,
// and returns the error of out.Role alone.
func Read(input template.Input, options cloudformation.Options, out template.Output) (isConfiguration bool, err error) {
	if !IsConfiguration(input.Text) {
		return false, nil
	}
	documents, fault := yamltree.Read(&trust.File{Name: input.Path, Text: input.Text})
	if fault != nil {
		out.Tell(input.Path, fault)
		return true, nil
	}
	if len(documents) == 0 {
		return true, nil
	}
	r := &reader{
		root: documents[0], files: template.NewFiles(input.FS), options: options,
		left: 200_000, out: out, input: input,
	}
	resources, _ := r.root.Get("resources")
	return true, r.resources(resources)
}

type reader struct {
	root    trust.Value
	input   template.Input
	files   *template.Files
	options cloudformation.Options
	out     template.Output
	left    int // values that may still be looked at
	depth   int // variables within variables
}

// resources reads one template, or a list of them that are merged.
func (r *reader) resources(v trust.Value) error {
	if v.Kind == trust.Array {
		for _, item := range v.Items {
			if err := r.resources(item); err != nil {
				return err
			}
		}
		return nil
	}
	if name, ok := fileVariable(v); ok {
		return r.file(v, name)
	}
	if v.Kind != trust.Object {
		return nil
	}
	return r.template(v, r.input)
}

func (r *reader) template(v trust.Value, input template.Input) error {
	document := r.resolve(v)
	out := r.out
	out.Role = func(found *role.Role) error {
		found.Source.Kind = Kind
		return r.out.Role(found)
	}
	return cloudformation.ReadDocument(document, input, r.options, out)
}

// file reads resources that stand in a file of their own.
func (r *reader) file(v trust.Value, name string) error {
	at, inside := r.input.Place().Beside(name)
	if !inside {
		r.out.Tell(r.input.Path, template.Fault(v.Range, "", "%s is outside of the scanned directory", name))
		return nil
	}
	text, err := r.files.Open(at.Name)
	if err != nil {
		r.out.Tell(r.input.Path, template.Fault(v.Range, "", "%s is not read: %s", at.Path, err))
		return nil
	}
	documents, err := yamltree.Read(&trust.File{Name: at.Path, Text: text})
	if err != nil {
		r.out.Tell(at.Path, err)
		return nil
	}
	for _, document := range documents {
		if r.out.Used != nil {
			r.out.Used(at.Name)
		}
		if _, found := document.Get("Resources"); !found {
			key := trust.Literal("Resources")
			document = trust.Value{Kind: trust.Object, Members: []trust.Member{{Key: key, Value: document}}, Range: document.Range}
		}
		input := template.Input{Path: at.Path, FromRoot: at.FromRoot, Name: at.Name, FS: r.input.FS, Text: text}
		if err := r.template(document, input); err != nil {
			return err
		}
	}
	return nil
}

// variable is a variable of the framework; those of CloudFormation look alike.
var variable = regexp.MustCompile(`\$\{((?:self|opt|env|sls|file|param|ssm|cf|s3|aws|git|terraform|vault)\b[:(][^{}]*)\}`)

func fileVariable(v trust.Value) (name string, ok bool) {
	inner, isWhole := wholeVariable(v)
	if !isWhole {
		return "", false
	}
	if inner, ok = strings.CutPrefix(inner, "file("); !ok {
		return "", false
	}
	return strings.CutSuffix(strings.TrimSpace(inner), ")")
}

func wholeVariable(v trust.Value) (inner string, ok bool) {
	if v.Kind != trust.String || len(v.Parts) > 0 {
		return "", false
	}
	match := variable.FindStringSubmatch(v.Text)
	if match == nil || match[0] != strings.TrimSpace(v.Text) {
		return "", false
	}
	return match[1], true
}

// resolve replaces variables in a tree.
func (r *reader) resolve(v trust.Value) trust.Value {
	if r.left--; r.left < 0 || r.depth > 20 {
		return trust.Value{Kind: trust.Unknown, On: "a configuration that is too large", Range: v.Range}
	}
	switch v.Kind {
	case trust.String:
		return r.text(v)
	case trust.Array:
		items := make([]trust.Value, len(v.Items))
		for i := range v.Items {
			items[i] = r.resolve(v.Items[i])
		}
		v.Items = items
	case trust.Object:
		members := make([]trust.Member, len(v.Members))
		for i, m := range v.Members {
			members[i] = trust.Member{Key: m.Key, Value: r.resolve(m.Value)}
		}
		v.Members = members
	}
	return v
}

func (r *reader) text(v trust.Value) trust.Value {
	if inner, ok := wholeVariable(v); ok {
		return r.variable(inner, v.Range)
	}
	matches := variable.FindAllStringSubmatchIndex(v.Text, -1)
	if matches == nil {
		return v
	}
	var parts []trust.Part
	text, from, isKnown := "", 0, true
	for _, m := range matches {
		value := r.variable(v.Text[m[2]:m[3]], v.Range)
		parts = append(parts, trust.Part{Text: v.Text[from:m[0]]})
		text += v.Text[from:m[0]]
		if value.Kind == trust.String && len(value.Parts) == 0 {
			parts = append(parts, trust.Part{Text: value.Text})
			text += value.Text
		} else {
			isKnown = false
			on := value.On
			if on == "" {
				on = "${" + v.Text[m[2]:m[3]] + "}"
			}
			parts = append(parts, trust.Part{On: on})
		}
		from = m[1]
	}
	if len(text) > 1<<16 {
		return trust.Value{Kind: trust.Unknown, On: "a text that is too long", Range: v.Range}
	}
	if isKnown {
		v.Text = text + v.Text[from:]
		return v
	}
	v.Parts, v.Text = append(parts, trust.Part{Text: v.Text[from:]}), ""
	return v
}

// piece gives the document of a file, or what stands under a key of it:
// file(name) or file(name):key.
func (r *reader) piece(name string, from trust.Range) (trust.Value, bool) {
	name, key, ok := strings.Cut(name, ")")
	at, inside := r.input.Place().Beside(strings.TrimSpace(name))
	if !ok || !inside {
		return trust.Value{}, false
	}
	text, err := r.files.Open(at.Name)
	if err != nil {
		return trust.Value{}, false
	}
	documents, err := yamltree.Read(&trust.File{Name: at.Path, Text: text})
	if err != nil {
		r.out.Tell(at.Path, err)
	}
	if err != nil || len(documents) != 1 {
		return trust.Value{}, false
	}
	v := documents[0]
	if key = strings.TrimPrefix(strings.TrimSpace(key), ":"); key != "" {
		for part := range strings.SplitSeq(key, ".") {
			v, _ = v.Get(part)
		}
		if v.Kind == trust.Unknown {
			return trust.Value{Kind: trust.Unknown, On: "${file(" + name + "):" + key + "}", Range: from}, true
		}
	}
	return r.resolve(v), true
}

// variable gives the value of a variable: what the configuration itself says,
// else what stands behind the comma, else nothing is known.
func (r *reader) variable(inner string, at trust.Range) trust.Value {
	r.depth++
	defer func() { r.depth-- }()
	first, fallback, hasFallback := strings.Cut(inner, ",")
	first = strings.TrimSpace(first)
	if path, ok := strings.CutPrefix(first, "self:"); ok {
		v := r.root
		found := true
		for key := range strings.SplitSeq(path, ".") {
			if v, found = v.Get(key); !found {
				break
			}
		}
		if found {
			if v.Kind == trust.Number {
				v.Kind = trust.String
			}
			return r.resolve(v)
		}
	}
	if name, ok := strings.CutPrefix(first, "file("); ok && !hasFallback {
		if v, ok := r.piece(name, at); ok {
			return v
		}
	}
	switch {
	case first == "aws:accountId":
		account := r.options.Account
		if account == "" {
			account = template.OwnAccount
		}
		return trust.Value{Kind: trust.String, Text: account, Range: at}
	case hasFallback && strings.HasPrefix(first, "self:"):
		fallback = strings.TrimSpace(fallback)
		if text := strings.Trim(fallback, `'"`); len(text)+2 == len(fallback) {
			return trust.Value{Kind: trust.String, Text: text, Range: at}
		}
		return r.variable(fallback, at)
	}
	return trust.Value{Kind: trust.Unknown, On: "${" + inner + "}", Range: at}
}
