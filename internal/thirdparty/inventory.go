package thirdparty

import (
	"cmp"
	"slices"

	"countersign/internal/privilege"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// Labels of parties that are no account.
const (
	Anyone = "anyone"
	// Unknown is an account that a template leaves open.
	Unknown = "unknown"
)

// Inventory gathers, from findings, who gets into roles. It keeps what it
// reports: the roles that somebody from outside can assume.
type Inventory struct {
	directory *Directory
	secrets   secrets
	parties   map[partyKey]*Entry
	roles     int
}

// Entry is a third party with its roles.
type Entry struct {
	Label     string // the name, else the account, else Anyone or Unknown
	Party     Party  // without a name where nobody knows the owner
	Accounts  []string
	Unguarded bool // gets into a role without a countersign
	Roles     []Access
	key       partyKey
}

// partyKey tells parties apart, and is their order.
type partyKey struct {
	rank  rank
	label string
}

type rank uint8

const (
	rankAnyone rank = iota
	rankNamed
	rankAccount
	rankUnknown
)

// Access is a role that a third party can assume.
type Access struct {
	Fingerprint        string
	ARN, Name, Account string
	Title              string // see role.Role
	Path, Address      string // file and resource; may be empty
	Verdict            trust.Outcome
	Severity           rule.Severity
	Unguarded          bool // this party gets in without a countersign
	Protection         []string
	ExternalIDs        int   // different ones that the policy names for the party
	Shared             []int // groups of them, see Shared
	LastUsed           role.LastUsed
	Privilege          *privilege.Privilege

	order   int
	digests []digest
}

// NewInventory returns an empty inventory with names from a directory.
func NewInventory(directory *Directory) *Inventory {
	return &Inventory{directory: directory, secrets: newSecrets(), parties: map[partyKey]*Entry{}}
}

// HasOutsiders reports whether an inventory has a use for a finding.
func HasOutsiders(finding *rule.Finding) bool { return len(finding.Verdict.Outsiders) > 0 }

// Finding adds a role. It implements audit.Sink.
func (i *Inventory) Finding(finding *rule.Finding) error {
	if !HasOutsiders(finding) {
		return nil
	}
	i.roles++
	policy := readPolicy(&finding.Role.Trust)
	for _, outsider := range finding.Verdict.Outsiders {
		entry := i.entry(outsider.Account, policy)
		access := entry.access(finding, i.roles)
		if outsider.Unguarded && finding.Verdict.Outcome == trust.Fail {
			access.Unguarded, entry.Unguarded = true, true
		}
		for _, id := range policy.externalIDs(outsider.Statement) {
			if sum := i.secrets.digest(id); !slices.Contains(access.digests, sum) {
				access.digests = append(access.digests, sum)
			}
		}
		access.ExternalIDs = len(access.digests)
	}
	return nil
}

// entry finds or makes the entry of an account.
func (i *Inventory) entry(account string, policy *policy) *Entry {
	key, party := partyKey{rankAccount, account}, Party{}
	if account == "*" {
		key = partyKey{rankAnyone, Anyone}
	} else if account == "" || !policy.writes(account) {
		key = partyKey{rankUnknown, Unknown}
	} else if owner, ok := i.directory.Lookup(account); ok {
		key, party = partyKey{rankNamed, owner.Name}, owner
	}
	entry := i.parties[key]
	if entry == nil {
		entry = &Entry{Label: key.label, Party: party, key: key}
		i.parties[key] = entry
	}
	if (key.rank == rankNamed || key.rank == rankAccount) && !slices.Contains(entry.Accounts, account) {
		entry.Accounts = append(entry.Accounts, account)
	}
	return entry
}

// access finds or makes the entry of a role.
func (e *Entry) access(finding *rule.Finding, order int) *Access {
	if last := len(e.Roles) - 1; last >= 0 && e.Roles[last].order == order {
		return &e.Roles[last]
	}
	subject := finding.Role
	e.Roles = append(e.Roles, Access{
		Fingerprint: finding.Fingerprint,
		ARN:         subject.ARN, Name: subject.Name, Title: subject.Title(), Account: subject.KnownAccount(),
		Path: subject.Source.Path, Address: subject.Source.Address,
		Verdict: finding.Verdict.Outcome, Severity: finding.Severity,
		Protection: finding.Verdict.Protection, LastUsed: subject.LastUsed, Privilege: finding.Privilege,
		order: order,
	})
	return &e.Roles[len(e.Roles)-1]
}

// Roles is how many roles a third party can assume.
func (i *Inventory) Roles() int { return i.roles }

// Shared is an external ID that stands in several roles or is asked of several
// third parties.
type Shared struct {
	Group   int // from 1
	Parties []*Entry
	Roles   []Access // each once, in their order
}

// Entries returns the third parties, and the external IDs that are shared:
// anyone first, then owners by name, then accounts, then Unknown.
func (i *Inventory) Entries() ([]*Entry, []Shared) {
	entries := make([]*Entry, 0, len(i.parties))
	for _, entry := range i.parties {
		slices.Sort(entry.Accounts)
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(a.key.rank, b.key.rank), cmp.Compare(a.key.label, b.key.label))
	})
	return entries, share(entries)
}

// use is one place where an external ID is asked for.
type use struct {
	entry *Entry
	role  int // index in the entry's roles
}

// share finds the external IDs with more than one use and numbers them in the
// order of the entries.
func share(entries []*Entry) []Shared {
	uses := map[digest][]use{}
	var met []digest
	for _, entry := range entries {
		for n := range entry.Roles {
			entry.Roles[n].Shared = nil
			for _, sum := range entry.Roles[n].digests {
				if uses[sum] == nil {
					met = append(met, sum)
				}
				uses[sum] = append(uses[sum], use{entry, n})
			}
		}
	}
	var groups []Shared
	for _, sum := range met {
		if len(uses[sum]) < 2 {
			continue
		}
		group := Shared{Group: len(groups) + 1}
		for _, one := range uses[sum] {
			access := &one.entry.Roles[one.role]
			access.Shared = append(access.Shared, group.Group)
			if n := len(group.Parties); n == 0 || group.Parties[n-1] != one.entry {
				group.Parties = append(group.Parties, one.entry)
			}
			group.Roles = append(group.Roles, *access)
		}
		slices.SortStableFunc(group.Roles, func(a, b Access) int { return cmp.Compare(a.order, b.order) })
		group.Roles = slices.CompactFunc(group.Roles, func(a, b Access) bool { return a.order == b.order })
		groups = append(groups, group)
	}
	return groups
}
