package trust

import "strings"

// Session tags: the keys of aws:RequestTag are those listed in aws:TagKeys, and
// the transitive ones are among them.

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
	sol    *solution
	known  []slot // tags that conditions ask for by name
	chosen map[slot]bool
	stuck  bool
}

// fillTags chooses session tags: those that have to be there by name, one for
// each demand on some key, and at least one at all.
func (f *finder) fillTags(sol *solution) status {
	if !f.mode.tags {
		return satisfiable
	}
	t := &tagging{finder: f, sol: sol, chosen: map[slot]bool{}}
	sol.tags = map[string]string{}
	for i := firstFreeSlot; int(i) < len(f.slots); i++ {
		if f.slots[i].class == keyRequestTag {
			t.known = append(t.known, i)
		}
	}
	if t.choose() {
		return satisfiable
	}
	if t.stuck {
		return gaveUp
	}
	return unsatisfiable
}

func (t *tagging) choose() bool {
	for _, s := range t.known {
		if !t.sites[s].absentOK && !t.take(s, t.sites[slotTagKeys].constraints, false) {
			return false
		}
	}
	named := len(t.sol.tagKeys)
	for i := range t.someTags {
		d := &t.someTags[i]
		if !t.some(d.slot == slotTransitive, d.constraints) {
			return false
		}
	}
	transitive := &t.sites[slotTransitive]
	if !transitive.absentOK && t.slots[slotTransitive] != nil && len(t.sol.transitive) == 0 && !t.some(true, nil) {
		return false
	}
	if len(t.sol.transitive) > 0 && !transitive.presentOK {
		return false
	}
	if len(t.sol.tagKeys) == 0 && !t.some(false, nil) {
		return false
	}
	if len(t.sol.tagKeys) > maxTags {
		t.stuck = t.stuck || named <= maxTags // a cleverer choice might do with fewer
		return false
	}
	return true
}

// maxTags is how many session tags a call may pass (STS API reference).
const maxTags = 50

// some makes sure that a key satisfies some constraints: one already chosen,
// one that is known by name, or a new one.
func (t *tagging) some(transitive bool, more []constraint) bool {
	constraints := append([]constraint(nil), t.sites[slotTagKeys].constraints...)
	if transitive {
		constraints = append(constraints, t.sites[slotTransitive].constraints...)
	}
	constraints = append(constraints, more...)
	for _, key := range t.sol.tagKeys {
		if allHold(constraints, []string{key}, t.effort) {
			t.add(key, transitive)
			return true
		}
	}
	for _, s := range t.known {
		if !t.chosen[s] && t.sites[s].presentOK && t.take(s, constraints, transitive) {
			return true
		}
	}
	others := constraint{scope: wholeWord, fold: true, negate: true}
	for _, s := range t.known {
		others.patterns = append(others.patterns, literalPattern(lower(t.tagName(s))))
	}
	word, st := tagKeyShape.solve(append(constraints, others), t.effort)
	if st != satisfiable {
		t.stuck = t.stuck || st == gaveUp
		return false
	}
	t.add(word[0], transitive)
	t.sol.tags[word[0]] = "x"
	return true
}

func (t *tagging) tagName(s slot) string {
	return t.slots[s].name[len("aws:RequestTag/"):]
}

// take passes the tag of a slot, in a spelling that the constraints on the keys
// allow.
func (t *tagging) take(s slot, constraints []constraint, transitive bool) bool {
	if !t.sites[s].presentOK {
		return false
	}
	name := constraint{scope: wholeWord, fold: true, patterns: []pattern{literalPattern(lower(t.tagName(s)))}}
	key := []string{t.tagName(s)}
	st := satisfiable
	if !tagKeyShape.legal(key) || !allHold(constraints, key, t.effort) {
		key, st = tagKeyShape.solve(append(append([]constraint(nil), constraints...), name), t.effort)
	}
	value := []string(nil)
	if st == satisfiable {
		value, st = tagValueShape.solve(t.sites[s].constraints, t.effort)
	}
	if st != satisfiable {
		t.stuck = t.stuck || st == gaveUp
		return false
	}
	t.chosen[s] = true
	t.add(key[0], transitive)
	t.sol.tags[key[0]] = value[0]
	return true
}

func (t *tagging) add(key string, transitive bool) {
	t.sol.tagKeys = addOnce(t.sol.tagKeys, key)
	if transitive {
		t.sol.transitive = addOnce(t.sol.transitive, key)
	}
}

func addOnce(list []string, text string) []string {
	for _, have := range list {
		if strings.EqualFold(have, text) {
			return list
		}
	}
	return append(list, text)
}
