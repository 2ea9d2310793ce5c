package trust

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A solution is a value, or the absence, of every slot in one mode.
type solution struct {
	mode       mode
	words      [][]string // by slot, in segments; nil when absent
	clock      int64      // seconds since 1970
	token      int64      // when the session was made
	age        string
	address    string
	tagKeys    []string
	transitive []string
	tags       map[string]string // aws:RequestTag/…
}

// The views of the time slot.
var (
	clockTime = scope{-1, -1}
	epochTime = scope{-2, -2}
	tokenTime = scope{-3, -3}
)

// fill tries to give every slot a value under what was demanded of it. Where
// only the possibility is asked for, slots of which nothing was demanded are
// left out.
func (f *finder) fill() bool {
	// The external ID first: where it is asked for, most searches end with it.
	sol := &f.scratch
	sol.mode = *f.mode
	if !f.fillSlot(slotExternalID, sol) {
		return false
	}
	if f.query.witness || len(f.linked) > 0 {
		f.effort.spend(60)
		sol = &solution{mode: *f.mode, words: make([][]string, len(f.sites))}
	}
	for i := range f.sites {
		if !f.fillSlot(slot(i), sol) {
			return false
		}
	}
	if sol != &f.scratch {
		f.fillDerived(sol)
	}
	if st := f.fillOthers(sol); st != satisfiable {
		f.stuck = f.stuck || st == gaveUp
		return false
	}
	f.found = sol
	return true
}

// fillSlot gives one slot that is a word its value.
func (f *finder) fillSlot(s slot, sol *solution) bool {
	at := &f.sites[s]
	if sol == &f.scratch && len(at.constraints) == 0 && at.presentOK || !f.wanted(s) || at.absentOK || f.isDerived(s) {
		return true
	}
	if !at.presentOK {
		return false
	}
	word, st := f.solveSlot(s)
	if st != satisfiable {
		f.stuck = f.stuck || st == gaveUp
		return false
	}
	if sol != &f.scratch {
		sol.words[s] = word
	}
	return true
}

// fillOthers fills the slots that are not words.
func (f *finder) fillOthers(sol *solution) status {
	if st := f.fillTime(sol); st != satisfiable {
		return st
	}
	if st := f.fillAge(sol); st != satisfiable {
		return st
	}
	if st := f.fillAddress(sol); st != satisfiable {
		return st
	}
	return f.fillTags(sol)
}

// wanted reports whether a slot is a word that this mode may have to fill here.
func (f *finder) wanted(s slot) bool {
	switch s {
	case slotPrincipal, slotUserID, slotSessionName:
		return true
	case slotTime, slotMFAAge, slotAddress, slotTagKeys, slotTransitive:
		return false
	case slotOrganization:
		return f.mode.organization
	case slotIdentity:
		return f.mode.identity != noIdentity
	}
	info := f.slots[s]
	return info != nil && info.class != keyRequestTag && info.when(f.mode) != absent
}

// solveSlot finds a word for a slot. Slots that are not words are filled at the
// end.
func (f *finder) solveSlot(s slot) ([]string, status) {
	switch s {
	case slotTime, slotMFAAge, slotAddress, slotTagKeys, slotTransitive:
		return nil, satisfiable
	}
	return f.shape(s, f.mode).solve(f.sites[s].constraints, f.effort)
}

// How long sessions last at the most (STS API reference: AssumeRole 12 hours,
// GetSessionToken 36 hours).
const (
	roleSessionSeconds = 12 * 3600
	userSessionSeconds = 36 * 3600
	lastSecond         = 253402300799 // 9999-12-31T23:59:59Z
	maxMFAAge          = 129600       // seconds (IAM User Guide, aws:MultiFactorAuthAge)
)

// fillTime picks an instant for the call, not before now, and one for the
// making of the session, not longer ago than sessions live.
//
// The candidates are complete for comparisons: if any pair of instants will do,
// then one where each is as early as the comparisons and the other allow.
func (f *finder) fillTime(sol *solution) status {
	constraints := f.sites[slotTime].constraints
	now := f.now.Unix()
	if f.now.Nanosecond() > 0 {
		now++
	}
	if len(constraints) == 0 {
		sol.clock, sol.token = now, now-3600
		return satisfiable
	}
	window := int64(roleSessionSeconds)
	if f.mode.kind != RoleSession {
		window = userSessionSeconds
	}
	points := timePoints(constraints)
	clocks, textual := append([]int64{now}, points...), false
	for _, p := range points {
		clocks = append(clocks, p+window)
	}
	for i := range constraints {
		textual = textual || constraints[i].typed == nil
	}
	for _, clock := range clocks {
		if clock < now || clock > lastSecond {
			continue
		}
		tokens := []int64{clock - 3600, clock - window, clock}
		if len(points) > 0 {
			tokens = append(tokens, points...)
		}
		for _, token := range tokens {
			if token > clock || token < clock-window {
				continue
			}
			if f.timeHolds(constraints, clock, token) {
				sol.clock, sol.token = clock, token
				return satisfiable
			}
			if !f.mode.session() {
				break
			}
		}
	}
	if textual {
		return gaveUp
	}
	return unsatisfiable
}

func (f *finder) timeHolds(constraints []constraint, clock, token int64) bool {
	for i := range constraints {
		c := &constraints[i]
		var text string
		switch c.scope {
		case epochTime:
			text = strconv.FormatInt(clock, 10)
		case tokenTime:
			text = isoTime(token)
		default:
			text = isoTime(clock)
		}
		if !c.holdsText(text, f.effort) {
			return false
		}
	}
	return true
}

