package trust

import (
	"slices"
	"strings"
)

// Contains reports whether the request's caller is inside the zone of trust of
// the subject: it belongs to the role's own account, to a trusted account, or
// AWS shows it to belong to a trusted organization. Where the subject names no
// account, the role's own is the one in the request's Resource.
func (z Zone) Contains(request Request, subject Subject) bool {
	return z.contains(newEvaluation(request), subject)
}

func (z Zone) contains(e *evaluation, subject Subject) bool {
	own := subject.Account
	if own == "" {
		own = accountOf(e.request.Resource)
	}
	if own != "" && e.request.Account == own || slices.Contains(z.Accounts, e.request.Account) {
		return true
	}
	organization, ok := e.keys.single("aws:principalorgid")
	return ok && slices.Contains(z.Organizations, organization)
}

// accountOf returns the fifth segment of an ARN, "" of any other text.
func accountOf(arn string) string {
	segments, ok := parseARN(arn)
	if !ok {
		return ""
	}
	return segments[4]
}

// Countersigned reports whether the request carries a countersign: MFA, or an
// external ID that is a secret of one of the policies.
//
// A secret is every string that equals an operand under sts:ExternalId, in
// whatever statement and with either sign, when the operand has no variable
// and matches finitely many strings up to spelling. What matches a range of
// values (a star, a number above, mere presence) keeps nothing secret.
func Countersigned(request Request, policies ...*Policy) bool {
	return newEvaluation(request).countersigned(policies)
}

func (e *evaluation) countersigned(policies []*Policy) bool {
	if mfa, ok := e.keys.single("aws:multifactorauthpresent"); ok && strings.ToLower(mfa) == "true" {
		return true
	}
	externalID, ok := e.keys.single("sts:externalid")
	return ok && slices.ContainsFunc(policies, func(p *Policy) bool { return e.keepsSecret(p, externalID) })
}

// keepsSecret reports whether the text is one of the policy's secrets.
func (e *evaluation) keepsSecret(policy *Policy, text string) bool {
	for _, statement := range policy.Statements {
		for _, condition := range statement.Conditions {
			if condition.Key != "sts:externalid" {
				continue
			}
			family := condition.Operator.Family
			for _, operand := range condition.Values {
				if finite(family, operand) && readable(family, text) && e.compare(family, operand, text) == isEqual {
					return true
				}
			}
		}
	}
	return false
}

// finite reports whether an operand matches finitely many strings, up to the
// spelling of a number, a date or letter case.
func finite(family Family, operand Operand) bool {
	has := func(kind PieceKind) bool {
		return slices.ContainsFunc(operand.Pieces, func(p Piece) bool { return p.Kind == kind })
	}
	switch family {
	case NumericEqual, DateEqual:
		return true
	case StringExact, StringIgnoreCase, BinaryEqual:
		return !has(VariablePiece)
	case StringPattern:
		return !has(VariablePiece) && !has(AnyRunPiece)
	case ArnPattern:
		return !has(VariablePiece) && !has(AnyRunPiece) && !has(AnyOnePiece)
	}
	return false
}
