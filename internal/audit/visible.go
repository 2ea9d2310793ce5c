package audit

import (
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
