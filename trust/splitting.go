package trust

import (
	"slices"
	"strconv"
	"strings"
)

// splitting is the plan for one statement: which of its entries stay as they
// are, and which are asked for the countersign from now on.
type splitting struct {
	*rewriter
	rule *rule
	// stay are entries that keep their way in; idle ones have none to lose.
	stay, idle []*Principal
	// zone and group are outsiders' entries through which callers of the zone's
	// accounts, and of its organizations, come in as well.
	zone, group []*Principal
	parts       []part
	illegal     bool // an external ID has no legal form
	homeless    bool // the role's own account has to be written, and is not known
}

// part is a statement that comes out of the split.
type part struct {
	entries []*Principal
	edits   []ConditionEdit
}

// sort assigns every entry of the statement.
func (s *splitting) sort(out []*Principal) {
	for _, entry := range s.rule.entries {
		switch {
		case slices.Contains(out, entry):
			if entry.Form == Anyone && (s.comesIn(entry, fromOwn) || s.comesIn(entry, fromZone)) {
				s.zone = append(s.zone, entry)
			}
			if s.comesIn(entry, fromGroup) {
				s.group = append(s.group, entry)
			}
			s.demand(entry)
		case entry.Form == Nobody || entry.Form == Deleted:
			s.idle = append(s.idle, entry)
		case s.inside(entry) || s.comesIn(entry, anywhere):
			s.stay = append(s.stay, entry)
		default:
			s.idle = append(s.idle, entry)
		}
	}
}

// comesIn reports whether callers of one side come in by an entry. What could
// not be found out counts as a yes.
func (s *splitting) comesIn(entry *Principal, from side) bool {
	q := query{kinds: withMFAToo, outside: from == anywhere, contest: &contestQuery{from: from}}
	before := s.interest.organization
	s.interest.organization = before || len(s.decision.zone.Organizations) > 0
	_, st := s.through(s.rule, entry, &q)
	s.interest.organization = before
	return st != unsatisfiable
}

// demand asks the callers of an entry for the countersign. Those of whom the
// same external ID is asked share a statement.
func (s *splitting) demand(entry *Principal) {
	var values []Value
	if s.remedy.Require.externalID() {
		var ok bool
		if values, ok = s.idFor(s.rule, entry); !ok {
			s.missing = addOnce(s.missing, either(entry.Account, "*"))
			return
		}
		for i := range values {
			s.illegal = s.illegal || values[i].Kind == String && !externalIDShape.legal([]string{values[i].Text})
		}
		s.issued = append(s.issued, issued{s.rule.Index, entry.Text, either(entry.Account, "*"), values[0]})
	}
	for i := range s.parts {
		if sameValues(s.parts[i].ids(), values) {
			s.parts[i].entries = append(s.parts[i].entries, entry)
			return
		}
	}
	edits := s.countersignEdits(values)
	if s.outsidersOnly {
		edits = append(edits, s.notInside(edits)...)
	}
	s.parts = append(s.parts, part{[]*Principal{entry}, edits})
}

// notInside keeps callers of the zone out of a statement.
func (s *splitting) notInside(edits []ConditionEdit) []ConditionEdit {
	var more []ConditionEdit
	add := func(key string, values []Value) {
		n := &NewCondition{Key: key, Values: values}
		n.Operator = s.operatorFor(key, edits, "StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase")
		more = append(more, ConditionEdit{New: n})
	}
	add(accountKey, s.zoneAccounts())
	if len(s.decision.zone.Organizations) > 0 {
		add(orgKey, literals(s.decision.zone.Organizations))
	}
	return more
}

// ids are the external IDs that a part asks for.
func (p *part) ids() []Value {
	for _, edit := range p.edits {
		if edit.New != nil && edit.New.Key == externalIDKey {
			return edit.New.Values
		}
	}
	return nil
}

func sameValues(a, b []Value) bool {
	return slices.EqualFunc(a, b, func(a, b Value) bool { return sameValue(a, b) && a.On == b.On })
}

const (
	externalIDKey = "sts:ExternalId"
	mfaKey        = "aws:MultiFactorAuthPresent"
	mfaAgeKey     = "aws:MultiFactorAuthAge"
	accountKey    = "aws:PrincipalAccount"
	orgKey        = "aws:PrincipalOrgID"
)

// countersignEdits replaces the conditions that were meant to ask for the
// countersign by ones that do, or adds them.
func (s *splitting) countersignEdits(ids []Value) []ConditionEdit {
	var edits []ConditionEdit
	if s.remedy.Require.externalID() {
		edits = s.exchange(edits, &NewCondition{Key: externalIDKey, Values: ids}, func(a *atom) bool { return a.Key == "sts:externalid" })
	} else {
		edits = s.exchange(edits, nil, func(a *atom) bool { return a.hasNoUsableID() })
	}
	if !s.remedy.Require.mfa() {
		return edits
	}
	edits = s.exchange(edits, &NewCondition{Operator: "Bool", Key: mfaKey, Values: []Value{Literal("true")}},
		func(a *atom) bool { return a.Key == "aws:multifactorauthpresent" })
	age := (*NewCondition)(nil)
	if s.remedy.MaxMFAAge > 0 {
		age = &NewCondition{Operator: "NumericLessThan", Key: mfaAgeKey, Values: []Value{Literal(strconv.Itoa(s.remedy.MaxMFAAge))}}
	}
	return s.exchange(edits, age, func(a *atom) bool {
		return a.Key == "aws:multifactorauthage" && (age != nil || a.Operator.Family == NullTest)
	})
}

