// Package ansible finds the roles that tasks of Ansible make with the module
// iam_role of amazon.aws or community.aws. Expressions of Jinja are not
// evaluated, but for variables that stand in the same play as plain text and
// for files in the scanned directory.
package ansible

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/comment"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// Kind is the kind of the roles that tasks make.
const Kind role.Kind = "ansible"

// Options are what the run of a playbook would tell.
type Options struct{ Account, Partition string } // empty where nobody knows

var modules = []string{"iam_role", "amazon.aws.iam_role", "community.aws.iam_role"}

var taskLine = regexp.MustCompile(`(?m)^[ \t-]*["']?(?:(?:amazon|community)\.aws\.)?iam_role["']?[ \t]*:`)

// IsPlaybook tells by its text whether a file has tasks that make roles.
func IsPlaybook(text []byte) bool { return taskLine.Match(text) }

// Read gives the roles of a playbook or a file of tasks. It reports whether the
// file has tasks that make roles, and returns the error of out.Role alone.
func Read(input template.Input, options Options, out template.Output) (isPlaybook bool, err error) {
	if !IsPlaybook(input.Text) {
		return false, nil
	}
	r := &reader{input: input, options: options, out: out, files: template.NewFiles(input.FS), left: 500_000}
	yamltree.Each(&trust.File{Name: input.Path, Text: input.Text}, func(document trust.Value, fault error) {
		switch {
		case err != nil:
		case fault != nil:
			out.Tell(input.Path, fault)
		default:
			err = r.list(document, nil, 0)
		}
	})
	return true, err
}

type reader struct {
	input   template.Input
	options Options
	out     template.Output
	files   *template.Files
	assumed bool            // a variable of the play went into the policy
	callers map[string]bool // variables that hold what aws_caller_info tells
	left    int             // values that may still be looked at: aliases repeat what they stand for
}

// maxDepth bounds blocks within blocks.
const maxDepth = 32

