package report

import (
	"fmt"
	"slices"
	"strings"

	"countersign/trust"
)

// remedies say, for each reason code, what would close that way in.
var remedies = map[string]string{
	"no-condition":            "require an external ID (a third party's machines) or MFA (people)",
	"other-statement-open":    "put the condition of the guarded statement here too",
	"external-id-any":         "hold sts:ExternalId against one exact value, with StringEquals",
	"external-id-pattern":     "replace the pattern by the exact external ID, with StringEquals",
	"external-id-empty":       "give sts:ExternalId the value that the third party issued",
	"external-id-if-exists":   "demand that sts:ExternalId is sent: StringEquals, without IfExists and ForAllValues",
	"external-id-negated":     "say which external ID is allowed, with StringEquals, not which ones are not",
	"external-id-from-caller": "replace the variable by a fixed external ID: the caller decides what it expands to",
	"external-id-deny-gap":    "demand the external ID in the Allow: the Deny does not reach every request without one",
	"mfa-false":               `demand MFA: Bool aws:MultiFactorAuthPresent "true"`,
	"mfa-if-exists":           "demand that the key is there: Bool, not BoolIfExists, for aws:MultiFactorAuthPresent in an Allow",
	"mfa-negated":             `demand MFA in the Allow: Bool aws:MultiFactorAuthPresent "true"`,
	"misspelt-key":            "correct the key's spelling: AWS never sends the one that is written",
	"mfa-deny-misses-keys":    "deny with BoolIfExists, since long-term keys carry no aws:MultiFactorAuthPresent, or demand it in the Allow",
	"public-principal":        `name the accounts that need the role instead of "*", and require an external ID`,
	"network-only":            "require an external ID or MFA as well: a network is no countersign",
	"organization-only":       "require an external ID or MFA as well, or trust the organization",
	"tag-only":                "require an external ID or MFA as well: callers choose their own tags",
}

const anyRemedy = "require an external ID (a third party's machines) or MFA (people)"

// remedy is one thing to do, and the statements (from 0) to do it in.
type remedy struct {
	text       string
	statements []int
}

// remediesFor lists what would close a role, in the order of its reasons.
func remediesFor(reasons []trust.Reason) []remedy {
	var made []remedy
	for _, reason := range reasons {
		text, ok := remedies[reason.Code]
		if !ok {
			text = anyRemedy
		}
		at := slices.IndexFunc(made, func(r remedy) bool { return r.text == text })
		if at < 0 {
			at, made = len(made), append(made, remedy{text: text})
		}
		if reason.Statement >= 0 && !slices.Contains(made[at].statements, reason.Statement) {
			made[at].statements = append(made[at].statements, reason.Statement)
		}
	}
	return made
}

func (r remedy) String() string {
	if len(r.statements) == 0 {
		return r.text
	}
	return r.text + " (" + statementNames(r.statements) + ")"
}

// statementNames counts from 1, as people do.
func statementNames(indexes []int) string {
	if len(indexes) == 1 {
		return fmt.Sprintf("statement %d", indexes[0]+1)
	}
	var names []string
	for _, index := range indexes {
		names = append(names, fmt.Sprint(index+1))
	}
	last := len(names) - 1
	return "statements " + strings.Join(names[:last], ", ") + " and " + names[last]
}

// Lines to paste. The placeholder is one that a later scan would recognize if
// it were left as it is.
const (
	externalIDLine = `"StringEquals": {"sts:ExternalId": "<external_id>"}`
	mfaLine        = `"Bool": {"aws:MultiFactorAuthPresent": "true"}`
	principalLine  = `"Principal": {"AWS": "<account_id>"}`
)

// lines spells what a statement needs. People get MFA and machines an external
// ID; a session of a role can never show MFA (IAM User Guide, "Configuring
// MFA-protected API access").
func (r remedy) lines(outsiders []trust.Outsider) []string {
	users, roles, others := 0, 0, 0
	for _, outsider := range outsiders {
		switch {
		case len(r.statements) > 0 && !slices.Contains(r.statements, outsider.Statement):
		case strings.Contains(outsider.Principal, ":user/"):
			users++
		case strings.Contains(outsider.Principal, ":role/"), strings.Contains(outsider.Principal, ":assumed-role/"):
			roles++
		default:
			others++
		}
	}
	var lines []string
	if r.text == remedies["public-principal"] {
		lines = append(lines, principalLine+",")
	}
	switch {
	case users > 0 && roles+others == 0:
		return append(lines, condition(mfaLine)...)
	case roles > 0 && users+others == 0:
		return append(lines, condition(externalIDLine)...)
	}
	lines = append(lines, condition(externalIDLine)...)
	lines = append(lines, "", "or, where only people assume the role:", "")
	return append(lines, condition(mfaLine)...)
}

func condition(test string) []string {
	return []string{`"Condition": {`, "  " + test, "}"}
}
