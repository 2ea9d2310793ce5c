package snapshot

import (
	"errors"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/rcp"
	"countersign/internal/role"
	"countersign/trust"
)

// Controls returns what gives the resource control policies that bind a role,
// as audit.Options.RCPsFor wants it. No policy binds a service-linked role
// (Organizations User Guide, "Resource control policies"). A policy that has no
// meaning is reported and left out: roles are then judged without it, which can
// show a role as open that is not, and never the reverse.
func (o *Organization) Controls() (bind func(*role.Role) []*trust.Policy, gaps []audit.Incomplete) {
	policies := map[string][]*trust.Policy{} // by RCP
	for _, control := range o.RCPs {
		read, err := rcp.Read("resource control policy "+control.ID, strings.NewReader(control.Content))
		if err != nil {
			gaps = append(gaps, meaningless(control, err))
		}
		policies[control.ID] = read
	}
	byAccount := map[string][]*trust.Policy{}
	bySet := map[string][]*trust.Policy{} // so that equal answers are one slice
	for _, account := range o.Accounts {
		var set strings.Builder
		var binding []*trust.Policy
		for _, control := range o.Binding(account) {
			set.WriteString(control.ID + " ")
			binding = append(binding, policies[control.ID]...)
		}
		if known, ok := bySet[set.String()]; ok {
			binding = known
		}
		bySet[set.String()] = binding
		byAccount[account.ID] = binding
	}
	return func(subject *role.Role) []*trust.Policy { return byAccount[subject.Account] }, gaps
}

func meaningless(control RCP, err error) audit.Incomplete {
	gap := audit.Incomplete{
		Source: "resource control policy " + control.ID + " (" + control.Name + ")",
		Reason: "it cannot be read, so roles are judged without it: " + err.Error(),
	}
	var fault *rcp.Error
	if errors.As(err, &fault) {
		gap.Reason = "it cannot be read, so roles are judged without it: " + fault.Message
		gap.Hint = fault.Hint
	}
	return gap
}
