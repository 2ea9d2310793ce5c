package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/rule"
	"countersign/internal/spelling"
	"countersign/trust"
)

// Error says what is wrong with a setting and what would be right.
type Error struct {
	Message string // lower case, no full stop
	Hint    string // may be empty
}

func (e *Error) Error() string { return e.Message }

// CheckAccount accepts an AWS account id: 12 digits (AWS Account Management
// Reference Guide, "View AWS account identifiers").
func CheckAccount(text string) error {
	digits := text != "" && strings.Trim(text, "0123456789") == ""
	switch {
	case digits && len(text) == 12:
		return nil
	case digits && len(text) < 12:
		return &Error{
			fmt.Sprintf("%q has %s, an account id has 12", text, count(len(text), "digit")),
			fmt.Sprintf("if leading zeros were lost on the way, it is %q", strings.Repeat("0", 12-len(text))+text),
		}
	case digits:
		return &Error{fmt.Sprintf("%q has %d digits, an account id has 12", text, len(text)), ""}
	case len(strings.ReplaceAll(text, "-", "")) == 12 && strings.Trim(text, "-0123456789") == "":
		return &Error{fmt.Sprintf("%q is not an account id", text), fmt.Sprintf("write it without hyphens: %q", strings.ReplaceAll(text, "-", ""))}
	}
	return &Error{fmt.Sprintf("%q is not an account id", text), `an account id has 12 digits, such as "111122223333"`}
}

// organizationID is the pattern of the Organizations API Reference,
// "Organization", Id.
var organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)

// CheckOrganization accepts the id of an AWS organization.
func CheckOrganization(text string) error {
	if organizationID.MatchString(text) {
		return nil
	}
	hint := `an organization id begins with "o-" and goes on with 10 to 32 lower-case letters and digits, such as "o-a1b2c3d4e5"`
	switch {
	case strings.HasPrefix(text, "r-"):
		hint = "this is a root's id; " + hint
	case strings.HasPrefix(text, "ou-"):
		hint = "this is an organizational unit's id; " + hint
	}
	return &Error{fmt.Sprintf("%q is not an organization id", text), hint}
}

// roleName is what IAM takes for a role's name (IAM API Reference, CreateRole,
// RoleName), and our "*".
var roleName = regexp.MustCompile(`^[\w+=,.@*-]{1,64}$`)

// fingerprint is the form of docs/fingerprint.md.
var fingerprint = regexp.MustCompile(`^cs1-[0-9a-f]{32}$`)

func checkRoleName(text string) error {
	if roleName.MatchString(text) {
		return nil
	}
	hint := `a role's name has up to 64 letters, digits and +=,.@_-; "*" stands for any run of characters`
	if strings.Contains(text, "/") {
		hint = "give the name without its path; " + hint
	}
	return &Error{fmt.Sprintf("%q is not a role name", text), hint}
}

// checkSeverityKey accepts a rule's id, or "RULE/reason-code".
func checkSeverityKey(key string) error {
	id, code, hasCode := strings.Cut(key, "/")
	var rules []string
	for _, r := range rule.Rules {
		rules = append(rules, r.ID)
	}
	if !slices.Contains(rules, id) {
		return &Error{fmt.Sprintf("unknown rule %q", id), either(spelling.Suggest(id, rules), "the rules are listed by: countersign rules")}
	}
	if hasCode && !slices.Contains(trust.ReasonCodes, code) {
		return &Error{fmt.Sprintf("unknown reason code %q", code), either(spelling.Suggest(code, trust.ReasonCodes), "the reason codes are listed by: countersign rules "+id)}
	}
	return nil
}

func either(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