// exchange replaces the conditions that are meant by a new one, which may be
// nil.
func (s *splitting) exchange(edits []ConditionEdit, next *NewCondition, meant func(*atom) bool) []ConditionEdit {
	for i := range s.rule.atoms {
		if a := &s.rule.atoms[i]; meant(a) {
			edits = append(edits, ConditionEdit{Old: a.Condition, New: next})
			next = nil
		}
	}
	if next != nil {
		edits = append(edits, ConditionEdit{New: next})
	}
	for i := range edits {
		if n := edits[i].New; n != nil && n.Operator == "" {
			n.Operator = s.operatorFor(n.Key, edits, equalities...)
		}
	}
	return edits
}

// operatorFor picks an operator that compares texts and under which the key does
// not stand yet, once the edits are made.
func (s *splitting) operatorFor(key string, edits []ConditionEdit, names ...string) string {
	for _, name := range names {
		taken := slices.ContainsFunc(s.rule.Conditions, func(c Condition) bool {
			leaves := slices.ContainsFunc(edits, func(e ConditionEdit) bool {
				return e.Old != nil && e.Old.Operator.Name == c.Operator.Name && e.Old.Spelling == c.Spelling
			})
			return !leaves && strings.EqualFold(c.Operator.Name, name) && c.Key == lowerASCII(key)
		})
		if !taken {
			return name
		}
	}
	return names[0]
}

// equalities compare a text with listed ones; for what is written here they are
// the same.
var equalities = []string{"StringEquals", "StringLike", "StringEqualsIgnoreCase"}

// change puts the parts in order: the statement itself keeps those who stay, or
// else becomes the first part; the others are inserted behind it.
func (s *splitting) change() (Change, error) {
	change := Change{Statement: s.rule.Index}
	if len(s.missing) > 0 {
		return change, nil // told together with those of the other statements
	}
	if s.illegal {
		return change, &CannotRewriteError{Reason: "the external ID is none that a caller can send", Range: s.rule.Range,
			Hint: "an external ID has 2 to 1,224 letters, digits and characters of _+=,.@:/-"}
	}
	var parts []part
	if len(s.zone) > 0 {
		edit := ConditionEdit{New: &NewCondition{Key: accountKey, Values: s.zoneAccounts()}}
		edit.New.Operator = s.operatorFor(accountKey, nil, equalities...)
		parts = append(parts, part{s.zone, []ConditionEdit{edit}})
	}
	if len(s.group) > 0 {
		edit := ConditionEdit{New: &NewCondition{Key: orgKey, Values: literals(s.decision.zone.Organizations)}}
		edit.New.Operator = s.operatorFor(orgKey, nil, equalities...)
		parts = append(parts, part{s.group, []ConditionEdit{edit}})
	}
	parts = append(parts, s.parts...)
	own := part{entries: append(slices.Clone(s.stay), s.idle...)}
	if len(s.stay) == 0 {
		own = parts[0]
		own.entries = append(slices.Clone(own.entries), s.idle...)
		parts = parts[1:]
	}
	change.Conditions = own.edits
	for _, entry := range s.rule.entries {
		if !slices.Contains(own.entries, entry) {
			change.Out = append(change.Out, *entry)
		}
	}
	if s.homeless {
		return change, &CannotRewriteError{Range: s.rule.Range, Hint: "say which account the role is in (--account)",
			Reason: "statement " + number(s.rule.Index) + " admits the role's own account among others, and which one that is is not known"}
	}
	tree, err := s.statementTree()
	if err != nil {
		return change, err
	}
	for _, p := range parts {
		inserted, err := copyOf(tree, p, s.sids)
		if err != nil {
			return change, err
		}
		change.Insert = append(change.Insert, inserted)
	}
	return change, nil
}

// zoneAccounts are the accounts of the zone that no organization of the zone
// covers, the role's own first.
func (s *splitting) zoneAccounts() []Value {
	own := s.remedy.OwnAccount
	if own.Kind == Unknown && own.On == "" {
		// The question's, not the completion's at hand, which is made up.
		own = Literal(s.account)
		s.homeless = s.account == ""
	}
	values := []Value{own}
	covered := s.question.Members != nil && slices.Contains(s.decision.zone.Organizations, s.subject.Organization)
	for _, account := range s.decision.zone.Accounts {
		if account != s.subject.Account && !(covered && slices.Contains(s.question.Members, account)) {
			values = append(values, Literal(account))
		}
	}
	return values
}
