package audit

import (
	"slices"
	"strings"

	"countersign/trust"
)

// seesRole reports whether a policy can tell two roles of one account apart,
// by their ARN or by their tags. It errs on the side of yes.
func seesRole(policy *trust.Policy) bool {
	for _, statement := range policy.Statements {
		if len(statement.Resources) > 0 && !everyResource(statement) {
			return true
		}
		for _, condition := range statement.Conditions {
			if keySeesRole(condition.Key) {
				return true
			}
			for _, operand := range condition.Values {
				if piecesSeeRole(operand.Pieces) {
					return true
				}
			}
		}
	}
	return false
}

// everyResource reports whether a statement is for every resource, as most
// resource control policies are.
func everyResource(statement trust.Statement) bool {
	if statement.NotResource {
		return false
	}
	for _, resource := range statement.Resources {
		if resource.Text == "*" {
			return true
		}
	}
	return false
}

func piecesSeeRole(pieces []trust.Piece) bool {
	for _, piece := range pieces {
		if piece.Kind == trust.VariablePiece && keySeesRole(piece.Key) {
			return true
		}
	}
	return false
}

// keySeesRole reports whether a condition key tells something of the role
// itself, rather than of its account or of the caller.
func keySeesRole(key string) bool {
	switch key {
	case "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths":
		return false
	}
	service, name, _ := strings.Cut(key, ":")
	switch service {
	case "aws", "iam", "sts":
		return strings.HasPrefix(name, "resource") || strings.HasPrefix(name, "role")
	}
	return false
}

// externalIDs lists the texts a policy holds the external ID against, in lower
// case. A verdict warns of one that repeats the role's name.
func externalIDs(policy *trust.Policy) []string {
	var texts []string
	for _, statement := range policy.Statements {
		for _, condition := range statement.Conditions {
			if condition.Key != "sts:externalid" {
				continue
			}
			for _, operand := range condition.Values {
				texts = append(texts, strings.ToLower(operand.Text))
			}
		}
	}
	return texts
}

// repeats reports whether an external ID of the policy contains the name.
func (p *policy) repeats(name string) bool {
	if len(p.secrets) == 0 {
		return false
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(p.secrets, func(secret string) bool { return strings.Contains(secret, name) })
}