// list looks at plays or tasks. The variables of what is around them are given,
// the nearest first.
func (r *reader) list(v trust.Value, variables []trust.Value, depth int) error {
	if depth > maxDepth {
		return nil
	}
	for _, entry := range v.Items {
		if r.left--; r.left < 0 {
			return nil
		}
		around := variables
		if own, found := entry.Get("vars"); found {
			around = append([]trust.Value{own}, variables...)
		}
		if name, found := entry.Get("register"); found && asksForCaller(entry) {
			if r.callers == nil {
				r.callers = map[string]bool{}
			}
			r.callers[name.Text+".account"] = true
		}
		for _, m := range entry.Members {
			var err error
			switch {
			case slices.Contains(modules, m.Key.Text):
				err = r.task(entry, m, around)
			case slices.Contains(lists, m.Key.Text):
				err = r.list(m.Value, around, depth+1)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func asksForCaller(task trust.Value) bool {
	return slices.ContainsFunc(task.Members, func(m trust.Member) bool {
		return strings.TrimPrefix(strings.TrimPrefix(m.Key.Text, "amazon.aws."), "community.aws.") == "aws_caller_info"
	})
}

// lists are the keys of plays and blocks below which tasks stand.
var lists = []string{"tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"}

func (r *reader) task(task trust.Value, module trust.Member, variables []trust.Value) error {
	parameters := module.Value
	if arguments, found := task.Get("args"); found && parameters.Kind != trust.Object {
		parameters = arguments
	}
	if state, _ := parameters.Get("state"); state.Text == "absent" {
		return nil
	}
	document, found := parameters.Get("assume_role_policy_document")
	if !found && parameters.Kind == trust.Object {
		return nil // it changes a role that is there, and not whom the role trusts
	}
	r.assumed = false
	made := &role.Role{Account: r.account(), Partition: r.options.Partition, Trust: r.policy(document, module, variables)}
	name, _ := parameters.Get("name")
	if known := r.text(name, variables); known.Kind == trust.String && len(known.Parts) == 0 {
		made.Name = known.Text
	}
	made.DefaultAssumed = r.assumed
	label, _ := task.Get("name")
	address := label.Text
	if address == "" {
		address = "iam_role " + name.Text
	}
	made.Source = role.Source{
		Kind: Kind, Path: r.input.Path, FromRoot: r.input.FromRoot, Address: address,
		Line: task.Range.Line(), Column: task.Range.Column(),
	}
	made.Notes = comment.InYAML(r.input.Path, task, task)
	return r.out.Role(made)
}

// account is the one that the tasks run in.
func (r *reader) account() string {
	if r.options.Account != "" {
		return r.options.Account
	}
	return template.OwnAccount
}

func (r *reader) policy(v trust.Value, module trust.Member, variables []trust.Value) role.Document {
	if v.Kind == trust.Unknown || v.Kind == trust.Null {
		on := "the arguments of " + module.Key.Text
		return role.Document{Tree: &trust.Value{Kind: trust.Unknown, On: on, Range: module.Key.Range}}
	}
	var tree trust.Value
	var err error
	switch inner, isWhole := wholeExpression(v); {
	case isWhole:
		tree, err = r.expression(inner, v, variables)
	case v.Kind == trust.String:
		tree, err = r.jsonText(v, variables)
	default:
		tree = r.resolve(v, variables)
	}
	if err != nil {
		return role.Document{Err: err}
	}
	return role.Document{Tree: &tree}
}

var (
	expression = regexp.MustCompile(`\{\{[-+]?\s*(.*?)\s*[-+]?\}\}`)
	lookup     = regexp.MustCompile(`^(?:lookup|query)\(\s*['"](?:ansible\.builtin\.)?(file|template)['"]\s*,\s*['"]([^'"]+)['"]\s*(?:,[^()]*)?\)(?:\s*\|\s*(?:from_json|to_json|string))*$`)
	plainName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(?:\s*\|\s*(?:from_json|to_json|string))*$`)
)

// wholeExpression tells whether a text is one expression of Jinja.
func wholeExpression(v trust.Value) (inner string, ok bool) {
	if v.Kind != trust.String {
		return "", false
	}
	text := strings.TrimSpace(v.Text)
	match := expression.FindStringSubmatch(text)
	if match == nil || match[0] != text {
		return "", false
	}
	return match[1], true
}

// expression evaluates an expression that stands for a whole policy.
func (r *reader) expression(inner string, v trust.Value, variables []trust.Value) (trust.Value, error) {
	if match := lookup.FindStringSubmatch(inner); match != nil {
		return r.lookup(match[1], match[2], v, variables)
	}
	if plainName.MatchString(inner) {
		name, _, _ := strings.Cut(inner, "|")
		if value, found := variable(strings.TrimSpace(name), variables); found {
			r.assumed = true
			if value.Kind == trust.String {
				return r.jsonText(value, nil)
			}
			return r.resolve(value, nil), nil
		}
	}
	return trust.Value{Kind: trust.Unknown, On: "{{ " + inner + " }}", Range: v.Range}, nil
}

func variable(name string, variables []trust.Value) (trust.Value, bool) {
	for _, of := range variables {
		if v, found := of.Get(name); found {
			return v, true
		}
	}
	return trust.Value{}, false
}

// lookup reads the file that an expression names: beside the playbook, or in
// the folder of its role that Ansible looks into.
func (r *reader) lookup(kind, name string, v trust.Value, variables []trust.Value) (trust.Value, error) {
	for _, folder := range []string{kind + "s", "../" + kind + "s", ".", ".."} {
		at, inside := r.input.Place().Beside(path.Join(folder, name))
		if !inside {
			continue
		}
		text, err := r.files.Open(at.Name)
		if err != nil {
			continue
		}
		file := &trust.File{Name: at.Path, Text: text}
		whole := trust.Value{Kind: trust.String, Text: string(text), Range: trust.Range{File: file, End: len(text)}}
		return r.jsonText(whole, variables)
	}
	return trust.Value{Kind: trust.Unknown, On: "the " + kind + " " + name, Range: v.Range}, nil
}

// jsonText reads a policy of JSON in which expressions may stand.
func (r *reader) jsonText(v trust.Value, variables []trust.Value) (trust.Value, error) {
	matches := expression.FindAllStringSubmatchIndex(v.Text, -1)
	if strings.Contains(v.Text, "{%") {
		return trust.Value{Kind: trust.Unknown, On: "statements of Jinja in the policy", Range: v.Range}, nil
	}
	if matches == nil {
		return yamltree.Inside(v)
	}
	text := yamltree.NewText(v.Range)
	from := 0
	for _, m := range matches {
		text.Add(v, from, m[0])
		place := text.Place(v, m[0], m[1])
		if value, isText := r.plainVariable(v.Text[m[2]:m[3]], variables); isText {
			text.AddAt(value, place)
		} else {
			text.AddUnknown(v.Text[m[0]:m[1]], place)
		}
		from = m[1]
	}
	text.Add(v, from, len(v.Text))
	tree, err := text.JSON()
	if err != nil {
		return trust.Value{Kind: trust.Unknown, On: v.Text[matches[0][0]:matches[0][1]], Range: v.Range}, nil //nolint:nilerr // told in the answer
	}
	return tree, nil
}

// plainVariable is the value of a variable that is plain text.
func (r *reader) plainVariable(inner string, variables []trust.Value) (string, bool) {
	if r.callers[inner] {
		return r.account(), true
	}
	value, found := variable(inner, variables)
	isText := value.Kind == trust.String || value.Kind == trust.Number
	if !found || !isText || strings.Contains(value.Text, "{{") || strings.Contains(value.Text, "{%") {
		return "", false
	}
	r.assumed = true
	return value.Text, true
}

// resolve replaces expressions in a tree.
func (r *reader) resolve(v trust.Value, variables []trust.Value) trust.Value {
	if r.left--; r.left < 0 {
		return trust.Value{Kind: trust.Unknown, On: "a playbook that is too large", Range: v.Range}
	}
	switch v.Kind {
	case trust.String:
		return r.text(v, variables)
	case trust.Number:
		v.Kind = trust.String
	case trust.Array:
		items := make([]trust.Value, len(v.Items))
		for i := range v.Items {
			items[i] = r.resolve(v.Items[i], variables)
		}
		v.Items = items
	case trust.Object:
		if len(v.Members) == 1 && strings.HasPrefix(v.Members[0].Key.Text, "!") {
			if v.Members[0].Key.Text == "!unsafe" {
				return v.Members[0].Value
			}
			return trust.Value{Kind: trust.Unknown, On: v.Members[0].Key.Text, Range: v.Range}
		}
		members := make([]trust.Member, len(v.Members))
		for i, m := range v.Members {
			members[i] = trust.Member{Key: r.text(m.Key, variables), Value: r.resolve(m.Value, variables)}
		}
		v.Members = members
	}
	return v
}

// text replaces the expressions in a text by what is known of them.
func (r *reader) text(v trust.Value, variables []trust.Value) trust.Value {
	if v.Kind != trust.String || !strings.Contains(v.Text, "{{") && !strings.Contains(v.Text, "{%") {
		return v
	}
	matches := expression.FindAllStringSubmatchIndex(v.Text, -1)
	if matches == nil || strings.Contains(v.Text, "{%") {
		return trust.Value{Kind: trust.Unknown, On: "statements of Jinja", Range: v.Range}
	}
	var parts []trust.Part
	from, isKnown := 0, true
	for _, m := range matches {
		parts = append(parts, trust.Part{Text: v.Text[from:m[0]]})
		if value, isText := r.plainVariable(v.Text[m[2]:m[3]], variables); isText {
			parts = append(parts, trust.Part{Text: value})
		} else {
			parts = append(parts, trust.Part{On: v.Text[m[0]:m[1]]})
			isKnown = false
		}
		from = m[1]
	}
	parts = append(parts, trust.Part{Text: v.Text[from:]})
	parts = slices.DeleteFunc(parts, func(p trust.Part) bool { return p.Text == "" && p.On == "" })
	if isKnown {
		v.Text = ""
		for _, part := range parts {
			v.Text += part.Text
		}
		return v
	}
	if len(parts) == 1 {
		return trust.Value{Kind: trust.Unknown, On: parts[0].On, Range: v.Range}
	}
	v.Text, v.Parts = "", parts
	return v
}
