package report

import (
	"fmt"
	"slices"
	"strings"

	"countersign/trust"
)

// remedies say, for each reason code, what would close that way in.
var remedies = map[string]string{
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

// countersign is what a statement should ask for.
type countersign uint8

const (
	either countersign = iota
	externalID
	mfa
)

// What a statement needs when its reason tells no more.
var plainRemedies = [...]string{
	either:     "require an external ID (a third party's machines) or MFA (people)",
	externalID: "require an external ID; a session of a role can never show MFA",
	mfa:        "require MFA",
}

// remedy is one thing to do, and the statements (from 0) to do it in.
type remedy struct {
	text       string
	asks       countersign
	public     bool // the principal has to change as well
	statements []int
}

// remediesFor lists what would close a role, in the order of its reasons.
func remediesFor(verdict *trust.Verdict) []remedy {
	var made []remedy
	audiences := audiencesOf(verdict.Outsiders)
	for _, reason := range verdict.Reasons {
		next := remedyFor(reason, audiences)
		at := slices.IndexFunc(made, func(r remedy) bool { return r.text == next.text && r.asks == next.asks })
		if at < 0 {
			at, made = len(made), append(made, next)
		}
		// Where there is but one statement, nobody has to be told which.
		if reason.Statement >= 0 && len(verdict.Parts) != 1 {
			made[at].statements = append(made[at].statements, reason.Statement)
		}
	}
	for i := range made {
		slices.Sort(made[i].statements)
		made[i].statements = slices.Compact(made[i].statements)
	}
	return made
}

// remedyFor suits the remedy to who gets in. People get MFA and machines an
// external ID; a session of a role can never show MFA (IAM User Guide,
// "Configuring MFA-protected API access").
func remedyFor(reason trust.Reason, audiences map[int]audience) remedy {
	who, ok := audiences[reason.Statement]
	if !ok {
		// A statement that lets nobody in, such as a Deny, concerns them all.
		who = audiences[everyone]
	}
	machines, people := who.roles > 0 && who.roles == who.all, who.users > 0 && who.users == who.all
	text, known := remedies[reason.Code]
	made := remedy{text: text, public: reason.Code == "public-principal"}
	switch {
	case machines, made.public, strings.HasPrefix(reason.Code, "external-id-"):
		made.asks = externalID
	case people, strings.HasPrefix(reason.Code, "mfa-"):
		made.asks = mfa
	}
	if !known || machines && strings.HasPrefix(reason.Code, "mfa-") {
		made.text = plainRemedies[made.asks]
	}
	return made
}

// audience counts the outsiders of a statement by what they are.
type audience struct{ roles, users, all int }

// everyone stands for all statements together.
const everyone = -1

func audiencesOf(outsiders []trust.Outsider) map[int]audience {
	counted := map[int]audience{}
	for _, outsider := range outsiders {
		for _, statement := range []int{outsider.Statement, everyone} {
			a := counted[statement]
			a.all++
			switch {
			case strings.Contains(outsider.Principal, ":user/"):
				a.users++
			case strings.Contains(outsider.Principal, ":role/"), strings.Contains(outsider.Principal, ":assumed-role/"):
				a.roles++
			}
			counted[statement] = a
		}
	}
	return counted
}

func (r remedy) String() string {
	if len(r.statements) == 0 {
		return r.text
	}
	return r.text + " (" + statementNames(r.statements) + ")"
}

// mostStatements is how many statements are named one by one.
const mostStatements = 8

// statementNames counts from 1, as people do.
func statementNames(indexes []int) string {
	if len(indexes) == 1 {
		return fmt.Sprintf("statement %d", indexes[0]+1)
	}
	var names []string
	for _, index := range indexes[:min(len(indexes), mostStatements)] {
		names = append(names, fmt.Sprint(index+1))
	}
	if more := len(indexes) - mostStatements; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	last := len(names) - 1
	return "statements " + strings.Join(names[:last], ", ") + " and " + names[last]
}

// Lines to paste. The placeholder of the external ID is one that a later scan
// recognizes if it is left as it is.
const (
	externalIDLine = `"StringEquals": {"sts:ExternalId": "<external_id>"}`
	mfaLine        = `"Bool": {"aws:MultiFactorAuthPresent": "true"}`
	principalLine  = `"Principal": {"AWS": "<account_id>"},`
)

// merged joins what is asked of the same statements.
func merged(remedies []remedy) []remedy {
	var made []remedy
	for _, next := range remedies {
		at := slices.IndexFunc(made, func(r remedy) bool { return slices.Equal(r.statements, next.statements) })
		if at < 0 {
			made = append(made, next)
			continue
		}
		block := &made[at]
		block.public = block.public || next.public
		switch {
		case block.asks == either:
			block.asks = next.asks
		case next.asks != either && next.asks != block.asks:
			block.asks = either
		}
	}
	return made
}

// lines spells what a statement needs.
func (r remedy) lines() []string {
	var lines []string
	if r.public {
		lines = append(lines, principalLine)
	}
	if r.asks != mfa {
		lines = append(lines, condition(externalIDLine)...)
	}
	if r.asks == either {
		lines = append(lines, "", "or, where only people assume the role:", "")
	}
	if r.asks != externalID {
		lines = append(lines, condition(mfaLine)...)
	}
	return lines
}

func condition(test string) []string {
	return []string{`"Condition": {`, "  " + test, "}"}
}
