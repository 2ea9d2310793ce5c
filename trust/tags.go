package trust

import "slices"

// Session tags: the keys of aws:RequestTag are those listed in aws:TagKeys, and
// the transitive ones are among them. Keys that differ in the case of ASCII
// letters only are one key, but the lists are compared as they are spelt, and
// sts:TransitiveTagKeys need not spell a key as aws:TagKeys does.

// tagKeys demands a result of a condition on one of the lists of keys.
func (f *finder) tagKeys(a *atom, want bool, next func() bool) bool {
	s, op := a.info.slot, a.Operator
	d := &a.demands[0]
	if want {
		d = &a.demands[1]
	}
	if op.Set == NoSetOperator {
		return f.place(s, a.absent == want, d, next)
	}
	if a.absent == want && f.narrow(s, true, false, nil, next) {
		return true
	}
	if (op.Set == ForAllValues) == want {
		return f.place(s, false, d, next) // every key satisfies it
	}
	if d.verdict != sometimes {
		return f.narrow(s, false, d.verdict == everytime, nil, next)
	}
	for _, alternative := range d.alternatives {
		before := len(f.someTags)
		f.someTags = append(f.someTags, someTag{s, alternative})
		if f.narrow(s, false, true, nil, next) {
			return true
		}
		f.someTags = f.someTags[:before]
	}
	return false
}

// tagging is the choice of session tags for one solution.
type tagging struct {
	*finder
	known  []slot // tags that conditions ask for by name
	values map[slot]string
	stuck  bool
}

// A tag is one that is passed. Its spellings satisfy what was demanded.
type tag struct {
	slot              slot // 0 for a tag that no condition names
	key, passedOn     string
	transitive        bool
	keys, transitives []constraint // that its spellings have to satisfy beside those on all keys
}

// fillTags chooses session tags: those that have to be there by name, one for
// each demand on some key, and at least one at all.
func (f *finder) fillTags(sol *solution) status {
	if !f.mode.tags {
		return satisfiable
	}
	t := &tagging{finder: f, values: map[slot]string{}}
	for i := firstFreeSlot; int(i) < len(f.slots); i++ {
		if f.slots[i].class == keyRequestTag {
			t.known = append(t.known, i)
		}
	}
	tags, ok := t.choose()
	switch {
	case ok:
		t.pass(tags, sol)
		return satisfiable
	case t.stuck || f.effort.exhausted():
		return gaveUp
	}
	return unsatisfiable
}

// pass writes the tags down.
func (t *tagging) pass(tags []tag, sol *solution) {
	sol.tagKeys, sol.transitive, sol.tags = nil, nil, map[string]string{}
	for i := range tags {
		one := &tags[i]
		sol.tagKeys = append(sol.tagKeys, one.key)
		sol.tags[one.key] = "x"
		if one.slot != 0 {
			sol.tags[one.key] = t.values[one.slot]
		}
		if one.transitive {
			sol.transitive = append(sol.transitive, one.passedOn)
		}
	}
}

// maxTags is how many session tags a call may pass (STS API reference).
const maxTags = 50

func (t *tagging) choose() ([]tag, bool) {
	demands := slices.Clone(t.someTags)
	inherits := func(d someTag) bool { return d.slot == slotTransitive }
	transitive := &t.sites[slotTransitive]
	if !transitive.absentOK && t.slots[slotTransitive] != nil && !slices.ContainsFunc(demands, inherits) {
		demands = append(demands, someTag{slot: slotTransitive})
	}
	if !transitive.presentOK && slices.ContainsFunc(demands, inherits) {
		return nil, false
	}
	var tags []tag
	for _, s := range t.known {
		if t.sites[s].absentOK {
			continue
		}
		more, ok := t.with(tags, s)
		if !ok || !t.settle(more, len(tags)) {
			return nil, false
		}
		tags = more
	}
	if len(tags) > maxTags {
		return nil, false
	}
	if len(tags) == 0 && len(demands) == 0 {
		demands = []someTag{{slot: slotTagKeys}}
	}
	for i := range demands {
		d := &demands[i]
		if _, st := tagKeyShape.solve(slices.Concat(t.sites[d.slot].constraints, d.constraints), t.effort); st == unsatisfiable {
			return nil, false
		}
	}
	// The demands that leave least choice first, so that dead ends show early.
	slices.SortStableFunc(demands, func(a, b someTag) int { return a.freedom() - b.freedom() })
	return t.meet(tags, demands)
}

func (d *someTag) freedom() int {
	for i := range d.constraints {
		if d.constraints[i].isLiteral() {
			return 0
		}
	}
	return 1
}

