package terraform

import (
	"embed"
	"strconv"
	"strings"

	"countersign/trust"
)

// Some modules that wrap a role are used everywhere. Where their source has not
// been fetched, our own description of what they make of their inputs stands in
// for it. Everything in it is placed at the call; what the call does not say is
// an assumed default.

//go:embed models/*.hcl
var models embed.FS

// wrapper is a module that is described.
type wrapper struct {
	module   string // namespace/name/provider//folder
	from, to int    // major versions
	model    string
}

var wrappers = []wrapper{
	{"terraform-aws-modules/iam/aws//modules/iam-assumable-role", 2, 5, "assumable-role"},
	{"terraform-aws-modules/iam/aws//modules/iam-assumable-roles", 2, 5, "assumable-roles"},
	{"terraform-aws-modules/iam/aws//modules/iam-role", 6, 6, "role"},
	{"terraform-aws-modules/iam/aws//modules/iam-assumable-role-with-oidc", 2, 5, "federated-role"},
	{"terraform-aws-modules/iam/aws//modules/iam-assumable-role-with-saml", 2, 5, "federated-role"},
	{"terraform-aws-modules/iam/aws//modules/iam-github-oidc-role", 5, 5, "federated-role"},
	{"cloudposse/iam-role/aws", 0, 0, "cloudposse-role"},
}

// described gives our description of a module, if there is one for that
// version. A version that is not said is the one that fits.
func (r *reader) described(written, version string) *directory {
	name := registryName(written)
	for i := range wrappers {
		w := &wrappers[i]
		if w.module != name {
			continue
		}
		if major, ok := majorVersion(version); ok && (major < w.from || major > w.to) {
			return nil
		}
		return r.model(w.model)
	}
	return nil
}

// registryName brings the ways to name a module of the public registry, or its
// repository, to one.
func registryName(written string) string {
	written = strings.TrimPrefix(written, "registry.terraform.io/")
	written = strings.TrimPrefix(written, "registry.opentofu.org/")
	written = strings.TrimPrefix(written, "git::")
	for _, prefix := range []string{"https://github.com/", "ssh://git@github.com/", "git@github.com:", "github.com/"} {
		after, ok := strings.CutPrefix(written, prefix)
		if !ok {
			continue
		}
		after, _, _ = strings.Cut(after, "?")
		after = strings.Replace(after, ".git", "", 1)
		namespace, rest, _ := strings.Cut(after, "/")
		repository, folder, inFolder := strings.Cut(rest, "//")
		name := namespace + "/" + strings.TrimPrefix(repository, "terraform-aws-") + "/aws"
		if inFolder {
			name += "//" + folder
		}
		return name
	}
	return written
}

// majorVersion reads the first number of a version or of a constraint on it.
func majorVersion(version string) (int, bool) {
	version = strings.TrimLeft(version, "~>=v ")
	digits, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(digits)
	return major, err == nil
}

// model loads a description.
func (r *reader) model(name string) *directory {
	key := "model:" + name
	if d := r.directories[key]; d != nil {
		return d
	}
	raw, err := models.ReadFile("models/" + name + ".hcl")
	if err != nil {
		return nil
	}
	d := &directory{path: key, named: map[string]*block{}}
	r.directories[key] = d
	src := &source{name: key, file: &trust.File{Name: key, Text: raw}, model: true}
	r.sources[key] = src
	chunks, _ := cut(raw)
	for i := range chunks {
		d.add(r, &block{chunk: chunks[i], src: src})
	}
	return d
}
