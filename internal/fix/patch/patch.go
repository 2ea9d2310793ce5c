// Package patch edits trust policies where they stand: in a policy file, in a
// CloudFormation template, in Terraform configuration. It changes the bytes of
// the policy that have to change and no others, in the style that it finds.
//
// A [Plan] takes all roles of a run with what is to change of each, since one
// text may make several of them. [Plan.Finish] gives the edits, and says of the
// roles whose text is not edited why, and where the change has to be made.
package patch

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"countersign/internal/role"
	"countersign/trust"
)

// Edit replaces the bytes [Start, End) of a file.
type Edit struct {
	File       string // as the source named it
	Start, End int
	New        string
}

// Refusal says why a role's policy is not edited, and what to do instead.
type Refusal struct {
	Role   *role.Role
	Reason string // lower case, no full stop
	Hint   string // what to change, and where; may have several lines, may be empty
}

// Options say what else is known of the files.
type Options struct {
	// Read gives the text of a file by the path that the source showed. It is
	// asked for bare trust policies and for files beside a configuration.
	Read func(path string) ([]byte, error)
	// List gives the names of the files in a directory, likewise; nil knows of
	// none.
	List func(directory string) ([]string, error)
	// Name gives the name of the parameter or variable that a new unknown value
	// stands for, by its On; nil takes On, without "parameter " or "var." before
	// it.
	Name func(on string) (string, bool)
	// Declare has parameters and variables declared that are not.
	Declare bool
}

// Patch is what becomes of a plan.
type Patch struct {
	// Edits are in the order of files and offsets and do not overlap.
	Edits []Edit
	// Edited are the roles whose policies change, in the order of the plan.
	Edited  []*role.Role
	Refused []Refusal

	of       map[*role.Role][]Edit
	declared []Edit
}

// Of lists the edits that close one role, in order, with the declarations in the
// files that they are in; roles that share a text share its edits.
func (p *Patch) Of(subject *role.Role) []Edit {
	edits := slices.Clone(p.of[subject])
	for _, declaration := range p.declared {
		if slices.ContainsFunc(edits, func(e Edit) bool { return e.File == declaration.File }) {
			edits = append(edits, declaration)
		}
	}
	sortEdits(edits)
	return edits
}

// Plan gathers the changes of many roles.
type Plan struct {
	options Options
	pages   map[string]*page
	jobs    []*job
	uses    map[string][]use // by file
}

// job is what is to be done for one role.
type job struct {
	role    *role.Role
	tree    *trust.Value // its policy; nil where that is not known
	changes []trust.Change
	pieces  []piece
	names   []string // of new parameters or variables that it refers to
	refusal *Refusal
}

// use is a value of a statement: a text that a role is made of.
type use struct {
	span
	job, statement int
}

// NewPlan makes an empty plan.
func NewPlan(options Options) *Plan {
	if options.Name == nil {
		options.Name = plainName
	}
	return &Plan{options: options, pages: map[string]*page{}, uses: map[string][]use{}}
}

func plainName(on string) (string, bool) {
	name := strings.TrimPrefix(strings.TrimPrefix(on, "parameter "), "var.")
	return name, bareKey.MatchString(name)
}

// Add plans the changes of a role's policy. A role without changes has to stay
// as it is: text that it shares with others is not edited.
func (p *Plan) Add(subject *role.Role, changes []trust.Change) {
	if len(changes) == 0 && !editable(subject) {
		return
	}
	one := &job{role: subject}
	p.jobs = append(p.jobs, one)
	err := p.plan(len(p.jobs)-1, one, changes)
	if err != nil && len(changes) > 0 {
		one.refuse(err)
	}
}

func (j *job) refuse(err error) {
	if j.refusal != nil {
		return
	}
	j.refusal = &Refusal{Role: j.role, Reason: err.Error()}
	var known *refusalError
	if errors.As(err, &known) {
		j.refusal.Hint = known.hint
	}
	j.pieces = nil
}

// refusalError carries a hint.
type refusalError struct{ reason, hint string }

func (e *refusalError) Error() string { return e.reason }

func (p *Plan) plan(number int, one *job, changes []trust.Change) error {
	tree, bare, err := p.tree(one.role, changes)
	if err != nil {
		return err
	}
	one.tree, one.changes = tree, changes
	all, err := statements(tree)
	if err != nil {
		p.use(tree, number, -1, bare)
		return err
	}
	for i := range all {
		p.use(&all[i], number, i, bare)
	}
	if len(changes) == 0 {
		return nil
	}
	if err := refused(one.role, tree); err != nil {
		return err
	}
	e := editor{policy: tree, all: all, origins: map[*page]origins{}, pages: func(file *trust.File) (*page, error) {
		if bare != nil {
			return bare, bare.err
		}
		return p.page(file, one.role.Source.Kind)
	}}
	e.name = func(on string) (string, bool) {
		name, ok := p.options.Name(on)
		if ok && !slices.Contains(one.names, name) {
			one.names = append(one.names, name)
		}
		return name, ok
	}
	for i := range changes {
		if all := changes[i].Statement; all >= 0 && all < len(e.all) && hasChoice(&e.all[all]) {
			return errors.New("a part of the statement is chosen by a condition")
		}
		pieces, err := e.statement(&changes[i])
		if err != nil {
			return explained(e.placeOf(changes[i].Statement), err)
		}
		for j := range pieces {
			pieces[j].statement = changes[i].Statement
		}
		one.pieces = append(one.pieces, pieces...)
	}
	return nil
}