// timePoints lists the seconds round the operands of comparisons, and those
// that patterns spell out.
func timePoints(constraints []constraint) []int64 {
	var points []int64
	add := func(millis int64) {
		second := millis / 1000
		points = append(points, second-1, second, second+1)
	}
	for i := range constraints {
		c := &constraints[i]
		if c.typed != nil {
			for j := range c.typed.Values {
				operand := &c.typed.Values[j]
				if operand.Number != nil {
					seconds, _ := operand.Number.Float64()
					if seconds > -1e12 && seconds < 1e12 {
						add(int64(seconds * 1000))
					}
				} else if c.typed.Operator.Family >= DateEqual && c.typed.Operator.Family <= DateGreaterOrEqual {
					add(operand.Millis)
				}
			}
		}
		for j := range c.patterns {
			for _, filler := range [...]string{"", "-01-01T00:00:00Z", "-01T00:00:00Z", "T00:00:00Z", "00:00Z"} {
				if text, ok := c.patterns[j].instance(filler); ok {
					if millis, ok := parseMillis(text); ok {
						add(millis)
					}
				}
			}
		}
	}
	return points
}

func isoTime(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05Z") }

// fillAge picks the seconds since MFA was shown.
func (f *finder) fillAge(sol *solution) status {
	if !f.mode.mfa() {
		return satisfiable
	}
	constraints := f.sites[slotMFAAge].constraints
	if len(constraints) == 0 {
		sol.age = "60"
		return satisfiable
	}
	textual := false
	for i := range constraints {
		textual = textual || constraints[i].typed == nil
	}
	for _, age := range ageCandidates(constraints) {
		text := strconv.FormatInt(age, 10)
		holds := age >= 0 && age <= maxMFAAge
		for i := range constraints {
			holds = holds && constraints[i].holdsText(text, f.effort)
		}
		if holds {
			sol.age = text
			return satisfiable
		}
	}
	if textual {
		return gaveUp
	}
	return unsatisfiable
}

// ageCandidates lists ages round the operands of comparisons, and those that
// patterns spell out. Compared as a date, an age of four digits is a year and
// any other a number of seconds since 1970, so both readings have candidates.
func ageCandidates(constraints []constraint) []int64 {
	candidates := []int64{60, 0, 999, 1000, 9999, 10000, maxMFAAge}
	around := func(age int64) { candidates = append(candidates, age-1, age, age+1) }
	for i := range constraints {
		c := &constraints[i]
		for j := range c.patterns {
			if text, ok := c.patterns[j].instance("0"); ok {
				if n, ok := parseNumber(text); ok && n.IsInt() && n.Num().IsInt64() {
					candidates = append(candidates, n.Num().Int64())
				}
			}
		}
		if c.typed == nil {
			continue
		}
		for j := range c.typed.Values {
			switch o := &c.typed.Values[j]; {
			case o.Number != nil:
				if value, _ := o.Number.Float64(); value >= -1 && value <= maxMFAAge+1 {
					around(int64(value))
				}
			case c.typed.Operator.Family != IPAddress:
				around(o.Millis / 1000)
				around(int64(time.UnixMilli(o.Millis).UTC().Year()))
			}
		}
	}
	return candidates
}

// fillAddress picks the caller's address, of either family.
func (f *finder) fillAddress(sol *solution) status {
	constraints := f.sites[slotAddress].constraints
	if len(constraints) == 0 {
		sol.address = "198.51.100.7" // for documentation (RFC 5737)
		return satisfiable
	}
	textual := false
	for i := range constraints {
		textual = textual || constraints[i].typed == nil
	}
	texts := addressTexts(constraints)
	for _, text := range texts {
		holds := true
		for i := range constraints {
			holds = holds && constraints[i].holdsText(text, f.effort)
		}
		if holds {
			sol.address = text
			return satisfiable
		}
	}
	if !textual {
		return unsatisfiable
	}
	if _, st := dottedShape.search(withoutTyped(constraints), f.effort); st == unsatisfiable {
		if _, st = colonShape.search(withoutTyped(constraints), f.effort); st == unsatisfiable {
			return unsatisfiable
		}
	}
	return gaveUp
}

var (
	dottedShape = simpleShape(chars(digitChars, "."), 7, 15, "")
	colonShape  = simpleShape(chars(digitChars, "abcdef:."), 2, 45, "")
)

func withoutTyped(constraints []constraint) []constraint {
	return slices.DeleteFunc(slices.Clone(constraints), func(c constraint) bool { return c.typed != nil })
}

// addressTexts lists addresses round the networks, and those that patterns
// spell out.
func addressTexts(constraints []constraint) []string {
	var networks []netip.Prefix
	for i := range constraints {
		if c := constraints[i].typed; c != nil && c.Operator.Family == IPAddress {
			for j := range c.Values {
				networks = append(networks, c.Values[j].Prefix)
			}
		}
	}
	var texts []string
	for _, address := range addressCandidates(networks) {
		texts = append(texts, address.String())
	}
	for i := range constraints {
		for j := range constraints[i].patterns {
			for _, filler := range [...]string{"", "1", "7.7", "7.7.7", "1.0", "db8::7"} {
				if text, ok := constraints[i].patterns[j].instance(filler); ok {
					if _, ok := parseAddress(text); ok && !strings.Contains(text, "/") {
						texts = append(texts, text)
					}
				}
			}
		}
	}
	return texts
}
