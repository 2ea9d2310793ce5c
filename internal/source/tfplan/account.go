package tfplan

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/trust"
)

// caller is an answer of the data source aws_caller_identity: the account that
// a provider works in.
type caller struct {
	account, partition string
	address            string
}

func (r *reader) identity(address string, values jsontext.Value) {
	var found struct {
		Account string `json:"account_id"`
		ARN     string `json:"arn"`
	}
	if json.Unmarshal(values, &found) != nil || accountID(found.Account) == "" {
		return
	}
	r.callers = append(r.callers, caller{account: found.Account, partition: segment(found.ARN, 1), address: address})
}

// owner tells the account and the partition that a resource is made in, as far
// as the document does: by its provider, or by the only caller there is.
func (r *reader) owner(address string) (account, partition string) {
	key := ""
	if found := r.configs[withoutIndexes(address)]; found != nil {
		key = found.Provider
	}
	same, all := r.agreed(func(c caller) bool { return key != "" && r.providerOf(c) == key }), r.agreed(func(caller) bool { return true })
	switch tied := r.providers[key]; {
	case key != "" && tied != "":
		return tied, same.partition
	case same.account != "":
		return same.account, same.partition
	case key == "" || len(r.providers) <= 1 && !strings.Contains(key, "."):
		return all.account, all.partition
	}
	return "", ""
}

func (r *reader) providerOf(c caller) string {
	if found := r.configs[withoutIndexes(c.address)]; found != nil {
		return found.Provider
	}
	return ""
}

// agreed is what all callers that are meant have in common.
func (r *reader) agreed(meant func(caller) bool) caller {
	var common caller
	for _, one := range r.callers {
		switch {
		case !meant(one):
		case common.account == "":
			common = one
		case common.account != one.account:
			return caller{}
		}
	}
	return common
}

// accountID returns text if it is an account id.
func accountID(text string) string {
	if !trust.IsAccountID(text) {
		return ""
	}
	return text
}

// segment returns a segment of an ARN, counted from 0, or nothing.
func segment(arn string, n int) string {
	segments := strings.SplitN(arn, ":", 6)
	if len(segments) < 6 || segments[0] != "arn" {
		return ""
	}
	return segments[n]
}

// withoutIndexes takes the instance keys off an address:
// module.a["x"].aws_iam_role.b[0] becomes module.a.aws_iam_role.b.
func withoutIndexes(address string) string {
	if !strings.Contains(address, "[") {
		return address
	}
	var plain strings.Builder
	inside, quoted := false, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case inside && c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case !inside:
			plain.WriteByte(c)
		}
	}
	return plain.String()
}

// moduleOf splits an address into its module, with a dot behind it, and the
// rest.
func moduleOf(address string) (module, rest string) {
	at, depth := 0, 0
	for strings.HasPrefix(address[at:], "module.") && depth <= maxDepth {
		end := endOfStep(address, at+len("module."))
		if end == len(address) {
			break
		}
		at = end + 1
		depth++
	}
	return address[:at], address[at:]
}

// endOfStep is where the dot behind a name and its instance key stands.
func endOfStep(address string, at int) int {
	quoted := false
	for ; at < len(address); at++ {
		switch c := address[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case c == '.' && !quoted:
			return at
		}
	}
	return len(address)
}