// hasChoice reports whether a part of a value depends on a condition.
func hasChoice(v *trust.Value) bool {
	if v.Kind == trust.Choice || v.Kind == trust.Absent {
		return true
	}
	for i := range v.Items {
		if hasChoice(&v.Items[i]) {
			return true
		}
	}
	for i := range v.Members {
		if hasChoice(&v.Members[i].Key) || hasChoice(&v.Members[i].Value) {
			return true
		}
	}
	return false
}

// page opens a file, once.
func (p *Plan) page(file *trust.File, kind role.Kind) (*page, error) {
	if file == nil || file.Name == "" {
		return nil, errNotFound
	}
	opened := p.pages[file.Name]
	if opened == nil {
		opened = openPage(file.Name, file.Text, kind)
		p.pages[file.Name] = opened
	}
	return opened, opened.err
}

// use notes what text a statement is made of.
func (p *Plan) use(v *trust.Value, number, statement int, bare *page) {
	if v.Range.File != nil && v.Range.End > v.Range.Start {
		name, shift := v.Range.File.Name, 0
		if bare != nil {
			name, shift = bare.name, bare.shift
		}
		p.uses[name] = append(p.uses[name], use{span{v.Range.Start + shift, v.Range.End + shift}, number, statement})
	}
	for i := range v.Items {
		p.use(&v.Items[i], number, statement, bare)
	}
	for i := range v.Members {
		p.use(&v.Members[i].Value, number, statement, bare)
	}
}

// Finish gives the edits of all roles whose text can be edited.
func (p *Plan) Finish() *Patch {
	p.reconcile()
	declared := declarations{plan: p, done: map[string]error{}}
	done := &Patch{of: map[*role.Role][]Edit{}}
	seen := map[Edit]bool{}
	groups := map[string]bool{}
	for _, one := range p.jobs {
		if err := declared.declare(one); err != nil {
			one.refuse(err)
		}
		switch {
		case one.refusal != nil:
			done.Refused = append(done.Refused, *one.refusal)
			continue
		case len(one.pieces) > 0:
			done.Edited = append(done.Edited, one.role)
		}
		for i := range one.pieces {
			done.of[one.role] = append(done.of[one.role], one.pieces[i].edits...)
			if groups[one.pieces[i].id] {
				continue
			}
			groups[one.pieces[i].id] = true
			for _, edit := range one.pieces[i].edits {
				if edit.Start < edit.End && seen[edit] {
					continue
				}
				seen[edit] = true
				done.Edits = append(done.Edits, edit)
			}
		}
	}
	done.declared = declared.edits
	done.Edits = append(done.Edits, declared.edits...)
	sortEdits(done.Edits)
	return done
}

func sortEdits(edits []Edit) {
	sort.SliceStable(edits, func(i, j int) bool {
		a, b := &edits[i], &edits[j]
		switch {
		case a.File != b.File:
			return a.File < b.File
		case a.Start != b.Start:
			return a.Start < b.Start
		}
		return a.End < b.End
	})
}

// identity spells what a piece does.
func (p *piece) identity() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d", p.file, p.start, p.end)
	for _, e := range p.edits {
		fmt.Fprintf(&b, "\x00%d:%d:%s", e.Start, e.End, e.New)
	}
	return b.String()
}

// Apply makes the edits of a file's text.
func (p *Patch) Apply(file string, text []byte) ([]byte, error) {
	from := sort.Search(len(p.Edits), func(i int) bool { return p.Edits[i].File >= file })
	var changes []change
	size := len(text)
	at := 0
	for _, e := range p.Edits[from:] {
		if e.File != file {
			break
		}
		if e.Start < at || e.End < e.Start || e.End > len(text) {
			return nil, fmt.Errorf("editing %s: its text is not the one that was read", file)
		}
		changes = append(changes, change{e.Start, e.End, e.New})
		size += len(e.New)
		at = e.End
	}
	return []byte(splice(text, 0, len(text), changes)), nil
}

// Files are the names of the files that change.
func (p *Patch) Files() []string {
	var names []string
	for i := range p.Edits {
		if i == 0 || p.Edits[i].File != p.Edits[i-1].File {
			names = append(names, p.Edits[i].File)
		}
	}
	return names
}
