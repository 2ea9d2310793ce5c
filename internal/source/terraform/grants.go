package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/internal/role"
	"countersign/trust"
)

// grantTypes are the resources that put policies on roles, with the argument
// that names the role.
var grantTypes = map[string]string{
	"aws_iam_role_policy":            "role",
	"aws_iam_role_policy_attachment": "role",
	"aws_iam_policy_attachment":      "roles",
}

// fillAccess says what the role may do, as far as its own module tells. What
// stands in other modules is not seen, and of modules that are not there
// nothing is.
func (i *resourceInstance) fillAccess(made *role.Role, body *hclsyntax.Body) {
	if i.block.labels[0] != "aws_iam_role" || i.module.model {
		return
	}
	g := &grants{of: i, access: &role.Access{}}
	g.attach(i.scope.attribute(body, "managed_policy_arns"))
	if bound := i.scope.attribute(body, "permissions_boundary"); bound != nil && bound.kind != null {
		if policies := g.managed(bound); len(policies) == 1 {
			g.access.Boundary = &policies[0]
		} else {
			g.access.Boundary = &role.ManagedPolicy{Name: "of permissions_boundary", Missing: "it depends on " + bound.describe()}
		}
	}
	for _, inner := range body.Blocks {
		switch {
		case inner.Type == "inline_policy":
			g.inline(i.scope, inner.Body)
		case inner.Type == "dynamic" && len(inner.Labels) == 1 && inner.Labels[0] == "inline_policy":
			g.access.Lacks = append(g.access.Lacks, "the inline policies of a dynamic block")
		}
	}
	for _, b := range i.module.grantsOf(i.block.labels[1], made.Name) {
		g.elsewhere(b)
	}
	if i.module.shared[i.block.labels[1]] {
		g.access.Lacks = append(g.access.Lacks, "what other modules attach, which are given the role's name")
	}
	made.Access = g.access
}

// grants gathers what a role is given.
type grants struct {
	of     *resourceInstance
	access *role.Access
}

// attach adds the managed policies of a list of ARNs, or of one.
func (g *grants) attach(arns *value) {
	if arns == nil || arns.kind == null {
		return
	}
	for _, arn := range flat(arns) {
		g.access.Attached = append(g.access.Attached, g.managed(arn)...)
	}
}

// flat lists the items of a list, and of the options of choices in it: what may
// be there counts.
func flat(v *value) (all []*value) {
	if v.kind != list && v.kind != choice {
		return []*value{v}
	}
	for _, item := range v.items {
		all = append(all, flat(item)...)
	}
	return all
}

// managed returns the policies that an ARN may stand for.
func (g *grants) managed(arn *value) (policies []role.ManagedPolicy) {
	for _, option := range flat(arn) {
		spelt, known := option.isText()
		switch {
		case option.kind == absent || option.kind == null:
		case known:
			policies = append(policies, role.ManagedPolicy{ARN: spelt, Name: spelt[strings.LastIndexByte(spelt, '/')+1:]})
		default:
			policies = append(policies, g.declared(option))
		}
	}
	return policies
}

// declared is the policy that a resource of the module makes, where the ARN is
// that of one.
func (g *grants) declared(arn *value) role.ManagedPolicy {
	on := arn.describe()
	if arn.kind == unknown {
		on = arn.name()
	}
	m := g.of.module
	prefix := m.named("aws_iam_policy.")
	if rest, ok := strings.CutPrefix(on, prefix); ok {
		label, _, _ := strings.Cut(rest, ".")
		label, _, _ = strings.Cut(label, "[")
		if b := m.dir.named["aws_iam_policy."+label]; b != nil {
			if document := g.documentOf(b); document != nil {
				return role.ManagedPolicy{Name: label, Document: document}
			}
		}
	}
	return role.ManagedPolicy{Name: on, Missing: "its document is not in the configuration"}
}

// documentOf is the policy of a resource. Of several instances the first
// counts, which differ in what is unknown at most.
func (g *grants) documentOf(b *block) *role.Document {
	m := g.of.module
	body, ok := m.r.parse(b)
	if !ok {
		return nil
	}
	all, form := m.instances(body, m.named(b.address()))
	if len(all) != 1 && form != uncertain {
		return nil
	}
	document := g.document(all[0].scope, body.Attributes["policy"])
	return &document
}

