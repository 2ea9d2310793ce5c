package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// htmlMap is the trust map as it is drawn, and as a table.
type htmlMap struct {
	Width, Height int
	Heads, Clips  []drawnNode
	Nodes         []drawnNode
	Lines         []drawnLine
	Guards        []drawnNode // names of what protects, over the middle column
	Rows          []mapRow
	MoreRows      int
	Parties       int // that are drawn
	Roles         int // likewise
	FoldedParties int
	FoldedRoles   int
	All           bool // roles that pass are among them
}

// drawnNode is a box with a name.
type drawnNode struct {
	ID                  string // "p3", "g0", "r7"
	X, Y, Width, Height int
	TextX, TextY        int
	Label, Title, Class string
	Href                string
	Accounts            []string
	Lines               int
}

// drawnLine is a way from a third party through its lane in the middle column
// into a role.
type drawnLine struct {
	Nodes, Path, Class, Title string
	Wide                      bool
}

type mapRow struct {
	Party, Guard, Role, Class, Href string
}

// Measures of the drawing, in its own units.
const (
	mapWidth    = 1000
	partyWidth  = 250
	guardLeft   = 425
	guardWidth  = 150
	roleLeft    = 730
	laneHeight  = 9
	leastHeight = 28
	mapGap      = 8
	guardTop    = 24 // room for the name of a protection over its lanes
	mapTop      = 30 // room for the heads
	mostMapRows = 400
)

// column is a column of boxes, and the lanes that are taken in each.
type column struct {
	nodes  []mapNode
	tops   []int
	taken  []int
	height int
}

func newColumn(nodes []mapNode, least, top int) column {
	c := column{nodes: nodes, tops: make([]int, len(nodes)), taken: make([]int, len(nodes))}
	for i, node := range nodes {
		if node.lines == 0 {
			continue
		}
		if c.height > 0 {
			c.height += mapGap
		}
		c.tops[i] = c.height + top
		c.height += top + boxHeight(node, least)
	}
	return c
}

func boxHeight(node mapNode, least int) int { return max(least, node.lines*laneHeight+6) }

// lane returns the height of the next free lane of a node.
func (c *column) lane(i, least int) int {
	free := boxHeight(c.nodes[i], least) - c.nodes[i].lines*laneHeight
	y := c.tops[i] + free/2 + c.taken[i]*laneHeight + laneHeight/2
	c.taken[i]++
	return y
}

// trustMap draws the map; nil where nobody gets in.
//
// detailed says how many findings of each group have a place of their own.
func (f *facts) trustMap(all bool, detailed [len(htmlGroups)]int) *htmlMap {
	for group, roles := range f.roles {
		for i := range roles {
			if roles[i].order >= detailed[group] {
				roles[i].anchor = ""
			}
		}
	}
	g := f.graph()
	if len(g.lines) == 0 {
		return nil
	}
	made := &htmlMap{
		Width: mapWidth, FoldedParties: g.foldedParties, FoldedRoles: g.foldedRoles, All: all,
		Parties: len(g.parties) - min(g.foldedParties, 1), Roles: len(g.roles) - min(g.foldedRoles, 1),
	}
	parties, guards, roles := newColumn(g.parties, leastHeight, 0), newColumn(g.guards, 0, guardTop), newColumn(g.roles, leastHeight, 0)
	height := max(parties.height, guards.height, roles.height)
	for _, c := range []*column{&parties, &guards, &roles} {
		for i := range c.tops {
			c.tops[i] += mapTop + (height-c.height)/2
		}
	}
	made.Height = height + mapTop + 4
	const inner = 8
	made.Clips = []drawnNode{
		{ID: "p", X: 0, Width: partyWidth - inner}, {ID: "r", X: roleLeft, Width: mapWidth - roleLeft - inner},
	}
	made.Heads = []drawnNode{{TextX: 0, Label: "Who"}, {TextX: guardLeft, Label: "Protection"}, {TextX: roleLeft, Label: "Role"}}
	made.draw(g, &parties, &guards, &roles)
	made.Nodes = append(made.Nodes, boxes(&parties, "p", 0, partyWidth, leastHeight)...)
	made.Nodes = append(made.Nodes, boxes(&roles, "r", roleLeft, mapWidth-roleLeft, leastHeight)...)
	made.Guards = boxes(&guards, "g", guardLeft, guardWidth, 0)
	for i := range made.Guards {
		made.Guards[i].TextX, made.Guards[i].TextY = guardLeft+guardWidth/2, made.Guards[i].Y-8
	}
	return made
}

