package trust

import (
	"slices"
	"sync"
	"time"
)

// A program is a trust policy and the RCPs over it, made ready to be searched:
// what every mode and every question has in common.
type program struct {
	policy   *Policy
	subject  Subject
	zone     Zone
	now      time.Time
	allows   []*rule    // statements of the trust policy
	denies   []*rule    // of the trust policy, then of the RCPs
	slots    []*keyInfo // nil where no condition looks at the slot
	interest interest
	// partitions are those a caller may belong to.
	partitions []string
	partition  [1]string
	// secrets keep the external ID of a request from being one of the policy's.
	secrets      []constraint
	members      []pattern // the accounts of the role's organization, if known
	outsiders    []pattern // accounts of none of the zone's organizations
	trusted      []pattern // the accounts of the zone, the role's own included
	facts        map[string]string
	orgPath      string
	sparesNobody bool
	finder       finder
	effort       *effort
}

// programs are used again: the solver is asked a thousand small questions for
// every large one, and its own memory is most of what they take.
var programs = sync.Pool{New: func() any { return new(program) }}

// mostKept is how many constraints a site keeps room for.
const mostKept = 8

// release gives the program's memory to another one. Nobody uses it after that.
func (p *program) release() {
	clear(p.slots)
	sites := p.finder.sites
	for i := range sites {
		constraints := sites[i].constraints[:cap(sites[i].constraints)]
		if clear(constraints); len(constraints) > mostKept { // what they point to is not the program's
			constraints = nil
		}
		sites[i].constraints = constraints[:0]
	}
	*p = program{slots: p.slots[:0], finder: finder{sites: sites[:0]}}
	programs.Put(p)
}

// A rule is one statement, made ready.
type rule struct {
	*Statement
	rcp         []string     // an RCP's: the partitions in which it covers the role
	entries     []*Principal // the ways in, one by one; nil for the complement of a list
	namesAnyone bool
	actions     [3]bool // matches AssumeRole, TagSession, SetSourceIdentity
	atoms       []atom
}

// newProgram makes a policy ready. Others are policies whose rules will be added
// to the program.
func newProgram(policy *Policy, question *Question, effort *effort, others ...*Policy) *program {
	p := programs.Get().(*program)
	*p = program{
		policy: policy, subject: question.Subject, zone: question.Zone, now: question.Now, orgPath: question.orgPath, sparesNobody: question.sparesNobody,
		slots: slices.Grow(p.slots, int(firstFreeSlot))[:firstFreeSlot], effort: effort,
		finder: finder{sites: p.finder.sites},
	}
	p.factsOf(question, others)
	p.trusted = append(make([]pattern, 0, 1+len(p.zone.Accounts)), literalPattern(p.subject.Account))
	for _, account := range p.zone.Accounts {
		p.trusted = append(p.trusted, literalPattern(account))
	}
	for _, account := range question.Outsiders {
		p.outsiders = append(p.outsiders, literalPattern(account))
	}
	if question.Members != nil && p.subject.Organization != "" {
		p.interest.members = true
		for _, account := range question.Members {
			p.members = append(p.members, literalPattern(account))
		}
	}
	for i := range policy.Statements {
		r := p.rule(&policy.Statements[i])
		if r.Effect == Allow {
			p.allows = append(p.allows, r)
		} else {
			p.denies = append(p.denies, r)
		}
	}
	p.secretsOf(policy)
	p.partitions = p.possiblePartitions()
	for _, rcp := range question.RCPs {
		p.secretsOf(rcp)
		for i := range rcp.Statements {
			s := &rcp.Statements[i]
			if s.Effect != Deny {
				continue
			}
			if covered := p.coveredIn(s); len(covered) > 0 {
				r := p.rule(s)
				r.rcp = covered
				p.denies = append(p.denies, r)
			}
		}
	}
	return p
}

