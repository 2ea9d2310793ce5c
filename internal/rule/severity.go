package rule

import "countersign/trust"

// SeverityOf says what a verdict is worth. privileged says that the role is an
// administrator or can become one. overrides are the user's, by rule
// ("IAM-050") or by rule and reason code ("IAM-050/mfa-false"), of which the
// latter goes before; among several reasons the worst counts. policy is what
// the verdict was made of, nil when it could not be parsed.
func SeverityOf(rule string, policy *trust.Policy, verdict *trust.Verdict, privileged bool, overrides map[string]Severity) Severity {
	if verdict.Outcome != trust.Fail && verdict.Outcome != trust.Undecided {
		return None
	}
	base, overridden := overrides[rule]
	if !overridden {
		base = inherent(policy, verdict, privileged)
	}
	if len(verdict.Reasons) == 0 {
		return base
	}
	worst := None
	for _, reason := range verdict.Reasons {
		severity, ok := overrides[rule+"/"+reason.Code]
		if !ok {
			severity = base
		}
		worst = max(worst, severity)
	}
	return worst
}

// inherent is the severity by who gets in and what the role may do. Named
// outsiders are worth the rule's own risk, unless the role is privileged.
func inherent(policy *trust.Policy, verdict *trust.Verdict, privileged bool) Severity {
	risk := Medium
	if privileged {
		risk = High
	}
	switch {
	case verdict.AnyAccount:
		return Critical
	case verdict.Outcome == trust.Undecided:
		if namesEveryone(policy) {
			return Critical
		}
		return risk
	case !verdict.Exploitable:
		return Low
	}
	return risk
}

// namesEveryone reports whether an Allow is for principals that nobody has
// listed.
func namesEveryone(policy *trust.Policy) bool {
	if policy == nil {
		return false
	}
	for _, statement := range policy.Statements {
		if statement.Effect != trust.Allow {
			continue
		}
		if statement.NotPrincipal {
			return true
		}
		for _, principal := range statement.Principals {
			if principal.Form == trust.Anyone {
				return true
			}
		}
	}
	return false
}
