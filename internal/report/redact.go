package report

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"countersign/internal/spelling"
	"countersign/trust"
)

// mask stands in for an external ID.
const mask = "«redacted»"

// externalIDs returns the ranges of all values in a document tree that a
// condition holds sts:ExternalId against, by file and sorted by their start. The
// key counts in any letter case, misspelt, and wherever it stands, also where the
// grammar has no place for it: a broken policy keeps its secrets too. An unknown
// key may be this one. Values that hold nothing but stars, or nothing at all,
// tell nobody's ID and stay readable.
func externalIDs(tree trust.Value) map[*trust.File][]trust.Range {
	found := map[*trust.File][]trust.Range{}
	collectExternalIDs(tree, false, found)
	for _, ranges := range found {
		slices.SortFunc(ranges, func(a, b trust.Range) int { return cmp.Compare(a.Start, b.Start) })
	}
	return found
}

func collectExternalIDs(value trust.Value, secret bool, found map[*trust.File][]trust.Range) {
	switch value.Kind {
	case trust.Object:
		for _, member := range value.Members {
			collectExternalIDs(member.Key, secret, found)
			collectExternalIDs(member.Value, secret || mayBeExternalID(member.Key), found)
		}
	case trust.Array, trust.Choice:
		for _, item := range value.Items {
			collectExternalIDs(item, secret, found)
		}
	default:
		if file := value.Range.File; file != nil && secret && isSecret(value) {
			found[file] = append(found[file], value.Range)
		}
	}
}

func mayBeExternalID(key trust.Value) bool {
	return key.Kind == trust.Unknown || len(key.Parts) > 0 || meansExternalID(key.Text)
}

func isExternalID(key string) bool {
	return strings.EqualFold(strings.TrimSpace(key), "sts:ExternalId")
}

// meansExternalID reports whether a key is sts:ExternalId, or that with a slip in
// it, such as sts:External-Id. AWS never sends the latter; what was written under
// it is the vendor's ID all the same. What follows a slash is a tag's name.
func meansExternalID(key string) bool {
	if strings.Contains(key, "/") {
		return false
	}
	name := key[strings.LastIndexByte(key, ':')+1:]
	_, near := spelling.Slips(name, "ExternalId")
	return near || speaksOfExternalID.MatchString(key)
}

// isSecret reports whether a value under the key tells something of an ID.
func isSecret(value trust.Value) bool {
	switch value.Kind {
	case trust.String:
		return len(value.Parts) > 0 || strings.Trim(value.Text, "*") != ""
	case trust.Number, trust.Bool:
		return true
	}
	return false
}

// withoutSecrets returns the request with its external ID masked where it was
// made to fit a pattern of the policy, which it would give away. A value that
// has nothing in common with the policy's own is shown.
func (d *document) withoutSecrets(request *trust.Request) *trust.Request {
	values, ok := request.Context.Lookup("sts:ExternalId")
	if !ok || !d.redact || !slices.ContainsFunc(values, d.givesAway) {
		return request
	}
	masked := *request
	masked.Context = trust.Context{}
	for key, shown := range request.Context {
		shown = slices.Clone(shown)
		for i, value := range shown {
			if isExternalID(key) || slices.Contains(values, value) {
				shown[i] = mask
			}
		}
		masked.Context[key] = shown
	}
	return &masked
}

// givesAway reports whether a made-up value repeats a piece of a policy's
// external ID. Without a tree nobody can tell.
func (d *document) givesAway(value string) bool {
	return !d.parsed || repeatsSecret(d.tree, false, strings.ToLower(value))
}

func repeatsSecret(node trust.Value, secret bool, value string) bool {
	switch node.Kind {
	case trust.Object:
		return slices.ContainsFunc(node.Members, func(m trust.Member) bool {
			return repeatsSecret(m.Key, secret, value) ||
				repeatsSecret(m.Value, secret || mayBeExternalID(m.Key), value)
		})
	case trust.Array, trust.Choice:
		return slices.ContainsFunc(node.Items, func(item trust.Value) bool { return repeatsSecret(item, secret, value) })
	}
	if !secret || !isSecret(node) {
		return false
	}
	pieces := strings.FieldsFunc(strings.ToLower(spell(node)), func(r rune) bool { return strings.ContainsRune("*?${}", r) })
	return slices.ContainsFunc(pieces, func(piece string) bool { return strings.Contains(value, piece) })
}

// mayHoldExternalID reports whether text that has no tree may hold an external
// ID: it names the key, or hides its spelling in escapes.
func mayHoldExternalID(text []byte) bool {
	return speaksOfExternalID.Match(text) || bytes.Contains(text, []byte(`\u`))
}