func (g *grants) document(s *scope, attribute *hclsyntax.Attribute) role.Document {
	if attribute == nil {
		tree := trust.Value{Kind: trust.Unknown, On: "a policy without a document"}
		return role.Document{Tree: &tree}
	}
	policy, err := document(s.eval(attribute.Expr), s.place(attribute.SrcRange))
	if err != nil {
		return role.Document{Err: err}
	}
	provider := g.of.module.providerFor("aws")
	tree := treeOf(policy, provider.accountName(), provider.ownNumber())
	return role.Document{Tree: &tree}
}

func (g *grants) inline(s *scope, body *hclsyntax.Body) {
	name := "inline_policy"
	if v := s.attribute(body, "name"); v != nil {
		if spelt, ok := v.isText(); ok {
			name = spelt
		}
	}
	g.access.Inline = append(g.access.Inline, role.InlinePolicy{Name: name, Document: g.document(s, body.Attributes["policy"])})
}

// elsewhere adds what every instance of another resource puts on the role.
func (g *grants) elsewhere(b *block) {
	m := g.of.module
	body, ok := m.r.parse(b)
	if !ok {
		g.access.Lacks = append(g.access.Lacks, "the policies of "+m.named(b.address()))
		return
	}
	all, _ := m.instances(body, m.named(b.address()))
	for i := range all {
		if b.labels[0] == "aws_iam_role_policy" {
			before := len(g.access.Inline)
			g.inline(all[i].scope, body)
			if one := &g.access.Inline[before]; one.Name == "inline_policy" {
				one.Name = m.named(b.address()) + all[i].index
			}
			continue
		}
		arn := all[i].scope.attribute(body, "policy_arn")
		if arn == nil {
			continue
		}
		g.attach(arn)
	}
}

// grantsOf lists the resources of the module that put policies on a role: those
// that refer to it, and those that name it.
func (m *module) grantsOf(label, name string) (blocks []*block) {
	if m.grants == nil {
		m.findGrants()
	}
	blocks = append(blocks, m.grants[label]...)
	if name != "" {
		blocks = append(blocks, m.grants["name "+name]...)
	}
	return blocks
}

func (m *module) findGrants() {
	m.grants, m.shared = map[string][]*block{}, map[string]bool{}
	for _, b := range m.dir.blocks {
		if b.kind == "module" || b.kind == "output" && !m.root() {
			m.findShared(b)
		}
		if b.kind != "resource" || len(b.labels) != 2 || grantTypes[b.labels[0]] == "" {
			continue
		}
		body, ok := m.r.parse(b)
		if !ok {
			continue // it was told
		}
		attribute := body.Attributes[grantTypes[b.labels[0]]]
		if attribute == nil {
			continue
		}
		referred := false
		for _, steps := range attribute.Expr.Variables() {
			if names := attributeNames(steps[1:]); steps.RootName() == "aws_iam_role" && len(names) > 0 {
				m.grants[names[0]] = append(m.grants[names[0]], b)
				referred = true
			}
		}
		if referred {
			continue
		}
		all, _ := m.instances(body, m.named(b.address()))
		for i := range all {
			for _, one := range flat(all[i].scope.eval(attribute.Expr)) {
				if name, ok := one.isText(); ok {
					m.grants["name "+name] = append(m.grants["name "+name], b)
				}
			}
			if len(all) > 1 {
				break // the instances are looked at when the role is
			}
		}
	}
}

// findShared notes the roles whose names a call or an output hands on. Their
// ARNs attach nothing.
func (m *module) findShared(b *block) {
	body, ok := m.r.parse(b)
	if !ok {
		return
	}
	for _, attribute := range body.Attributes {
		for _, steps := range attribute.Expr.Variables() {
			names := attributeNames(steps[1:])
			if steps.RootName() == "aws_iam_role" && len(names) > 0 && (len(names) == 1 || names[1] == "name" || names[1] == "id") {
				m.shared[names[0]] = true
			}
		}
	}
}
