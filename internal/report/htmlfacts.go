package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"countersign/internal/rule"
	"countersign/trust"
)

// facts are what the page tells of all findings together. However many there
// are, no more is kept than can be shown and what the counts take.
type facts struct {
	fails       severityCounts    // those that count
	exploitable int               // of these
	settled     int               // findings that are waived or known
	settledOpen int               // those of them that are undecided
	accounts    map[string]string // names by id
	reasons     map[string]bool
	verdicts    map[string]bool
	severities  map[string]bool
	parties     map[string]*partyFacts // by label
	ways        map[way]int            // roles
	reached     int                    // roles that somebody gets into
	roles       [len(htmlGroups)][]mapRole
}

// partyFacts is what is told of a third party.
type partyFacts struct {
	Label, About   string
	Accounts       []string
	Roles, Without int // all roles, and those without a countersign
	Worst          rule.Severity
}

// way is how a third party gets into roles.
type way struct{ party, guard string }

// mapRole is a role of the trust map with the ways into it.
type mapRole struct {
	title, account, anchor string
	group, order           int // its place in the group, from 0
	ways                   []way
}

// What is kept at most. Of more third parties the rest is one.
const (
	mostParties       = 10_000
	mostPartyAccounts = 20
	mostAccounts      = 5000
	mostMapRoles      = 32  // of each group
	mostMapWays       = 600 // of each role; more than a trust policy has room for
	otherParties      = "other third parties"
)

func newFacts() facts {
	return facts{
		accounts: map[string]string{}, reasons: map[string]bool{}, verdicts: map[string]bool{}, severities: map[string]bool{},
		parties: map[string]*partyFacts{}, ways: map[way]int{},
	}
}

func (f *facts) add(finding *rule.Finding, row *htmlRow, group, order int, anchor string, options *Options) {
	switch outcome := finding.Verdict.Outcome; {
	case group == settledRank:
		f.settled++
		if outcome == trust.Undecided {
			f.settledOpen++
		}
	case outcome == trust.Fail:
		f.fails[finding.Severity]++
		if finding.Verdict.Exploitable {
			f.exploitable++
		}
	}
	f.verdicts[row.Verdict] = true
	if finding.Severity > rule.None {
		f.severities[row.Severity] = true
	}
	if row.Account != "" && len(f.accounts) < mostAccounts {
		f.accounts[row.Account] = row.AccountName
	}
	for _, code := range row.Codes {
		f.reasons[code] = true
	}
	f.addWays(finding, row, group, order, anchor, options)
}

// addWays counts who gets in, and how.
func (f *facts) addWays(finding *rule.Finding, row *htmlRow, group, order int, anchor string, options *Options) {
	subject := mapRole{title: row.Title, account: row.Account, group: group, order: order, anchor: anchor}
	met := map[*partyFacts]bool{}
	seen := map[way]bool{}
	for _, outsider := range outsidersOf(finding, options) {
		party := f.party(outsider)
		guard := protectionOf(finding, outsider)
		if !met[party] {
			met[party] = true
			party.Roles++
			if guard == noGuard {
				party.Without++
			}
		}
		party.Worst = max(party.Worst, finding.Severity)
		next := way{party.Label, guard}
		if seen[next] || len(seen) == mostMapWays {
			continue
		}
		seen[next] = true
		f.ways[next]++
		subject.ways = append(subject.ways, next)
	}
	if len(subject.ways) > 0 {
		f.reached++
	}
	if len(subject.ways) > 0 && len(f.roles[group]) < mostMapRoles {
		f.roles[group] = append(f.roles[group], subject)
	}
}

func (f *facts) party(outsider outsideParty) *partyFacts {
	party := f.parties[outsider.Label]
	if party == nil && len(f.parties) >= mostParties {
		outsider = outsideParty{Label: otherParties}
		party = f.parties[otherParties]
	}
	if party == nil {
		party = &partyFacts{Label: outsider.Label, About: outsider.About}
		f.parties[outsider.Label] = party
	}
	if account := outsider.Account; account != "" && len(party.Accounts) < mostPartyAccounts && !slices.Contains(party.Accounts, account) {
		party.Accounts = append(party.Accounts, account)
	}
	return party
}

const (
	noGuard       = "no countersign"
	unusableGuard = "an ID without a value"
	openGuard     = "undecided"
	someGuard     = "a countersign"
)

// protectionOf is what stands between an outsider and a role. Which of several kinds
// of protection is whose, a verdict does not tell.
func protectionOf(finding *rule.Finding, outsider outsideParty) string {
	verdict := finding.Verdict
	switch {
	case verdict.Outcome == trust.Undecided:
		return openGuard
	case verdict.Outcome == trust.Fail && outsider.Unguarded:
		return noGuard
	case verdict.Outcome == trust.Fail && !verdict.Exploitable:
		return unusableGuard
	case verdict.Outcome == trust.Pass && len(verdict.Protection) > 0:
		return joinedGuards(verdict.Protection)
	}
	return someGuard
}

// partiesShown is how many third parties the page lists.
const partiesShown = 500

// htmlParties is the table of third parties.
type htmlParties struct {
	Rows []*partyFacts
	More int
}

func (f *facts) partyTable() htmlParties {
	rows := f.sortedParties()
	shown := min(len(rows), partiesShown)
	return htmlParties{rows[:shown], len(rows) - shown}
}

// sortedParties lists who gets into most roles without a countersign first.
func (f *facts) sortedParties() []*partyFacts {
	return slices.SortedFunc(maps.Values(f.parties), func(a, b *partyFacts) int {
		return cmp.Or(
			cmp.Compare(b.Worst, a.Worst), cmp.Compare(b.Without, a.Without),
			cmp.Compare(b.Roles, a.Roles), cmp.Compare(a.Label, b.Label))
	})
}

// Listed names the accounts.
func (p *partyFacts) Listed() string {
	accounts := slices.DeleteFunc(slices.Clone(p.Accounts), func(account string) bool { return len(account) != 12 || account == p.Label })
	slices.Sort(accounts)
	return strings.Join(accounts, ", ")
}

// Severity is that of the worst role; empty where nothing is wrong.
func (p *partyFacts) Severity() string {
	if p.Worst == rule.None {
		return ""
	}
	return p.Worst.String()
}
