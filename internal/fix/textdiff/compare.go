package textdiff

import "math"

// change replaces the lines [a, a+removed) of one text by the lines
// [b, b+added) of the other.
type change struct{ a, removed, b, added int }

func (c change) endA() int { return c.a + c.removed }
func (c change) endB() int { return c.b + c.added }

// maxCost bounds the search for the shortest way through one stretch, in
// inserted and removed lines. A stretch that differs in more is cut at the
// furthest place that was reached.
const maxCost = 256

// compare returns the changes that turn a into b, in order, with at least one
// unchanged line between any two.
func compare(a, b []string) []change {
	return place(a, b, settle(a, b, search(a, b).changes()))
}

// search finds the lines that are not common.
func search(a, b []string) *comparison {
	numbers := map[string]int{}
	c := &comparison{a: number(a, numbers), b: number(b, numbers)}
	c.removed, c.added = make([]bool, len(a)), make([]bool, len(b))
	// One diagonal more at either side, which the search looks at.
	diagonals := len(a) + len(b) + 3
	c.forward, c.backward = make([]int, diagonals), make([]int, diagonals)
	c.stretch(0, len(a), 0, len(b))
	return c
}

// number gives equal lines equal numbers.
func number(lines []string, numbers map[string]int) []int {
	numbered := make([]int, len(lines))
	for i, line := range lines {
		n, known := numbers[line]
		if !known {
			n = len(numbers)
			numbers[line] = n
		}
		numbered[i] = n
	}
	return numbered
}

// comparison finds the lines that are not common to two texts, after Eugene
// Myers, "An O(ND) Difference Algorithm and Its Variations" (Algorithmica 1,
// 1986), section 4b: from both ends to the middle, then each half by itself.
type comparison struct {
	a, b              []int
	removed, added    []bool
	forward, backward []int // the furthest a on each diagonal
	visits            int   // of diagonals: the work done
}

// stretch compares a[a0:a1] with b[b0:b1].
func (c *comparison) stretch(a0, a1, b0, b1 int) {
	for {
		for a0 < a1 && b0 < b1 && c.a[a0] == c.b[b0] {
			a0, b0 = a0+1, b0+1
		}
		for a0 < a1 && b0 < b1 && c.a[a1-1] == c.b[b1-1] {
			a1, b1 = a1-1, b1-1
		}
		if a0 == a1 || b0 == b1 {
			for ; a0 < a1; a0++ {
				c.removed[a0] = true
			}
			for ; b0 < b1; b0++ {
				c.added[b0] = true
			}
			return
		}
		a, b := c.middle(a0, a1, b0, b1)
		// The smaller half in a call, the larger in this loop: so the calls
		// never nest deeper than the logarithm of the length.
		if a-a0+b-b0 < a1-a+b1-b {
			c.stretch(a0, a, b0, b)
			a0, b0 = a, b
		} else {
			c.stretch(a, a1, b, b1)
			a1, b1 = a, b
		}
	}
}

// middle returns a place on a shortest way from (a0, b0) to (a1, b1), neither
// of which it is. Both texts have lines, and the first and last of them differ.
// A diagonal is the difference of the two coordinates.
func (c *comparison) middle(a0, a1, b0, b1 int) (a, b int) {
	zero := len(c.b) + 1
	lowest, highest := a0-b1, a1-b0
	first, last := a0-b0, a1-b1
	there, back := diagonals{first, first}, diagonals{last, last}
	c.forward[zero+first], c.backward[zero+last] = a0, a1
	odd := (first-last)%2 != 0
	for cost := 1; ; cost++ {
		c.visits += cost
		there.widen(lowest, highest, func(d int) { c.forward[zero+d] = -1 })
		for d := there.most; d >= there.least; d -= 2 {
			x := max(c.forward[zero+d-1]+1, c.forward[zero+d+1])
			for x < a1 && x-d < b1 && c.a[x] == c.b[x-d] {
				x++
			}
			c.forward[zero+d] = x
			if odd && back.has(d) && c.backward[zero+d] <= x {
				return x, x - d
			}
		}
		back.widen(lowest, highest, func(d int) { c.backward[zero+d] = math.MaxInt })
		for d := back.most; d >= back.least; d -= 2 {
			x := min(c.backward[zero+d-1], c.backward[zero+d+1]-1)
			for a0 < x && b0 < x-d && c.a[x-1] == c.b[x-1-d] {
				x--
			}
			c.backward[zero+d] = x
			if !odd && there.has(d) && x <= c.forward[zero+d] {
				return x, x - d
			}
		}
		if cost == maxCost {
			return c.furthest(there, a1, b1)
		}
	}
}

// diagonals are those that a search has come to.
type diagonals struct{ least, most int }

func (d *diagonals) has(diagonal int) bool { return d.least <= diagonal && diagonal <= d.most }

// widen goes on by one diagonal at either side, or draws back from the edge of
// the texts. beyond is told which diagonals have to look unreached.
func (d *diagonals) widen(lowest, highest int, beyond func(diagonal int)) {
	if d.least > lowest {
		d.least--
		beyond(d.least - 1)
	} else {
		d.least++
	}
	if d.most < highest {
		d.most++
		beyond(d.most + 1)
	} else {
		d.most--
	}
}

// furthest returns the place to which the search from the front has come the
// furthest, counted in lines of both texts.
func (c *comparison) furthest(there diagonals, a1, b1 int) (a, b int) {
	zero := len(c.b) + 1
	best := -1
	for d := there.most; d >= there.least; d -= 2 {
		x := min(c.forward[zero+d], a1, b1+d)
		if x+x-d > best {
			best, a, b = x+x-d, x, x-d
		}
	}
	return a, b
}

// changes lists the runs of lines that are not common.
func (c *comparison) changes() (all []change) {
	for a, b := 0, 0; a < len(c.a) || b < len(c.b); {
		found := change{a: a, b: b}
		for a < len(c.a) && c.removed[a] {
			a++
		}
		for b < len(c.b) && c.added[b] {
			b++
		}
		found.removed, found.added = a-found.a, b-found.b
		if found.removed+found.added > 0 {
			all = append(all, found)
			continue
		}
		a, b = a+1, b+1
	}
	return all
}
