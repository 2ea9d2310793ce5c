package source

import (
	"bytes"
	"context"
	"path"
	"path/filepath"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/internal/source/terraform"
	"countersign/internal/source/tfplan"
	"countersign/internal/source/walk"
	"countersign/trust"
)

// merge tells one role that is seen twice once. A template that another one
// nests, and a Terraform module that another one calls, are told by the caller
// alone, which knows what values they get. A plan stands in for the
// configuration that it was made from. A trust policy in a file of its own is
// told by the role that reads it.
//
// What is kept for this is names, never roles.
type merge struct {
	planned map[*unit]map[string]bool     // addresses of a configuration that a plan tells
	also    map[*unit]map[string]declared // where a plan's roles stand in the configuration
	taken   map[string]bool               // paths of files that policies were read from
}

// survey finds out what belongs together, and returns the units that are to be
// read.
func (m *merge) survey(r *reading) []*unit {
	m.taken = map[string]bool{}
	units := withoutNested(withoutModules(r.units), r.files.options)
	m.plans(r, units)
	return units
}

// withoutModules leaves out the directories that another one calls.
func withoutModules(units []*unit) []*unit {
	directories := map[*walk.Root][]string{}
	for _, one := range units {
		if one.kind == configuration {
			directories[one.file.Root] = append(directories[one.file.Root], one.directory)
		}
	}
	roots := map[moduleKey]bool{}
	for root, names := range directories {
		if len(names) == 1 {
			roots[moduleKey{root, names[0]}] = true
			continue
		}
		for _, name := range terraform.Roots(&directoryFiles{root.FS}, names) {
			roots[moduleKey{root, name}] = true
		}
	}
	var kept []*unit
	for _, one := range units {
		if one.kind != configuration || roots[moduleKey{one.file.Root, one.directory}] {
			kept = append(kept, one)
		}
	}
	return kept
}

// withoutNested leaves out the templates that another one nests. Of templates
// that nest each other the first is kept.
func withoutNested(units []*unit, options Options) []*unit {
	used := map[moduleKey]bool{}
	for _, one := range units {
		if one.kind != templateText || one.file.Root == nil || used[moduleKey{one.file.Root, one.file.Name}] {
			continue
		}
		text, err := readWhole(one.file)
		if err != nil || !mayNest(text) {
			continue
		}
		readAny(inputOf(one.file, text), options, template.Output{
			Role:       func(*role.Role) error { return nil },
			Incomplete: func(audit.Incomplete) {},
			Used: func(name string) {
				if name != one.file.Name {
					used[moduleKey{one.file.Root, name}] = true
				}
			},
		})
	}
	if len(used) == 0 {
		return units
	}
	var kept []*unit
	for _, one := range units {
		if one.file.Root == nil || !used[moduleKey{one.file.Root, one.file.Name}] {
			kept = append(kept, one)
		}
	}
	return kept
}

// mayNest reports whether a text has a member that names another template.
func mayNest(text []byte) bool {
	for _, name := range []string{"TemplateURL", "AWS::Serverless::Application", "aws:asset:path"} {
		if bytes.Contains(text, []byte(name)) {
			return true
		}
	}
	return false
}

// plans finds the configuration that each plan was made from: the one in the
// plan's own directory, else the only one of the run that has roles of the
// plan and no others.
func (m *merge) plans(r *reading, units []*unit) {
	var plans, modules []*unit
	for _, one := range units {
		switch one.kind {
		case planText:
			plans = append(plans, one)
		case configuration:
			modules = append(modules, one)
		}
	}
	if len(plans) == 0 || len(modules) == 0 {
		return
	}
	m.planned, m.also = map[*unit]map[string]bool{}, map[*unit]map[string]declared{}
	configured := make([]map[string]declared, len(modules))
	for i, module := range modules {
		configured[i] = r.addresses(module)
	}
	for _, plan := range plans {
		planned := plannedAddresses(r.ctx, plan)
		at := sourceOf(plan, planned, modules, configured)
		if at < 0 {
			continue
		}
		m.also[plan] = map[string]declared{}
		if m.planned[modules[at]] == nil {
			m.planned[modules[at]] = map[string]bool{}
		}
		for address := range planned {
			if found := configured[at][address]; len(found.sources) > 0 {
				m.also[plan][address] = found
				m.planned[modules[at]][address] = true
			}
		}
	}
}

// sourceOf picks the configuration of a plan, -1 where it cannot be told.
func sourceOf(plan *unit, planned map[string]bool, modules []*unit, configured []map[string]declared) int {
	only := -1
	for i, module := range modules {
		if module.file.Root == plan.file.Root && module.directory == path.Dir(plan.file.Name) {
			return i
		}
		shared, others := 0, 0
		for address := range configured[i] {
			if planned[address] {
				shared++
			} else {
				others++
			}
		}
		switch {
		case shared == 0:
		case only >= 0 || others > 0:
			only = len(modules) // several, or another one
		default:
			only = i
		}
	}
	if only == len(modules) {
		return -1
	}
	return only
}

// plannedAddresses are those of a plan's roles; of a state, which tells what is
// and not what the configuration makes of it, there are none.
func plannedAddresses(ctx context.Context, plan *unit) map[string]bool {
	text, err := readWhole(plan.file)
	if err != nil || ctx.Err() != nil {
		return nil
	}
	roles, kind, _ := tfplan.Read(text, tfplan.Place{})
	if kind != role.TerraformPlan {
		return nil
	}
	addresses := map[string]bool{}
	for _, one := range roles {
		addresses[one.Source.Address] = true
	}
	return addresses
}

// declared is where a role of a plan stands in the configuration, and the
// waivers that stand at it there.
type declared struct {
	sources []role.Source
	notes   []role.Note
}

// addresses tells where the roles of a configuration stand.
func (r *reading) addresses(module *unit) map[string]declared {
	found := map[string]declared{}
	r.readModule(module, terraform.Output{
		Role: func(one *role.Role) error {
			at := found[one.Source.Address]
			found[one.Source.Address] = declared{append(at.sources, one.Source), append(at.notes, one.Notes...)}
			return nil
		},
		Incomplete: func(terraform.Incomplete) {},
	})
	return found
}

// keep reports whether a role is to be told here, and completes what is known
// of it.
func (m *merge) keep(from *unit, one *role.Role) bool {
	address := one.Source.Address
	if from.only != nil && !from.names(one.Source.Path) || m.planned[from][address] {
		return false
	}
	at := m.also[from][address]
	one.Also, one.Notes = append(one.Also, at.sources...), append(one.Notes, at.notes...)
	if tree := one.Trust.Tree; tree != nil {
		m.take(*tree, one.Source.Path)
	}
	return true
}

// names reports whether the user has named the file that a role stands in, or
// one that calls the module that it is in.
func (u *unit) names(shown string) bool {
	return u.only[shown] || filepath.Dir(shown) != filepath.Dir(u.file.Path)
}

// take notes the files, beside the role's own, that a policy stands in.
func (m *merge) take(v trust.Value, own string) {
	if file := v.Range.File; file != nil && file.Name != own && strings.TrimSpace(file.Name) != "" {
		m.taken[file.Name] = true
	}
	for i := range v.Items {
		m.take(v.Items[i], own)
	}
	for i := range v.Members {
		m.take(v.Members[i].Value, own)
	}
}
