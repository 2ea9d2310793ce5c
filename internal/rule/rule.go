package rule

import "countersign/trust"

// Rule is one thing that is demanded of roles.
type Rule struct {
	ID          string // "IAM-050"
	Title       string
	Description string // one line
	Page        string // its documentation, from the project's root
	// Check judges a trust policy. Its answer depends on the policy and the
	// question alone, so that equal policies need one check only.
	Check func(*trust.Policy, trust.Question) trust.Verdict
}

// Rules is every rule there is, in the order of their ids.
var Rules = []Rule{
	{
		ID:          "IAM-050",
		Title:       "Cross-Account Access Lacks External ID and MFA",
		Description: "a stranger can assume the role with neither an external ID nor MFA",
		Page:        "docs/rules/IAM-050.md",
		Check:       checkIAM050,
	},
}
