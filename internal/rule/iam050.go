package rule

import "countersign/trust"

// checkIAM050 asks whether somebody outside the zone of trust can assume the
// role with neither an external ID nor MFA.
func checkIAM050(policy *trust.Policy, question trust.Question) trust.Verdict {
	return trust.Decide(policy, question)
}
