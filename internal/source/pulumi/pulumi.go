// Package pulumi finds the roles in programs of Pulumi YAML, and in what
// pulumi preview --json and pulumi stack export write.
package pulumi

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/comment"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// Kind is the kind of the roles that stand in programs and previews.
const Kind role.Kind = "pulumi"

// Options are what a deployment would tell a program.
type Options struct {
	Account, Partition string            // empty where nobody knows
	Config             map[string]string // values of the configuration, which win over defaults
}

var (
	roleTypes = []string{"aws:iam:Role", "aws:iam/role:Role", "aws-native:iam:Role"}
	roleType  = regexp.MustCompile(`aws(?:-native)?:iam(?:/role)?:Role\b`)
)

// IsProgram tells by its text whether a file is a program or a preview with
// roles.
func IsProgram(text []byte) bool { return roleType.Match(text) }

// Read gives the roles of a program, a preview or an exported stack. It reports
// whether the file is one, and returns the error of out.Role alone.
func Read(input template.Input, options Options, out template.Output) (isProgram bool, err error) {
	if !IsProgram(input.Text) {
		return false, nil
	}
	documents, fault := yamltree.Read(&trust.File{Name: input.Path, Text: input.Text})
	if fault != nil {
		looksLikeProgram := bytes.Contains(input.Text, []byte("resources")) || bytes.Contains(input.Text, []byte("newState"))
		if looksLikeProgram {
			out.Tell(input.Path, fault)
		}
		return looksLikeProgram, nil
	}
	r := &reader{input: input, options: options, out: out, left: 500_000}
	for _, document := range documents {
		known, err := r.document(document)
		isProgram = isProgram || known
		if err != nil {
			return true, err
		}
	}
	return isProgram, nil
}

type reader struct {
	input     template.Input
	options   Options
	out       template.Output
	config    trust.Value
	variables trust.Value
	resources trust.Value
	assumed   bool
	left      int // values that may still be looked at
	depth     int // variables within variables
}

func (r *reader) document(v trust.Value) (known bool, err error) {
	if steps, found := v.Get("steps"); found { // pulumi preview --json
		for _, step := range steps.Items {
			operation, _ := step.Get("op")
			state, _ := step.Get("newState")
			if operation.Text == "delete" {
				continue
			}
			if err := r.state(state); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	if deployment, found := v.Get("deployment"); found { // pulumi stack export
		v = deployment
	}
	resources, found := v.Get("resources")
	if !found {
		return false, nil
	}
	for _, state := range resources.Items {
		if err := r.state(state); err != nil {
			return true, err
		}
	}
	if r.config, found = v.Get("config"); !found {
		r.config, _ = v.Get("configuration")
	}
	r.variables, _ = v.Get("variables")
	r.resources = resources
	for _, m := range resources.Members {
		kind, _ := m.Value.Get("type")
		if !slices.Contains(roleTypes, kind.Text) {
			continue
		}
		properties, _ := m.Value.Get("properties")
		r.assumed = false
		document := r.programPolicy(m.Key, properties)
		if err := r.give(m.Key, m.Value, m.Key.Text, properties, document); err != nil {
			return true, err
		}
	}
	return true, nil
}

// state gives the role of a resource's state, in which everything that is known
// is plain.
func (r *reader) state(state trust.Value) error {
	kind, _ := state.Get("type")
	if !slices.Contains(roleTypes, kind.Text) {
		return nil
	}
	urn, _ := state.Get("urn")
	inputs, _ := state.Get("inputs")
	r.assumed = false
	return r.give(state, state, urn.Text, inputs, r.statePolicy(state, inputs))
}

// The values that stand for what a preview does not know, and for secrets, in
// the inputs of a state (pulumi/pulumi, sdk/go/common/resource/plugin and sig).
const (
	unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	secretKey   = "4dabf18193072939515e22adb298388d"
)

func (r *reader) statePolicy(state, inputs trust.Value) role.Document {
	v, found := policyOf(inputs)
	switch _, isSecret := v.Get(secretKey); {
	case !found:
		return role.Document{Err: template.Fault(state.Range, "every role has a trust policy", "the role has no trust policy")}
	case isSecret:
		return unknown("a secret", v.Range)
	case v.Kind == trust.String && v.Text == unknownText:
		return unknown("what the preview does not know yet", v.Range)
	case v.Kind == trust.String:
		tree, err := yamltree.Inside(v)
		if err != nil {
			return role.Document{Err: err}
		}
		return role.Document{Tree: &tree}
	case !r.fits(v):
		return unknown("a policy that is too large", v.Range)
	}
	return role.Document{Tree: &v}
}

// fits reports whether a tree, in which aliases may repeat what they stand for,
// is small enough to be looked at.
func (r *reader) fits(v trust.Value) bool {
	if r.left--; r.left < 0 {
		return false
	}
	return !slices.ContainsFunc(v.Items, func(item trust.Value) bool { return !r.fits(item) }) &&
		!slices.ContainsFunc(v.Members, func(m trust.Member) bool { return !r.fits(m.Value) })
}

func policyOf(properties trust.Value) (trust.Value, bool) {
	if v, found := properties.Get("assumeRolePolicy"); found {
		return v, true
	}
	return properties.Get("assumeRolePolicyDocument")
}

func unknown(on string, at trust.Range) role.Document {
	return role.Document{Tree: &trust.Value{Kind: trust.Unknown, On: on, Range: at}}
}

func (r *reader) give(at, body trust.Value, address string, properties trust.Value, document role.Document) error {
	made := &role.Role{
		Path: "/", Account: r.options.Account, Partition: r.options.Partition, Trust: document, DefaultAssumed: r.assumed,
		Source: role.Source{
			Kind: Kind, Path: r.input.Path, FromRoot: r.input.FromRoot, Address: address,
			Line: at.Range.Line(), Column: at.Range.Column(),
		},
	}
	made.Notes = comment.InYAML(r.input.Path, at, body)
	if made.Account == "" {
		made.Account = template.OwnAccount
	}
	if name, _ := properties.Get("name"); name.Kind == trust.String && !strings.Contains(name.Text, "${") && name.Text != unknownText {
		made.Name = name.Text
	}
	if path, _ := properties.Get("path"); path.Kind == trust.String && !strings.Contains(path.Text, "${") && path.Text != unknownText {
		made.Path = path.Text
	}
	return r.out.Role(made)
}
