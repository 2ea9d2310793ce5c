// Package terraform reads Terraform and OpenTofu configuration: it finds the
// IAM roles that a root module makes, with its local modules and those that
// terraform init has fetched, and gives each role's trust policy as a document
// tree whose leaves are literals, with the place of their text, or unknown,
// with the name of what they depend on.
//
// It reads files below one root through [Files], starts nothing, opens no
// connection, and evaluates no function that depends on the clock, on chance
// or on the machine.
package terraform

import (
	"context"
	"fmt"
	"path"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/internal/role"
	"countersign/internal/source/comment"
	"countersign/trust"
)

// Files gives what lies below the scanned root. Names have slashes and count
// from the root, which is ".". Neither method may leave the root, nor follow
// links out of it.
type Files interface {
	// List gives the bare names of the regular files of a directory.
	List(dir string) ([]string, error)
	// Read gives a file's text; one of more than limit bytes is an error.
	Read(name string, limit int) ([]byte, error)
}

// Options say what a configuration is read with.
type Options struct {
	// Account is the account that the default provider works in, where the
	// configuration does not say; 12 digits or empty.
	Account   string
	Partition string // likewise
	// Vars are values of the root module's variables: texts for those of type
	// string or without a type, else expressions, as with -var of terraform.
	Vars map[string]string
	// VarFiles are read before Vars and behind the files that Terraform reads
	// of its own accord.
	VarFiles []VarFile
	// Paths gives the path of a file as the user should see it, and from the
	// root of its git work tree; nil: the name below the root for both.
	Paths func(name string) (shown, fromRoot string)
}

// VarFile is a file with values of variables, which may lie anywhere.
type VarFile struct {
	Name string
	Text []byte
}

// Incomplete is something that could not be read, with its place.
type Incomplete struct {
	Path         string
	Line, Column int    // 1-based; 0 where it concerns the whole file
	Reason       string // lower case, no full stop
	Hint         string // what to do about it; may be empty
}

// Output takes what is found, in a fixed order.
type Output struct {
	Role       func(*role.Role) error // its error ends the reading
	Incomplete func(Incomplete)
}

// reader reads one root module.
type reader struct {
	ctx     context.Context
	files   Files
	options Options
	out     Output
	rootDir string

	sources     map[string]*source
	last        *source
	directories map[string]*directory
	locals      map[*directory]map[string]hclsyntax.Expression
	unreadable  map[*block]bool
	bodies      map[*block]*hclsyntax.Body
	providers   map[string]*provider
	policies    map[*resourceInstance]*value
	making      map[*resourceInstance]bool
	manifest    map[string]string
	said        map[Incomplete]bool
	steps       int
	depth       int
	modules     int
	texts       int
}

// ReadDirectory reads the root module in a directory and everything it calls.
func ReadDirectory(ctx context.Context, files Files, dir string, options Options, out Output) error {
	r := &reader{
		ctx: ctx, files: files, options: options, out: out, rootDir: path.Clean(dir),
		sources: map[string]*source{}, directories: map[string]*directory{},
		locals: map[*directory]map[string]hclsyntax.Expression{}, unreadable: map[*block]bool{},
		bodies: map[*block]*hclsyntax.Body{}, providers: map[string]*provider{},
		policies: map[*resourceInstance]*value{}, making: map[*resourceInstance]bool{}, said: map[Incomplete]bool{},
	}
	root := r.newModule(r.load(r.rootDir))
	root.given = r.givenVariables(root)
	return root.read()
}

