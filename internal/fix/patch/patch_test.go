package patch

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source"
	"countersign/trust"
	"countersign/trust/jsontree"
)

const account = "111122223333"

// trees are the policies of roles that hold text: changes refer to their places.
var trees sync.Map

// readTree gives the roles of a tree of files, in order.
func readTree(t tester, tree fs.FS) []*role.Role {
	t.Helper()
	var roles []*role.Role
	files := source.NewTree(tree, "", source.Options{Account: account})
	err := files.Roles(context.Background(), func(item audit.Item) error {
		one, err := item.Role()
		if err == nil {
			one.Trust.Decode()
			one.Trust.JSON = append([]byte(nil), one.Trust.JSON...)
			roles = append(roles, one)
		}
		return err
	}, func(what audit.Incomplete) {
		t.Logf("incomplete: %s: %s", what.Source, what.Reason)
	})
	if err != nil {
		t.Fatal(err)
	}
	return roles
}

func treeOf(files map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

// policyOf is the tree of a role's policy.
func policyOf(t tester, one *role.Role) trust.Value {
	t.Helper()
	if one.Trust.Tree != nil {
		return *one.Trust.Tree
	}
	if v, found := trees.Load(one); found {
		return v.(trust.Value)
	}
	v, err := jsontree.Parse(&trust.File{Text: one.Trust.JSON})
	if err != nil {
		t.Fatalf("%s: %v", one.Title(), err)
	}
	trees.Store(one, v)
	return v
}

// wish makes the changes of one role; nil leaves it as it is.
type wish func(t tester, one *role.Role, policy *trust.Policy) []trust.Change

// parsed is a policy with its conditions.
func parsed(t tester, one *role.Role) *trust.Policy {
	t.Helper()
	policy, err := trust.Parse(policyOf(t, one))
	if err != nil {
		return nil
	}
	return policy
}

func externalID(values ...trust.Value) *trust.NewCondition {
	if len(values) == 0 {
		values = []trust.Value{trust.Literal("k3-99-vendor")}
	}
	return &trust.NewCondition{Operator: "StringEquals", Key: "sts:ExternalId", Values: values}
}

func mfa() *trust.NewCondition {
	return &trust.NewCondition{Operator: "Bool", Key: "aws:MultiFactorAuthPresent", Values: []trust.Value{trust.Literal("true")}}
}

// adding adds a condition to a statement.
func adding(statement int, made ...*trust.NewCondition) wish {
	return func(tester, *role.Role, *trust.Policy) []trust.Change {
		one := trust.Change{Statement: statement}
		for _, m := range made {
			one.Conditions = append(one.Conditions, trust.ConditionEdit{New: m})
		}
		return []trust.Change{one}
	}
}

// replacing puts a condition in the place of the one with that number; nil
// takes it out.
func replacing(statement, condition int, made *trust.NewCondition) wish {
	return func(_ tester, _ *role.Role, policy *trust.Policy) []trust.Change {
		old := policy.Statements[statement].Conditions[condition]
		return []trust.Change{{Statement: statement, Conditions: []trust.ConditionEdit{{Old: &old, New: made}}}}
	}
}

// splitting moves principals into a statement of their own, with an external
// ID; the statement loses its Sid there.
func splitting(statement int, numbers ...int) wish {
	return func(t tester, one *role.Role, policy *trust.Policy) []trust.Change {
		c := trust.Change{Statement: statement}
		var rest []trust.Principal
		for i, principal := range policy.Statements[statement].Principals {
			if contains(numbers, i) {
				c.Out = append(c.Out, principal)
			} else {
				rest = append(rest, principal)
			}
		}
		document, err := trust.Apply(policyOf(t, one), []trust.Change{{
			Statement: statement, Out: rest, Conditions: []trust.ConditionEdit{{New: externalID()}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		all, err := statements(&document)
		if err != nil {
			t.Fatal(err)
		}
		copied := all[statement]
		var members []trust.Member
		for _, m := range copied.Members {
			if m.Key.Text != "Sid" {
				members = append(members, m)
			}
		}
		copied.Members = members
		c.Insert = []trust.Value{copied}
		return []trust.Change{c}
	}
}

func contains(numbers []int, n int) bool {
	for _, one := range numbers {
		if one == n {
			return true
		}
	}
	return false
}

// outcome is what patching a tree has come to.
type outcome struct {
	files   map[string]string
	patch   *Patch
	roles   []*role.Role
	wanted  map[string]trust.Value // by address
	changes map[string][]trust.Change
}

func key(one *role.Role) string { return one.Source.Path + " " + one.Source.Address }

// patched makes wishes, by address or title, and reads the result again: every
// role's policy has to mean what was wished for.
func patched(t tester, files map[string]string, options Options, wishes map[string]wish) outcome {
	t.Helper()
	tree := treeOf(files)
	o := outcome{roles: readTree(t, tree), files: map[string]string{}, wanted: map[string]trust.Value{}, changes: map[string][]trust.Change{}}
	options.Read = func(path string) ([]byte, error) { return fs.ReadFile(tree, path) }
	options.List = func(directory string) ([]string, error) {
		entries, err := fs.ReadDir(tree, directory)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names, err
	}
	plan := NewPlan(options)
	met := map[string]bool{}
	for _, one := range o.roles {
		var changes []trust.Change
		for _, name := range []string{one.Source.Address, one.Name, "*"} {
			if w := wishes[name]; w != nil {
				met[name] = true
				changes = w(t, one, parsed(t, one))
				break
			}
		}
		o.changes[key(one)] = changes
		plan.Add(one, changes)
	}
	for name := range wishes {
		if !met[name] {
			t.Fatalf("no role %s in %v", name, o.roles)
		}
	}
	o.patch = plan.Finish()
	edited := map[string][]byte{}
	for name, text := range files {
		o.files[name] = text
	}
	for _, name := range o.patch.Files() {
		after, err := o.patch.Apply(name, []byte(o.files[name]))
		if err != nil {
			t.Fatal(err)
		}
		o.files[name], edited[name] = string(after), after
	}
	o.check(t, plan, tree, edited)
	return o
}

// check reads the edited tree.
func (o *outcome) check(t tester, plan *Plan, tree fs.FS, edited map[string][]byte) {
	t.Helper()
	for _, fault := range plan.verify(readTree(t, Overlay(tree, edited))) {
		wanted, err := trust.Apply(policyOf(t, fault.Role), o.changes[key(fault.Role)])
		if err != nil {
			t.Fatal(err)
		}
		t.Fatalf("%s: %s:\n%s\nwanted %s", key(fault.Role), fault.Reason, o.all(), show(wanted))
	}
}

func (o *outcome) all() string {
	var b strings.Builder
	for name := range o.files {
		b.WriteString("--- " + name + "\n" + o.files[name])
	}
	return b.String()
}

// show spells a policy.
func show(v trust.Value) string {
	switch v.Kind {
	case trust.Object:
		var all []string
		for _, m := range v.Members {
			all = append(all, show(m.Key)+": "+show(m.Value))
		}
		return "{" + strings.Join(all, ", ") + "}"
	case trust.Array:
		var all []string
		for _, item := range v.Items {
			all = append(all, show(item))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case trust.Unknown:
		return "<" + v.On + ">"
	}
	text := v.Text
	for _, part := range v.Parts {
		text += part.Text + "<" + part.On + ">"
	}
	return text
}

// fixture reads the files of a directory of another package's test data.
func fixture(t tester, directory string) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := os.DirFS("../../source/" + directory)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// lines compares two texts by the lines that differ: those that went with "-"
// before them, those that came with "+".
func lines(before, after string) string {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	var out strings.Builder
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	for len(a) > 0 || len(b) > 0 {
		i, j := len(longest)-1-len(a), len(longest[0])-1-len(b)
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case len(a) > 0 && (len(b) == 0 || longest[i+1][j] >= longest[i][j+1]):
			out.WriteString("-" + strings.TrimSuffix(a[0], "\n") + "\n")
			a = a[1:]
		default:
			out.WriteString("+" + strings.TrimSuffix(b[0], "\n") + "\n")
			b = b[1:]
		}
	}
	return out.String()
}

// same fails with the difference of two texts.
func equal(t tester, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nthe difference: %s", got, cmp.Diff(want, got))
	}
}

type condition = trust.NewCondition

func literals(texts ...string) (values []trust.Value) {
	for _, text := range texts {
		values = append(values, trust.Literal(text))
	}
	return values
}

// tester is what tests of all kinds have.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Error(...any)
	Errorf(string, ...any)
	Logf(string, ...any)
}
