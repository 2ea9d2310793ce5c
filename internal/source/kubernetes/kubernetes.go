// Package kubernetes finds the roles in manifests of controllers that make
// them: AWS Controllers for Kubernetes (ACK) and Crossplane, Compositions
// included.
package kubernetes

import (
	"bytes"
	"regexp"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/comment"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// Kind is the kind of the roles that stand in manifests.
const Kind role.Kind = "kubernetes"

// Options are what a cluster would tell a manifest.
type Options struct{ Account, Partition string } // empty where nobody knows

var roleGroups = regexp.MustCompile(`apiVersion["']?[ \t]*:[ \t]*["']?(?:iam\.services\.k8s\.aws|iam\.aws\.crossplane\.io|iam\.aws(?:\.m)?\.upbound\.io)/`)

// IsManifest tells by its text whether a file has a role of a controller that
// makes IAM roles.
func IsManifest(text []byte) bool {
	return roleGroups.Match(text) && bytes.Contains(text, []byte("Role"))
}

// helmAction is what only a template of Helm has in it: an action at the start
// of a line or of a value.
var helmAction = regexp.MustCompile(`(?m)^[^#\n]*?\{\{-?[ \t]*(?:\.|\$|if |else|end|range |with |include |define |template |toYaml |tpl |required |default |printf |quote )`)

// Read gives the roles of a file of manifests. It reports whether the file has
// manifests of roles, and returns the error of out.Role alone.
func Read(input template.Input, options Options, out template.Output) (isManifest bool, err error) {
	if !IsManifest(input.Text) {
		return false, nil
	}
	r := &reader{input: input, options: options, out: out}
	file := &trust.File{Name: input.Path, Text: input.Text}
	if at := helmAction.FindIndex(input.Text); at != nil {
		start := at[0] + bytes.Index(input.Text[at[0]:at[1]], []byte("{{"))
		out.Tell(input.Path, template.Fault(trust.Range{File: file, Start: start, End: at[1]},
			"scan what helm template makes of it", "a Helm template, which is not evaluated"))
		return true, nil
	}
	yamltree.Each(file, func(document trust.Value, fault error) {
		switch {
		case err != nil:
		case fault != nil:
			out.Tell(input.Path, fault)
		default:
			err = r.object(document, 0)
		}
	})
	return true, err
}

type reader struct {
	input   template.Input
	options Options
	out     template.Output
}

// maxDepth bounds lists within lists.
const maxDepth = 8

// object looks at one object: a role, or a list or a composition of objects.
func (r *reader) object(v trust.Value, depth int) error {
	version, kind := textAt(v, "apiVersion"), textAt(v, "kind")
	group, _, _ := strings.Cut(version, "/")
	switch {
	case depth > maxDepth:
		return nil
	case kind == "Role" && group == "iam.services.k8s.aws":
		return r.role(v, at(v, "spec"), false)
	case kind == "Role" && (strings.HasPrefix(group, "iam.aws.")):
		return r.role(v, at(v, "spec", "forProvider"), false)
	case kind == "List":
		for _, item := range at(v, "items").Items {
			if err := r.object(item, depth+1); err != nil {
				return err
			}
		}
	case kind == "Composition":
		return r.composition(v, depth)
	}
	return nil
}

// composition looks at the bases that a composition makes objects from.
func (r *reader) composition(v trust.Value, depth int) error {
	resources := at(v, "spec", "resources").Items
	for _, step := range at(v, "spec", "pipeline").Items {
		resources = append(resources[:len(resources):len(resources)], at(step, "input", "resources").Items...)
	}
	for _, resource := range resources {
		base := at(resource, "base")
		group, _, _ := strings.Cut(textAt(base, "apiVersion"), "/")
		var err error
		if textAt(base, "kind") == "Role" && strings.HasPrefix(group, "iam.aws.") {
			err = r.role(base, at(base, "spec", "forProvider"), patchesPolicy(resource))
		} else {
			err = r.object(base, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patchesPolicy reports whether a composition changes the policy of a base.
func patchesPolicy(resource trust.Value) bool {
	for _, patch := range at(resource, "patches").Items {
		path := textAt(patch, "toFieldPath") + textAt(patch, "fromFieldPath")
		if strings.Contains(path, "assumeRolePolicy") || textAt(patch, "type") == "PatchSet" && textAt(patch, "toFieldPath") == "" {
			return true
		}
	}
	return false
}

func (r *reader) role(object, spec trust.Value, isPatched bool) error {
	name := textAt(spec, "name")
	if name == "" {
		if name = textAt(object, "metadata", "annotations", "crossplane.io/external-name"); name == "" {
			name = textAt(object, "metadata", "name")
		}
	}
	address := "Role/" + textAt(object, "metadata", "name")
	if namespace := textAt(object, "metadata", "namespace"); namespace != "" {
		address = "Role/" + namespace + "/" + textAt(object, "metadata", "name")
	}
	path := "/"
	if given := textAt(spec, "path"); given != "" {
		path = given
	}
	account := r.options.Account
	if account == "" {
		account = template.OwnAccount
	}
	return r.out.Role(&role.Role{
		Name: name, Path: path, Account: account, Partition: r.options.Partition,
		Trust: policy(object, spec, isPatched),
		Notes: comment.InYAML(r.input.Path, object, object),
		Source: role.Source{
			Kind: Kind, Path: r.input.Path, FromRoot: r.input.FromRoot, Address: address,
			Line: object.Range.Line(), Column: object.Range.Column(),
		},
	})
}

func policy(object, spec trust.Value, isPatched bool) role.Document {
	v := at(spec, "assumeRolePolicyDocument")
	if v.Kind == trust.Unknown {
		v = at(spec, "assumeRolePolicy")
	}
	switch {
	case isPatched:
		return role.Document{Tree: &trust.Value{Kind: trust.Unknown, On: "a patch of the composition", Range: object.Range}}
	case v.Kind == trust.Unknown && textAt(object, "metadata", "annotations", "services.k8s.aws/adoption-policy") != "":
		return role.Document{Tree: &trust.Value{Kind: trust.Unknown, On: "the role that is adopted", Range: object.Range}}
	case v.Kind == trust.Unknown, v.Kind == trust.Null:
		if _, found := spec.Get("assumeRolePolicyRef"); found {
			return role.Document{Tree: &trust.Value{Kind: trust.Unknown, On: "assumeRolePolicyRef", Range: spec.Range}}
		}
		return role.Document{Err: template.Fault(object.Range, "every role has a trust policy", "the role has no trust policy")}
	case v.Kind != trust.String:
		return role.Document{Err: template.Fault(v.Range, "it is JSON in a text", "the trust policy is not a text")}
	}
	tree, err := yamltree.Inside(v)
	if err != nil {
		return role.Document{Err: err}
	}
	return role.Document{Tree: &tree}
}

// at follows keys into a document; what is not there is Unknown without a name.
func at(v trust.Value, keys ...string) trust.Value {
	for _, key := range keys {
		v, _ = v.Get(key)
	}
	return v
}

func textAt(v trust.Value, keys ...string) string { return at(v, keys...).Text }