// read yields the roles of a module, in the order of files and text.
func (m *module) read() error {
	for _, b := range m.dir.blocks {
		if err := m.r.ctx.Err(); err != nil {
			return err
		}
		var err error
		switch {
		case b.kind == "module" && len(b.labels) == 1:
			err = m.readCall(b)
		case b.kind == "resource" && len(b.labels) == 2 && policyAttribute[b.labels[0]] != "":
			err = m.readRole(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *module) readCall(b *block) error {
	body, ok := m.r.parse(b)
	if !ok {
		return nil
	}
	all, _ := m.instances(body, m.named("module."+b.labels[0]))
	for i := range all {
		called, _ := m.open(b, body, &all[i])
		if called == nil {
			continue
		}
		if err := called.read(); err != nil {
			return err
		}
	}
	return nil
}

// policyAttribute is the attribute with the trust policy, for each kind of
// resource that makes roles.
var policyAttribute = map[string]string{
	"aws_iam_role":   "assume_role_policy",
	"awscc_iam_role": "assume_role_policy_document",
}

func (m *module) readRole(b *block) error {
	body, ok := m.r.parse(b)
	if !ok {
		return nil
	}
	address := m.named(b.address())
	all, _ := m.instances(body, address)
	for i := range all {
		made := &resourceInstance{instance: &all[i], module: m, block: b, address: address + all[i].index}
		if err := m.r.ctx.Err(); err != nil {
			return err
		}
		if err := m.r.out.Role(made.role(body)); err != nil {
			return err
		}
	}
	return nil
}

// role makes the role that a resource stands for.
func (i *resourceInstance) role(body *hclsyntax.Body) *role.Role {
	kind := i.block.labels[0]
	provider := i.provider(body)
	place := i.scope.place(hclRange(i.block))
	made := &role.Role{Account: provider.ownNumber(), Partition: provider.partition}
	made.Source.Kind, made.Source.Address = role.Terraform, i.address
	if src := i.module.r.sourceOf(place.File); src != nil {
		made.Source.Path, made.Source.FromRoot = i.module.r.paths(src.name)
		made.Source.Line, made.Source.Column = src.position(place.Start)
		if b := i.block; b.json == nil && b.src == src {
			made.Notes = comment.InHCL(made.Source.Path, src.file, b.start, b.end)
		}
	}
	label := "name"
	if kind == "awscc_iam_role" {
		label = "role_name"
	}
	if name := i.scope.attribute(body, label); name != nil {
		made.Name, _ = name.isText()
	}
	made.Path = "/"
	if path := i.scope.attribute(body, "path"); path != nil && path.kind != null {
		made.Path, _ = path.isText()
	}
	if made.Name != "" && made.Path != "" && made.KnownAccount() != "" {
		made.ARN = "arn:" + made.Partition + ":iam::" + made.Account + ":role" + made.Path + made.Name
	}
	i.setPolicy(made, body.Attributes[policyAttribute[kind]], provider, place)
	i.fillAccess(made, body)
	return made
}

func (i *resourceInstance) setPolicy(made *role.Role, attribute *hclsyntax.Attribute, provider *provider, place trust.Range) {
	if attribute == nil {
		made.Trust.Err = fmt.Errorf("the resource has no %s", policyAttribute[i.block.labels[0]])
		return
	}
	policy, err := document(i.scope.eval(attribute.Expr), place)
	if err != nil {
		made.Trust.Err = err
		return
	}
	made.DefaultAssumed = policy.assumed
	tree := treeOf(policy, provider.accountName(), provider.ownNumber())
	made.Trust.Tree = &tree
}

// document takes the policy out of what assume_role_policy is set to.
func document(v *value, place trust.Range) (policy *value, err error) {
	policy = each([]*value{v}, v.place, func(args []*value) *value {
		v := args[0]
		switch v.kind {
		case text:
			if len(v.pieces) == 1 && v.pieces[0].document != nil {
				return v.pieces[0].document
			}
			parsed, fault := parseJSON(v)
			if fault != nil {
				err = fault
				return unknownValue("a policy that is no JSON", v.place)
			}
			return parsed
		case null:
			err = fmt.Errorf("the trust policy is null")
			return v
		case unknown:
			unread := unknownValue(v.name(), v.place)
			return unread.with(v.assumed)
		}
		return v
	})
	if policy.kind == choice {
		err = nil // what the options that can be read say is told
	}
	if policy.place.IsZero() {
		policy = policy.at(place)
	}
	return policy, err
}
