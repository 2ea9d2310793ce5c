package report

import (
	"slices"
	"strings"

	"countersign/internal/rule"
	"countersign/trust"
)

// outsideParty is one account that gets in.
type outsideParty struct {
	Account   string // "*" for anyone, "(*)" for anyone who meets conditions; may be empty
	Label     string // the owner, else the account
	About     string // what is known of the owner; may be empty
	Unguarded bool
}

// outsidersOf lists the accounts that get in, each once, those without a
// countersign first.
func outsidersOf(finding *rule.Finding, options *Options) []outsideParty {
	var made []outsideParty
	at := map[string]int{}
	verdict := finding.Verdict
	for i := range verdict.Outsiders {
		outsider := &verdict.Outsiders[i]
		key := outsider.Account + outsider.DependsOn
		i, seen := at[key]
		if !seen {
			i = len(made)
			at[key] = i
			made = append(made, options.outside(outsider, verdict.AnyAccount))
		}
		made[i].Unguarded = made[i].Unguarded || outsider.Unguarded
	}
	slices.SortStableFunc(made, func(a, b outsideParty) int {
		switch {
		case a.Unguarded == b.Unguarded:
			return 0
		case a.Unguarded:
			return -1
		}
		return 1
	})
	return made
}

func (o *Options) outside(outsider *trust.Outsider, anyone bool) outsideParty {
	account := outsider.Account
	made := outsideParty{Account: printable(account), Label: printable(account)}
	switch {
	case outsider.DependsOn != "":
		made.Label = short("an account that depends on " + outsider.DependsOn)
	case account == "*":
		made.Label, made.About = "anyone", "of any AWS account"
		if !anyone {
			made.Account, made.Label = "(*)", "anyone who meets the conditions"
		}
	}
	if party, ok := o.Parties.Lookup(account); ok {
		made.Label, made.About = short(party.Name), short(strings.TrimPrefix(party.String(), party.Name+" "))
	}
	return made
}

// Name is the owner with the account.
func (p outsideParty) Name() string {
	if p.Label == p.Account || len(p.Account) != 12 {
		return p.Label
	}
	return p.Label + " " + p.Account
}
