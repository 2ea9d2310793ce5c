package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Roots picks the directories to read as root modules among those that hold
// configuration: the ones that no other calls as a local module. Of modules
// that call each other in a circle, the first is one.
func Roots(files Files, dirs []string) []string {
	dirs = slices.DeleteFunc(slices.Clone(dirs), isFetched)
	slices.Sort(dirs)
	calls := map[string][]string{}
	called := map[string]bool{}
	for _, dir := range dirs {
		for _, target := range localCalls(files, dir) {
			if target != dir {
				calls[dir] = append(calls[dir], target)
				called[target] = true
			}
		}
	}
	reached := map[string]bool{}
	var reach func(dir string)
	reach = func(dir string) {
		if !reached[dir] {
			reached[dir] = true
			for _, target := range calls[dir] {
				reach(target)
			}
		}
	}
	var roots []string
	for _, circular := range []bool{false, true} {
		for _, dir := range dirs {
			if !reached[dir] && (circular || !called[dir]) {
				roots = append(roots, dir)
				reach(dir)
			}
		}
	}
	slices.Sort(roots)
	return roots
}

// isFetched reports whether a directory belongs to what terraform init keeps.
// It is read through the modules that call it.
func isFetched(dir string) bool {
	return slices.Contains(strings.Split(dir, "/"), ".terraform")
}

// localCalls lists the directories below the root that a directory's modules
// are in.
func localCalls(files Files, dir string) (targets []string) {
	r := &reader{files: files, rootDir: dir, sources: map[string]*source{}, directories: map[string]*directory{},
		unreadable: map[*block]bool{}, bodies: map[*block]*hclsyntax.Body{}, said: map[Incomplete]bool{},
		out: Output{Incomplete: func(Incomplete) {}}}
	for _, b := range r.load(dir).calls() {
		body, ok := r.parse(b)
		if !ok || body.Attributes["source"] == nil {
			continue
		}
		v, diagnostics := body.Attributes["source"].Expr.Value(nil)
		if diagnostics.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type().FriendlyName() != "string" {
			continue
		}
		if written := v.AsString(); isLocal(written) {
			if target, inside := within(dir, written); inside {
				targets = append(targets, target)
			}
		}
	}
	return targets
}