// factsOf gathers the keys that are the same in every request.
func (p *program) factsOf(question *Question, others []*Policy) {
	aboutRole := p.policy.aboutRole
	for _, other := range append(slices.Clip(others), question.RCPs...) {
		aboutRole = aboutRole || other.aboutRole
	}
	if !aboutRole {
		return
	}
	p.facts = map[string]string{}
	if p.subject.Account != "" {
		p.facts["aws:resourceaccount"] = p.subject.Account
	}
	if p.subject.Organization != "" {
		p.facts["aws:resourceorgid"] = p.subject.Organization
	}
	if question.orgPath != "" {
		p.facts["aws:resourceorgpaths"] = question.orgPath
	}
	for key, value := range question.Subject.Tags {
		key = lowerASCII(key)
		p.facts["aws:resourcetag/"+key] = value
		p.facts["iam:resourcetag/"+key] = value
	}
}

// coveredIn lists the partitions in which the resources of an RCP's statement
// hold the role.
func (p *program) coveredIn(s *Statement) []string {
	return slices.DeleteFunc(slices.Clone(p.partitions), func(partition string) bool {
		arn := p.roleARN(partition)
		matched := len(s.Resources) == 0 || slices.ContainsFunc(s.Resources, func(o Operand) bool {
			compiled, ok := p.textPattern(o.Pieces)
			return ok && compiled.match(arn, p.effort)
		})
		return matched == s.NotResource
	})
}

// textPattern compiles pieces whose variables, if any, are facts.
func (p *program) textPattern(pieces []Piece) (pattern, bool) {
	if len(pieces) == 0 {
		return literalPattern(""), true
	}
	if len(pieces) == 1 && pieces[0].Kind == LiteralPiece {
		return literalPattern(pieces[0].Text), true
	}
	elems := make([]element, 0, 64)
	plain := true
	for i := range pieces {
		switch piece := &pieces[i]; piece.Kind {
		case LiteralPiece:
			elems = appendUnits(elems, piece.Text)
		case AnyRunPiece:
			plain = false
			elems = append(elems, anyRun)
		case AnyOnePiece:
			plain = false
			elems = append(elems, anyUnit)
		case VariablePiece:
			text, ok := p.facts[piece.Key]
			if !ok {
				if text = piece.Default; !piece.HasDefault {
					return pattern{}, false
				}
			}
			elems = appendUnits(elems, text)
		}
	}
	if plain && !hasVariable(pieces) {
		return literalPattern(literalText(pieces)), true
	}
	return pattern{elems: elems}, true
}

func hasVariable(pieces []Piece) bool {
	for i := range pieces {
		if pieces[i].Kind == VariablePiece {
			return true
		}
	}
	return false
}

// rule makes a statement ready.
func (p *program) rule(s *Statement) *rule {
	r := &rule{Statement: s}
	r.namesAnyone = slices.ContainsFunc(s.Principals, func(p Principal) bool { return p.Form == Anyone })
	if s.Effect == Allow {
		r.entries = entriesOf(s)
	}
	for i, action := range [...]string{"sts:assumerole", "sts:tagsession", "sts:setsourceidentity"} {
		r.actions[i] = s.NotAction
		for j := range s.Actions {
			if pattern, ok := p.textPattern(s.Actions[j].Pieces); ok && pattern.match(action, p.effort) {
				r.actions[i] = !s.NotAction
				break
			}
		}
	}
	r.atoms = make([]atom, len(s.Conditions))
	for i := range s.Conditions {
		p.atom(&r.atoms[i], &s.Conditions[i], s.Effect)
	}
	return r
}

// key looks a key up, gives it a slot and notes which modes it makes worth
// telling apart.
func (p *program) key(key, spelling string) *keyInfo {
	info := lookupKey(key, spelling)
	p.interest.note(info)
	switch {
	case info.class == keyAbsent || info.class == keyFact || info.class == keyConstant:
		return info
	case info.slot >= firstFreeSlot:
		return p.freeSlot(key, info)
	default:
		p.slots[info.slot] = info
	}
	return info
}