// draw makes the lines. Each column gives lanes in the order in which the
// other ends stand, so that few lines cross.
func (m *htmlMap) draw(g *trustGraph, parties, guards, roles *column) {
	lanes := make([][3]int, len(g.lines))
	order := make([]int, len(g.lines))
	for i := range order {
		order[i] = i
	}
	give := func(at int, c *column, least int, node func(mapLine) int, by func(mapLine) []int) {
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(slices.Compare(by(g.lines[a]), by(g.lines[b])), cmp.Compare(a, b))
		})
		for _, i := range order {
			lanes[i][at] = c.lane(node(g.lines[i]), least)
		}
	}
	give(0, parties, leastHeight, func(l mapLine) int { return l.party }, func(l mapLine) []int { return []int{l.guard, l.role} })
	give(1, guards, 0, func(l mapLine) int { return l.guard }, func(l mapLine) []int { return []int{l.party, l.role} })
	give(2, roles, leastHeight, func(l mapLine) int { return l.role }, func(l mapLine) []int { return []int{l.guard, l.party} })

	for i, l := range g.lines {
		party, guard, role := g.parties[l.party], g.guards[l.guard], g.roles[l.role]
		y := lanes[i]
		const bend, bendRight = (partyWidth + guardLeft) / 2, (guardLeft + guardWidth + roleLeft) / 2
		m.Lines = append(m.Lines, drawnLine{
			Nodes: fmt.Sprintf("p%d g%d r%d", l.party, l.guard, l.role),
			Path: fmt.Sprintf("M%d %dC%d %d %d %d %d %dH%dC%d %d %d %d %d %d", partyWidth, y[0], bend, y[0], bend, y[1], guardLeft, y[1],
				guardLeft+guardWidth, bendRight, y[1], bendRight, y[2], roleLeft, y[2]),
			Class: guard.class, Wide: l.roles > 1,
			Title: fmt.Sprintf("%s → %s → %s", party.label, guard.label, role.label),
		})
		if len(m.Rows) < mostMapRows {
			m.Rows = append(m.Rows, mapRow{party.label, guard.label, mapRoleName(role, l.roles), guard.class, role.href})
		}
	}
	m.MoreRows = len(g.lines) - len(m.Rows)
}

func mapRoleName(role mapNode, n int) string {
	if role.class != "more" {
		return role.title
	}
	return fmt.Sprintf("%s (%s of them)", role.label, thousands(n))
}

func boxes(c *column, kind string, x, width, least int) []drawnNode {
	var made []drawnNode
	for i, node := range c.nodes {
		if node.lines == 0 {
			continue
		}
		height := boxHeight(node, least)
		made = append(made, drawnNode{
			ID: fmt.Sprintf("%s%d", kind, i), X: x, Y: c.tops[i], Width: width, Height: height,
			TextX: x + 14, TextY: c.tops[i] + height/2 + 5,
			Label: node.label, Title: cmp.Or(node.title, node.label), Class: node.class,
			Href: node.href, Accounts: node.accounts, Lines: node.lines,
		})
	}
	return made
}

// AccountList names accounts for the script of the page.
func (n drawnNode) AccountList() string { return strings.Join(n.Accounts, " ") }

// Clip is what keeps a name within its column.
func (n drawnNode) Clip() string { return "column-" + n.ID[:1] }