// meet makes sure that some key satisfies each demand: one already chosen as it
// is spelt, one that is known by name, a new one, or one already chosen in
// another spelling. It goes back where that leads nowhere.
func (t *tagging) meet(tags []tag, demands []someTag) ([]tag, bool) {
	if len(demands) == 0 {
		return tags, true
	}
	try := func(tags []tag, i int) ([]tag, bool) {
		if t.effort.exhausted() {
			return nil, false
		}
		tags = slices.Clone(tags)
		if tags[i].demand(&demands[0]); !t.settle(tags, i) {
			return nil, false
		}
		return t.meet(tags, demands[1:])
	}
	asSpelt := make([]bool, len(tags))
	for i := range tags {
		if asSpelt[i] = t.satisfies(tags[i], &demands[0]); asSpelt[i] {
			if met, ok := try(tags, i); ok {
				return met, true
			}
		}
	}
	if len(tags) < maxTags {
		for _, s := range t.known {
			if slices.ContainsFunc(tags, func(one tag) bool { return one.slot == s }) {
				continue
			}
			if more, ok := t.with(tags, s); ok {
				if met, ok := try(more, len(tags)); ok {
					return met, true
				}
			}
		}
		if met, ok := try(append(slices.Clip(tags), tag{}), len(tags)); ok {
			return met, true
		}
	}
	for i := range tags {
		if !asSpelt[i] {
			if met, ok := try(tags, i); ok {
				return met, true
			}
		}
	}
	return nil, false
}

// demand adds a demand on some key to those on this one.
func (one *tag) demand(d *someTag) {
	if d.slot == slotTransitive {
		one.transitive = true
		one.transitives = append(slices.Clip(one.transitives), d.constraints...)
	} else {
		one.keys = append(slices.Clip(one.keys), d.constraints...)
	}
}

// satisfies reports whether a tag meets a demand as it is spelt.
func (t *tagging) satisfies(one tag, d *someTag) bool {
	t.effort.spend(1)
	key := []string{one.key}
	if d.slot != slotTransitive {
		return allHold(d.constraints, key, t.effort)
	}
	if one.transitive {
		key[0] = one.passedOn
	}
	return allHold(d.constraints, key, t.effort) && allHold(t.sites[slotTransitive].constraints, key, t.effort)
}

// with adds the tag of a slot, if it may be passed and there is a value for it.
func (t *tagging) with(tags []tag, s slot) ([]tag, bool) {
	if !t.sites[s].presentOK {
		return nil, false
	}
	if _, ok := t.values[s]; !ok {
		value, st := tagValueShape.solve(t.sites[s].constraints, t.effort)
		if st != satisfiable {
			t.stuck = t.stuck || st == gaveUp
			return nil, false
		}
		t.values[s] = value[0]
	}
	return append(slices.Clip(tags), tag{slot: s}), true
}

// settle spells the i-th tag as is demanded, and other new tags anew where they
// stand in its way.
func (t *tagging) settle(tags []tag, i int) bool {
	spelt, st := t.spell(tags[i], nil)
	if st == satisfiable && tags[i].slot == 0 {
		var others []string
		for j := range tags {
			if j != i && tags[j].slot == 0 {
				others = append(others, tags[j].key)
			}
		}
		if slices.ContainsFunc(others, func(key string) bool { return equalASCII(key, spelt.key) }) {
			if spelt, st = t.spell(tags[i], others); st == unsatisfiable {
				return t.rearrange(tags)
			}
		}
	}
	if st != satisfiable {
		t.stuck = t.stuck || st == gaveUp
		return false
	}
	tags[i] = spelt
	return true
}

// rearrange spells all new tags anew, each with a key of its own. As many keys
// as there are new tags are enough to choose from for each.
func (t *tagging) rearrange(tags []tag) bool {
	var fresh []int
	for i := range tags {
		if tags[i].slot == 0 {
			fresh = append(fresh, i)
		}
	}
	choices := make([][]tag, len(fresh))
	for n, i := range fresh {
		var found []string
		for range fresh {
			spelt, st := t.spell(tags[i], found)
			if st != satisfiable {
				t.stuck = t.stuck || st == gaveUp
				break
			}
			choices[n] = append(choices[n], spelt)
			found = append(found, spelt.key)
		}
	}
	taken := map[string]tag{}
	owner := map[string]int{}
	var place func(n int, seen map[string]bool) bool
	place = func(n int, seen map[string]bool) bool {
		for _, choice := range choices[n] {
			name := lowerASCII(choice.key)
			if seen[name] {
				continue
			}
			seen[name] = true
			if other, ok := owner[name]; !ok || place(other, seen) {
				owner[name], taken[name] = n, choice
				return true
			}
		}
		return false
	}
	for n := range fresh {
		if !place(n, map[string]bool{}) {
			return false
		}
	}
	for name, n := range owner {
		tags[fresh[n]] = taken[name]
	}
	return true
}

