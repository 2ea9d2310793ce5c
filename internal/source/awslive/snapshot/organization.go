package snapshot

import "slices"

// Organization is an organization as AWS Organizations answered, as far as an
// audit needs it.
type Organization struct {
	ID                string    `json:"id"` // "o-…"
	ManagementAccount string    `json:"management_account"`
	Units             []string  `json:"units"`    // roots and organizational units
	Accounts          []Account `json:"accounts"` // by id
	RCPs              []RCP     `json:"rcps"`     // by id; nil when they were not read
}

// Account is a member of an organization, or its management account.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// State is "ACTIVE", "SUSPENDED" and so on; AWS states what they mean in
	// the Organizations User Guide, "Monitor the state of your AWS accounts".
	State string `json:"state"`
	// Parents are the ids of the root and the organizational units above the
	// account, root first.
	Parents []string `json:"parents"`
}

// Active reports whether the account can be used. One whose state AWS does not
// tell counts as active, so that it is not passed over.
func (a Account) Active() bool { return a.State == "ACTIVE" || a.State == "" }

// RCP is a resource control policy and what it is attached to.
type RCP struct {
	ID      string   `json:"id"`
	ARN     string   `json:"arn"`
	Name    string   `json:"name"`
	Content string   `json:"content"` // the policy as JSON text
	Targets []string `json:"targets"` // ids of roots, units and accounts
}

// Account returns the account with that id.
func (o *Organization) Account(id string) (Account, bool) {
	for _, account := range o.Accounts {
		if account.ID == id {
			return account, true
		}
	}
	return Account{}, false
}

// Members returns the ids of all accounts, whatever their state.
func (o *Organization) Members() []string {
	members := make([]string, len(o.Accounts))
	for i, account := range o.Accounts {
		members[i] = account.ID
	}
	return members
}

// Binding returns the resource control policies that bind an account of the
// organization: those attached to itself or to anything above it. None binds
// the management account (Organizations User Guide, "Resource control
// policies").
func (o *Organization) Binding(account Account) (binding []RCP) {
	if account.ID == o.ManagementAccount {
		return nil
	}
	for _, control := range o.RCPs {
		if slices.ContainsFunc(control.Targets, account.under) {
			binding = append(binding, control)
		}
	}
	return binding
}

// under reports whether a target is the account itself or lies above it.
func (a Account) under(target string) bool {
	return target == a.ID || slices.Contains(a.Parents, target)
}
