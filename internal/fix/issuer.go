package fix

import (
	"crypto/rand"
	"encoding/hex"
	"slices"

	"countersign/trust"
)

// Issuer gives third parties' external IDs, and sees to it that none serves two
// of them.
type Issuer struct {
	// Value is the external ID that was given for the third party at hand, and
	// Reference the name of the parameter or variable that holds it, in its
	// place.
	Value, Reference string
	// ByAccount are the external IDs that were listed, Party the third party
	// that an account belongs to: two accounts of one may share an external ID.
	ByAccount map[string]string
	Party     func(account string) string
	// Generate has external IDs made where nobody issued one.
	Generate bool

	made     map[string]string // by third party
	offered  map[string]bool   // the third parties without any for the role at hand
	used     []Made            // for the role at hand
	owner    map[string]string // external ID → third party
	claimed  []string          // external IDs that have their owner since the role at hand
	conflict string            // why the role at hand gets none
}

// Made is an external ID that was made for a third party.
type Made struct{ Party, ID string }

// Taken notes an external ID that a policy asks a third party for already.
func (i *Issuer) Taken(id, account string) {
	if i.owner == nil {
		i.owner = map[string]string{}
	}
	if _, known := i.owner[id]; !known {
		i.owner[id] = i.party(account)
	}
}

func (i *Issuer) party(account string) string {
	if i.Party != nil && account != "*" {
		if name := i.Party(account); name != "" {
			return name
		}
	}
	return account
}

// begin goes on to another role.
func (i *Issuer) begin() {
	i.conflict, i.used, i.claimed, i.offered = "", nil, nil, map[string]bool{}
}

// release takes back what was given for the role at hand, which gets nothing.
func (i *Issuer) release() {
	for _, id := range i.claimed {
		delete(i.owner, id)
	}
	i.claimed, i.used = nil, nil
}

// issue is the external ID for an account's callers.
func (i *Issuer) issue(account string) (trust.Value, bool) {
	id, listed := i.ByAccount[account]
	if !listed {
		// One that was made for another role comes last: what the policy at hand
		// names goes first.
		party := i.party(account)
		if i.offered[party] {
			id = i.made[party]
		}
		if id != "" && !slices.Contains(i.used, Made{spelt(party), id}) {
			i.used = append(i.used, Made{spelt(party), id})
		}
	}
	switch {
	case id != "":
	case i.Reference != "":
		id = i.Reference
		if i.given(id, account) {
			return trust.Value{Kind: trust.Unknown, On: id}, true
		}
		return trust.Value{}, false
	case i.Value != "":
		id = i.Value
	default:
		return trust.Value{}, false
	}
	return trust.Literal(id), i.given(id, account)
}

// issuers are the accounts that a policy names whose external IDs somebody else
// issued: third parties, so none of the organizations that are trusted.
func (i *Issuer) issuers(policy *trust.Policy) []string {
	var accounts []string
	for n := range policy.Statements {
		for _, principal := range policy.Statements[n].Principals {
			account := principal.Account
			_, listed := i.ByAccount[account]
			if account != "" && (listed || i.Value != "" || i.Reference != "") && !slices.Contains(accounts, account) {
				accounts = append(accounts, account)
			}
		}
	}
	return accounts
}

// given notes who has an external ID from now on; it reports false where another
// third party has it.
func (i *Issuer) given(id, account string) bool {
	if _, known := i.owner[id]; !known {
		i.claimed = append(i.claimed, id)
	}
	i.Taken(id, account)
	owner := i.owner[id]
	if owner == i.party(account) {
		return true
	}
	i.conflict = "the external ID is that of " + spelt(owner) + " already, and " + spelt(account) + " needs its own"
	return false
}

func spelt(party string) string {
	if party == "*" {
		return "callers of any account"
	}
	if len(party) == 12 && party[0] >= '0' && party[0] <= '9' {
		return "account " + party
	}
	return party
}

// generate makes external IDs of 128 random bits; it reports whether it did.
func (i *Issuer) generate(accounts []string) bool {
	if !i.Generate || i.conflict != "" {
		return false
	}
	if i.made == nil {
		i.made = map[string]string{}
	}
	for _, account := range accounts {
		party := i.party(account)
		i.offered[party] = true
		if i.made[party] != "" {
			continue
		}
		var bits [16]byte
		_, _ = rand.Read(bits[:]) // it never fails
		i.made[party] = hex.EncodeToString(bits[:])
	}
	return true
}

// Learn notes the external IDs that a policy asks third parties for. One that it
// asks several for counts as that of the first.
func (i *Issuer) Learn(policy *trust.Policy) {
	for n := range policy.Statements {
		s := &policy.Statements[n]
		account := firstAccount(s)
		if s.Effect != trust.Allow || account == "" {
			continue
		}
		for j := range s.Conditions {
			c := &s.Conditions[j]
			if c.Key != "sts:externalid" || c.Operator.Negated || c.Operator.Family != trust.StringExact {
				continue
			}
			for k := range c.Values {
				if id := c.Values[k].Text; id != "" {
					i.Taken(id, account)
				}
			}
		}
	}
}

// firstAccount is the account that a statement names first, empty where it is for
// callers of any. Services and providers bring no external ID.
func firstAccount(s *trust.Statement) string {
	first := ""
	for n := range s.Principals {
		one := &s.Principals[n]
		switch {
		case one.Form == trust.Anyone:
			return ""
		case first == "" && one.Form != trust.Nobody:
			first = one.Account
		}
	}
	return first
}
