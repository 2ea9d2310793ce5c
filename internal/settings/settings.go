// Package settings holds what a user decides once for all runs: who is trusted,
// and what findings are worth. It comes from countersign.yaml and from flags.
package settings

import (
	"slices"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/internal/waiver"
	"countersign/trust"
)

// Settings are the user's decisions. The zero value trusts nobody but each
// role's own account.
type Settings struct {
	// Path is the file they were read from; empty when there is none.
	Path string
	// Account stands in for roles whose source does not tell their account.
	Account string
	// Organization is the id of the account's own organization, if known. It
	// is not in the zone of trust unless Organizations names it too.
	Organization  string
	Accounts      []Account
	Organizations []Organization
	// ThirdParties are the user's names of owners of accounts. They decide
	// nothing.
	ThirdParties []ThirdParty
	// ExternalIDs are those that third parties issued; repairs write them into
	// trust policies. They decide nothing.
	ExternalIDs []ExternalID
	// Severities are what findings are worth to the user, by rule id or by
	// "RULE/reason-code".
	Severities map[string]rule.Severity
	// Waivers accept findings until a date; Inline says which of those that
	// stand at the roles themselves count.
	Waivers []waiver.Waiver
	Inline  waiver.Inline
	// Origins tell where each of these stands.
	Origins Origins
}

// Account is an account in the zone of trust.
type Account struct {
	ID   string // 12 digits
	Name string // for reports; may be empty
	// Roles limits the trust to roles with these names, spelt exactly, "*"
	// standing for any run of characters. Empty means every role.
	Roles []string
}

// Organization is an AWS organization in the zone of trust.
type Organization struct {
	ID   string // "o-…"
	Name string // for reports; may be empty
}

// ThirdParty is the owner of accounts outside the zone of trust.
type ThirdParty struct {
	Name     string
	Kind     string   // what the owner is, in the user's word; may be empty
	Accounts []string // 12 digits each
}

// ExternalID is an external ID that one third party issued.
type ExternalID struct {
	Accounts []string // of the third party, 12 digits each
	ID       string
}

// Zone returns the zone of trust for one role.
func (s Settings) Zone(r *role.Role) trust.Zone {
	var zone trust.Zone
	for _, account := range s.Accounts {
		if account.ID != r.Account && account.trustedBy(r.Name) && !slices.Contains(zone.Accounts, account.ID) {
			zone.Accounts = append(zone.Accounts, account.ID)
		}
	}
	for _, organization := range s.Organizations {
		if !slices.Contains(zone.Organizations, organization.ID) {
			zone.Organizations = append(zone.Organizations, organization.ID)
		}
	}
	return zone
}

// Names returns the names that the user gave to accounts and organizations, by
// their ids.
func (s Settings) Names() map[string]string {
	names := map[string]string{}
	for _, account := range s.Accounts {
		if account.Name != "" {
			names[account.ID] = account.Name
		}
	}
	for _, organization := range s.Organizations {
		if organization.Name != "" {
			names[organization.ID] = organization.Name
		}
	}
	return names
}

func (a Account) trustedBy(roleName string) bool {
	return len(a.Roles) == 0 || slices.ContainsFunc(a.Roles, func(pattern string) bool {
		return role.Fits(pattern, roleName)
	})
}
