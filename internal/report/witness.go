package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"countersign/trust"
)

// callers say in words how a witness came by its credentials.
var callers = map[trust.CallerKind]string{
	trust.UserKey:        "an IAM user with a long-term access key",
	trust.UserSession:    "an IAM user's session, made without MFA",
	trust.RoleSession:    "a session of a role",
	trust.UserKeyMFA:     "an IAM user with a long-term access key, passing an MFA code",
	trust.UserSessionMFA: "an IAM user's session, made with MFA",
	trust.ServiceCaller:  "an AWS service",
	trust.SAMLCaller:     "a caller signed in by SAML",
	trust.OIDCCaller:     "a caller signed in by OpenID Connect",
}

// witness writes the request that is granted as one block. The keys that the
// policy asks for come first; the rest, which every request carries in some
// form, follows only with every.
func (p *page) witness(request *trust.Request, d *document, every bool) {
	request = d.withoutSecrets(request)
	asked := askedKeys(d.tree)
	p.field("witness", "this request is granted:")
	p.detail("caller", printable(request.Principal))
	p.detail("", kindOf(request))
	p.detail("checks", printable(strings.Join(request.Checks, ", ")))
	p.detail("external ID", externalIDOf(request))
	p.detail("MFA", mfaOf(request))

	first, rest := splitKeys(request.Context, asked)
	if every {
		first = append(first, rest...)
	}
	label := "context"
	for _, key := range first {
		p.detail(label, printable(key)+" = "+valuesOf(request.Context[key]))
		label = ""
	}
}

// detailColumns is where the text of a line of the witness begins.
const detailColumns = labelColumns + 14

func (p *page) detail(label, text string) {
	lead := strings.Repeat(" ", labelColumns+1) + p.style.paint(dim, label) +
		strings.Repeat(" ", detailColumns-labelColumns-1-len(label))
	p.hang(lead, detailColumns, text)
}

func kindOf(request *trust.Request) string {
	kind, ok := callers[request.Kind]
	if !ok {
		kind = printable(string(request.Kind))
	}
	return kind
}

// externalIDOf says which external ID a request shows.
func externalIDOf(request *trust.Request) string {
	values, ok := request.Context.Lookup("sts:ExternalId")
	if !ok {
		return "none"
	}
	if slices.Contains(values, mask) {
		return mask + ", made to fit the policy's"
	}
	return valuesOf(values) + ", made up"
}

// mfaOf says whether a request shows MFA.
func mfaOf(request *trust.Request) string {
	values, ok := request.Context.Lookup("aws:MultiFactorAuthPresent")
	switch {
	case !ok:
		return "none"
	case len(values) == 1 && strings.EqualFold(values[0], "true"):
		return "yes"
	}
	return "none (aws:MultiFactorAuthPresent = " + valuesOf(values) + ")"
}

// splitKeys sorts the keys of a context into those that the policy asks for and
// the others, without the two that the block names on their own.
func splitKeys(context trust.Context, asked map[string]bool) (first, rest []string) {
	for _, key := range slices.Sorted(maps.Keys(context)) {
		switch lower := strings.ToLower(key); {
		case lower == "sts:externalid", lower == "aws:multifactorauthpresent":
		case asked[lower]:
			first = append(first, key)
		default:
			rest = append(rest, key)
		}
	}
	return first, rest
}

func valuesOf(values []string) string {
	shown := make([]string, len(values))
	for i, value := range values {
		shown[i] = `"` + printable(value) + `"`
		if value == mask {
			shown[i] = mask
		}
	}
	return strings.Join(shown, ", ")
}

// askedKeys returns the condition keys that a policy names, in lower case.
func askedKeys(tree trust.Value) map[string]bool {
	asked := map[string]bool{}
	collectAskedKeys(tree, 0, asked)
	return asked
}

// collectAskedKeys looks for the keys two levels below a Condition element:
// below is 0 outside of one, 1 at the operators, 2 at the keys.
func collectAskedKeys(value trust.Value, below int, asked map[string]bool) {
	for _, item := range value.Items {
		collectAskedKeys(item, below, asked)
	}
	for _, member := range value.Members {
		switch {
		case below == 2:
			asked[strings.ToLower(member.Key.Text)] = true
		case below == 1 || member.Key.Text == "Condition":
			collectAskedKeys(member.Value, below+1, asked)
		default:
			collectAskedKeys(member.Value, 0, asked)
		}
	}
}

// count spells a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