// spell finds the spellings of one tag: of the key of its slot, or of a new key
// that is none of the known ones and none of the others.
func (t *tagging) spell(one tag, others []string) (tag, status) {
	t.effort.spend(20 + len(others) + len(t.known))
	var name []constraint
	if one.slot != 0 {
		name = []constraint{keyNamed(false, t.tagName(one.slot))}
	} else if len(t.known)+len(others) > 0 {
		others = slices.Clone(others)
		for _, s := range t.known {
			others = append(others, t.tagName(s))
		}
		name = []constraint{keyNamed(true, others...)}
	}
	keys := slices.Concat(t.sites[slotTagKeys].constraints, one.keys, name)
	if !one.transitive {
		key, st := t.spelling(one, keys)
		one.key = key
		return one, st
	}
	transitives := slices.Concat(t.sites[slotTransitive].constraints, one.transitives, name)
	if key, st := t.spelling(one, slices.Concat(keys, transitives)); st == satisfiable {
		one.key, one.passedOn = key, key
		return one, st
	}
	if one.slot != 0 {
		var st, other status
		one.key, st = t.spelling(one, keys)
		one.passedOn, other = t.spelling(one, transitives)
		if st == unsatisfiable || other == unsatisfiable {
			return one, unsatisfiable
		}
		return one, max(st, other)
	}
	return t.spellApart(one, keys, transitives)
}

// spelling finds a key under constraints; the one already chosen, or the one
// that the policy writes, if it will do.
func (t *tagging) spelling(one tag, constraints []constraint) (string, status) {
	likely := []string{one.key}
	if one.key == "" && one.slot != 0 {
		likely[0] = t.tagName(one.slot)
	}
	if tagKeyShape.legal(likely) && allHold(constraints, likely, t.effort) {
		return likely[0], satisfiable
	}
	key, st := tagKeyShape.solve(constraints, t.effort)
	if st != satisfiable {
		return "", st
	}
	return key[0], satisfiable
}

// spellApart finds a new key that the two lists have to spell differently. It
// tries a few keys that the one list may hold, and then a few of the other.
func (t *tagging) spellApart(one tag, keys, transitives []constraint) (tag, status) {
	if _, st := tagKeyShape.solve(slices.Concat(anyCase(keys), anyCase(transitives)), t.effort); st == unsatisfiable {
		return one, unsatisfiable
	}
	try := func(from, to []constraint) (first, second string, st status) {
		var tried []string
		for range 8 {
			word, st := tagKeyShape.solve(append(slices.Clip(from), keyNamed(true, tried...)), t.effort)
			if st != satisfiable {
				return "", "", st
			}
			other, st := tagKeyShape.solve(append(slices.Clip(to), keyNamed(false, word[0])), t.effort)
			if st == gaveUp {
				return "", "", st
			}
			if st == satisfiable {
				return word[0], other[0], st
			}
			tried = append(tried, word[0])
		}
		return "", "", gaveUp
	}
	var st status
	if one.key, one.passedOn, st = try(keys, transitives); st == gaveUp {
		one.passedOn, one.key, st = try(transitives, keys)
	}
	return one, st
}

// anyCase loosens constraints on a key to what they say of it without regard
// to letter case.
func anyCase(constraints []constraint) []constraint {
	var loose []constraint
	for _, c := range constraints {
		switch {
		case c.typed != nil || c.form != nil || c.negate && !c.fold:
			continue
		case !c.fold:
			patterns := make([]pattern, len(c.patterns))
			for i := range c.patterns {
				patterns[i] = c.patterns[i].foldASCII()
			}
			c.patterns, c.fold, c.ascii = patterns, true, true
		}
		loose = append(loose, c)
	}
	return loose
}

// keyNamed demands one of the keys, in any letter case, or none of them.
func keyNamed(negate bool, names ...string) constraint {
	c := constraint{scope: wholeWord, fold: true, ascii: true, negate: negate}
	for _, name := range names {
		c.patterns = append(c.patterns, literalPattern(lowerASCII(name)))
	}
	return c
}

func (t *tagging) tagName(s slot) string {
	return t.slots[s].name[len("aws:RequestTag/"):]
}
