package trust

// Principals as demands on the slots of the caller.

// principal demands that a statement's principal element matches, by one entry
// or, for the complement of a list, because no entry does.
func (f *finder) principal(r *rule, entry *Principal, next func() bool) bool {
	if entry == nil {
		return f.none(r.Principals, next)
	}
	return f.is(entry, next)
}

// notPrincipal demands that a statement's principal element does not match.
func (f *finder) notPrincipal(r *rule, next func() bool) bool {
	if !r.NotPrincipal {
		return f.none(r.Principals, next)
	}
	for i := range r.Principals {
		if f.effort.exhausted() {
			return false
		}
		if f.sparesNobody && r.Principals[i].Form == Account {
			continue
		}
		if f.is(&r.Principals[i], next) {
			return true
		}
	}
	return false
}

// is demands that the caller is the entry's.
func (f *finder) is(entry *Principal, next func() bool) bool {
	if !f.possible(entry) {
		return false
	}
	switch entry.Form {
	case Account:
		return f.limit(slotPrincipal, principalAccount, entry.Account, false, next)
	case User, Role:
		return f.limit(slotPrincipal, wholeWord, entry.Text, false, next)
	case Session:
		return f.limit(slotPrincipal, principalAccount, entry.Account, false, func() bool {
			return f.limit(slotPrincipal, principalName, entry.RoleName, false, func() bool {
				return f.limit(slotUserID, userIDSession, entry.SessionName, false, next)
			})
		})
	}
	return next() // Anyone
}

// none demands that the caller is nobody of the list.
func (f *finder) none(list []Principal, next func() bool) bool {
	if len(list) == 0 {
		return next()
	}
	entry := &list[0]
	rest := func() bool { return f.none(list[1:], next) }
	if !f.possible(entry) {
		return rest()
	}
	switch entry.Form {
	case Account:
		return f.limit(slotPrincipal, principalAccount, entry.Account, true, rest)
	case User, Role:
		return f.limit(slotPrincipal, wholeWord, entry.Text, true, rest)
	case Session:
		return f.limit(slotPrincipal, principalAccount, entry.Account, true, rest) ||
			f.limit(slotPrincipal, principalName, entry.RoleName, true, rest) ||
			f.limit(slotUserID, userIDSession, entry.SessionName, true, rest)
	}
	return false // Anyone
}

// possible reports whether an entry can select any caller of the mode.
func (f *finder) possible(entry *Principal) bool {
	if entry.Partition != "" && entry.Partition != f.mode.partition {
		return false
	}
	switch entry.Form {
	case Anyone, Account:
		return true
	case User:
		return f.mode.kind != RoleSession
	case Role, Session:
		return f.mode.kind == RoleSession
	}
	return false
}

func (f *finder) limit(s slot, at scope, text string, negate bool, next func() bool) bool {
	return f.narrow(s, true, true, []constraint{{scope: at, patterns: f.only(text), negate: negate}}, next)
}

// only is a list of one literal, made in bulk.
func (f *finder) only(text string) []pattern {
	if len(f.literals) == cap(f.literals) {
		f.literals = make([]pattern, 0, 4)
	}
	f.literals = append(f.literals, literalPattern(text))
	return f.literals[len(f.literals)-1 : len(f.literals) : len(f.literals)]
}

// freshAccount is an account that the policy and the zone do not name.
func (p *program) freshAccount() string {
	account := []byte("666677778888")
	for taken := true; taken; {
		taken = string(account) == p.subject.Account
		for _, trusted := range p.zone.Accounts {
			taken = taken || trusted == string(account)
		}
		for i := range p.policy.Statements {
			for j := range p.policy.Statements[i].Principals {
				taken = taken || p.policy.Statements[i].Principals[j].Account == string(account)
			}
		}
		if taken {
			increment(account)
		}
	}
	return string(account)
}

func increment(number []byte) {
	for i := len(number) - 1; i >= 0; i-- {
		if number[i] != '9' {
			number[i]++
			return
		}
		number[i] = '0'
	}
}