// freeSlot gives a key a slot of its own, once.
func (p *program) freeSlot(key string, info *keyInfo) *keyInfo {
	for i := int(firstFreeSlot); i < len(p.slots); i++ {
		if equalASCII(p.slots[i].name, key) {
			return p.slots[i]
		}
	}
	own := *info
	own.slot = slot(len(p.slots))
	p.slots = append(p.slots, &own)
	return &own
}

// secretsOf notes the secrets of every statement, whatever its effect.
func (p *program) secretsOf(policy *Policy) {
	for i := range policy.Statements {
		for j := range policy.Statements[i].Conditions {
			if c := &policy.Statements[i].Conditions[j]; c.Key == "sts:externalid" {
				p.noteSecrets(c)
			}
		}
	}
}

// noteSecrets collects what an invented external ID may not be: the strings
// that an operand of finite language matches. Operands with variables and
// ranges are no secrets.
func (p *program) noteSecrets(c *Condition) {
	family := c.Operator.Family
	switch family {
	case NumericEqual, DateEqual:
		plain := *c
		plain.Operator.Negated = false
		p.secrets = append(p.secrets, constraint{scope: wholeWord, typed: &plain})
		return
	case StringExact, StringIgnoreCase, StringPattern, BinaryEqual, ArnPattern:
	default:
		return
	}
	fold := family == StringIgnoreCase
	var patterns []pattern
	for i := range c.Values {
		pattern, ok := p.textPattern(c.Values[i].Pieces)
		if !ok || !pattern.literal && (family == ArnPattern || !pattern.finite()) || hasVariable(c.Values[i].Pieces) {
			continue
		}
		if fold {
			pattern = foldPattern(pattern)
		}
		patterns = append(patterns, pattern)
	}
	if len(patterns) > 0 {
		p.secrets = append(p.secrets, constraint{scope: wholeWord, patterns: patterns, negate: true, fold: fold})
	}
}

// possiblePartitions lists the role's partition, or, where that is not known,
// those that its policy names, and then the others.
func (p *program) possiblePartitions() []string {
	if p.subject.Partition != "" {
		p.partition[0] = p.subject.Partition
		return p.partition[:]
	}
	var found []string
	for _, r := range p.allows {
		for i := range r.Principals {
			if name := r.Principals[i].Partition; name != "" {
				found = addOnce(found, name)
			}
		}
	}
	for _, name := range [...]string{"aws", "aws-cn", "aws-us-gov"} {
		found = addOnce(found, name)
	}
	return found
}

func addOnce(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// principalShapes are the forms of principals in the known partitions, by
// partition and kind.
var principalShapes = func() map[[2]string]*shape {
	shapes := map[[2]string]*shape{}
	for _, partition := range [...]string{"aws", "aws-cn", "aws-us-gov"} {
		for _, kind := range [...]string{"user", "role"} {
			s := principalShape(partition, kind)
			shapes[[2]string{partition, kind}] = &s
		}
	}
	return shapes
}()

func (p *program) principalShape(m *mode) *shape {
	kind := "user"
	if m.kind == RoleSession {
		kind = "role"
	}
	if s, ok := principalShapes[[2]string{m.partition, kind}]; ok {
		return s
	}
	s := principalShape(m.partition, kind)
	return &s
}

// shape gives the form of a slot's words in a mode.
func (p *program) shape(s slot, m *mode) *shape {
	switch s {
	case slotPrincipal:
		return p.principalShape(m)
	case slotUserID:
		if m.kind == RoleSession {
			return &roleIDShape
		}
		return &userIDShapeOnly
	case slotOrganization, slotEndpointOrganization:
		return &organizationShape
	case slotIdentity, slotSessionName:
		return &sessionNameShape
	case slotExternalID:
		return &externalIDShape
	}
	return p.slots[s].form
}

var (
	roleIDShape     = userIDShape("AROA", true)
	userIDShapeOnly = userIDShape("AIDA", false)
)
