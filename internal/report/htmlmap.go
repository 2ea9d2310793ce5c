package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// The trust map has three columns: who, by which protection, into which role.
// Each (who, protection, role) is a line of its own with a lane of its own in
// the middle, so that no way is shown that does not exist.

// What the map shows at most; the rest is folded into one node a column.
const (
	mostMapParties = 18
	mostMapNodes   = 26 // roles
	mostMapLines   = 130
)

// mapLine is a way into a role, or into so many of the folded ones.
type mapLine struct {
	party, guard, role int // indexes of nodes
	roles              int
}

// mapNode is a node of one of the three columns.
type mapNode struct {
	label, title, class, href string
	accounts                  []string // of a third party, to filter by
	lines                     int
}

// trustGraph is the map before it is laid out.
type trustGraph struct {
	parties, guards, roles []mapNode
	lines                  []mapLine
	foldedParties          int
	foldedRoles            int
	partyAt, guardAt       map[string]int // the nodes of names
}

func joinedGuards(kinds []string) string { return strings.Join(protectionNames(kinds), ", ") }

// graph folds what is too much.
func (f *facts) graph() *trustGraph {
	kept := f.mapRoles()
	for ; ; kept = kept[:len(kept)-1] {
		if g := f.graphOf(kept); len(g.lines) <= mostMapLines || len(kept) <= 1 {
			return g
		}
	}
}

// mapRoles picks the roles to show: of each group some, and then the worst.
func (f *facts) mapRoles() []mapRole {
	const some = 6
	var kept, more []mapRole
	for _, roles := range f.roles {
		n := min(some, len(roles))
		kept, more = append(kept, roles[:n]...), append(more, roles[n:]...)
	}
	kept = append(kept, more...)
	kept = kept[:min(len(kept), mostMapNodes)]
	slices.SortStableFunc(kept, func(a, b mapRole) int { return cmp.Compare(a.group, b.group) })
	return kept
}

// graphOf makes the map of these roles, with everything else folded.
func (f *facts) graphOf(kept []mapRole) *trustGraph {
	g := &trustGraph{partyAt: map[string]int{}, guardAt: map[string]int{}, foldedRoles: f.reached - len(kept)}
	g.addParties(f.sortedParties())
	for _, name := range f.guards() {
		g.guardAt[name] = len(g.guards)
		g.guards = append(g.guards, mapNode{label: name, title: name, class: guardClass(name)})
	}
	// Roles of a group stand in the order of what they are tied to, so that few
	// lines cross.
	kept = slices.Clone(kept)
	slices.SortStableFunc(kept, func(a, b mapRole) int {
		tie := func(r *mapRole) []int { return []int{r.group, g.guardAt[r.ways[0].guard], g.party(r.ways[0].party)} }
		return slices.Compare(tie(&a), tie(&b))
	})

	into := map[mapLine]int{} // roles
	rest := maps.Clone(f.ways)
	for i := range kept {
		g.roles = append(g.roles, kept[i].node())
		for _, key := range kept[i].ways {
			rest[key]--
			into[mapLine{party: g.party(key.party), guard: g.guardAt[key.guard], role: i}] = 1
		}
	}
	if g.foldedRoles > 0 {
		for key, n := range rest {
			if n > 0 {
				into[mapLine{party: g.party(key.party), guard: g.guardAt[key.guard], role: len(kept)}] += n
			}
		}
		g.roles = append(g.roles, mapNode{label: counted(g.foldedRoles, "more role", "more roles"), class: "more", href: "#findings"})
	}
	for key, n := range into {
		key.roles = n
		g.lines = append(g.lines, key)
	}
	g.settle()
	return g
}

// addParties adds the third parties, the first ones by name.
func (g *trustGraph) addParties(all []*partyFacts) {
	for i, party := range all {
		if i >= mostMapParties && len(all) > mostMapParties+1 {
			g.foldedParties = len(all) - mostMapParties
			g.parties = append(g.parties, mapNode{
				label: counted(g.foldedParties, "more third party", "more third parties"), class: "more", href: "#third-parties",
			})
			return
		}
		g.partyAt[party.Label] = i
		g.parties = append(g.parties, mapNode{
			label: party.Label, title: strings.TrimSpace(party.Label + " " + party.About), class: "party", href: "#third-parties", accounts: party.Accounts,
		})
	}
}

// party is the node of a third party, which may be the folded ones'.
func (g *trustGraph) party(label string) int {
	if i, ok := g.partyAt[label]; ok {
		return i
	}
	return len(g.parties) - 1
}

func (r *mapRole) node() mapNode {
	node := mapNode{label: r.title, title: r.title, class: htmlGroups[r.group].class, href: "#" + htmlGroups[r.group].class + "-findings"}
	if r.account != "" {
		node.title += ", account " + r.account
	}
	if r.anchor != "" {
		node.href = "#" + r.anchor
	}
	return node
}

// settle puts the nodes that have lines into an order with few crossings.
func (g *trustGraph) settle() {
	for _, l := range g.lines {
		g.parties[l.party].lines++
		g.guards[l.guard].lines++
		g.roles[l.role].lines++
	}
	slices.SortFunc(g.lines, func(a, b mapLine) int {
		return cmp.Or(cmp.Compare(a.guard, b.guard), cmp.Compare(a.party, b.party), cmp.Compare(a.role, b.role))
	})
}

// guards lists the kinds of protection that are met, none first.
func (f *facts) guards() []string {
	met := map[string]bool{}
	for key := range f.ways {
		met[key.guard] = true
	}
	var names []string
	for name := range met {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(guardRank(a), guardRank(b)), cmp.Compare(a, b))
	})
	return names
}

func guardRank(name string) int {
	switch name {
	case noGuard:
		return 0
	case unusableGuard:
		return 1
	case openGuard:
		return 2
	case someGuard:
		return 3
	}
	return 4
}

func guardClass(name string) string {
	return [...]string{"open", "unusable", "undecided", "guarded", "guarded"}[guardRank(name)]
}
