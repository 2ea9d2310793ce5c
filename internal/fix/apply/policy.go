package apply

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// Size is the length of a policy as IAM counts it against the quota for role
// trust policies: characters, white space left out (IAM User Guide, "IAM and
// AWS STS quotas").
func Size(policy string) (size int) {
	for _, c := range policy {
		if !unicode.IsSpace(c) {
			size++
		}
	}
	return size
}

// Equal reports whether two policies are the same JSON: white space, escapes
// and the order of names may differ.
func Equal(a, b string) bool { return compare(a, b, form{}) }

// Equivalent reports whether one policy may be what IAM makes of the other when
// it stores it: one value may be alone or in a list, lists of values may have
// another order, a bare account id may have become its ARN (IAM User Guide,
// "AWS JSON policy elements: Principal"), true and "true" are the same.
func Equivalent(a, b string) bool { return compare(a, b, form{loose: true}) }

func compare(a, b string, f form) bool {
	if a == b {
		return true
	}
	left, errLeft := jsontree.Parse(&trust.File{Text: []byte(a)})
	right, errRight := jsontree.Parse(&trust.File{Text: []byte(b)})
	return errLeft == nil && errRight == nil && f.of(left) == f.of(right)
}

// form spells a document so that equal ones are spelt alike.
type form struct {
	loose bool
	path  []string // names that lead to the value
}

func (f form) of(v trust.Value) string {
	switch v.Kind {
	case trust.Object:
		members := make([]string, len(v.Members))
		for i, member := range v.Members {
			inside := f
			inside.path = append(slices.Clip(f.path), member.Key.Text)
			members[i] = strconv.Quote(member.Key.Text) + ":" + inside.of(member.Value)
		}
		slices.Sort(members)
		return "{" + strings.Join(members, ",") + "}"
	case trust.Array:
		return f.list(v.Items)
	case trust.Null:
		return "null"
	}
	if f.loose {
		return strconv.Quote(f.principal(v.Text))
	}
	if v.Kind == trust.String {
		return strconv.Quote(v.Text)
	}
	return v.Text
}

func (f form) list(values []trust.Value) string {
	items := make([]string, len(values))
	scalars := true
	for i, item := range values {
		items[i] = f.of(item)
		scalars = scalars && item.Kind != trust.Object && item.Kind != trust.Array
	}
	if f.loose {
		if scalars {
			slices.Sort(items)
			items = slices.Compact(items)
		}
		if len(items) == 1 {
			return items[0]
		}
	}
	return "[" + strings.Join(items, ",") + "]"
}

// principal is the account id where text is the ARN of an account and stands
// for a principal.
func (f form) principal(text string) string {
	n := len(f.path)
	if n < 2 || f.path[n-1] != "AWS" || f.path[n-2] != "Principal" && f.path[n-2] != "NotPrincipal" {
		return text
	}
	fields := strings.Split(text, ":")
	if len(fields) == 6 && fields[0] == "arn" && fields[2] == "iam" && fields[3] == "" && fields[5] == "root" {
		return fields[4]
	}
	return text
}

// externalIDs are the values of all conditions on sts:ExternalId: messages must
// not repeat them.
func externalIDs(policies ...string) (values []string) {
	for _, policy := range policies {
		if tree, err := jsontree.Parse(&trust.File{Text: []byte(policy)}); err == nil {
			values = appendIDs(values, tree, false)
		}
	}
	return values
}

func appendIDs(values []string, v trust.Value, within bool) []string {
	if within && v.Kind == trust.String {
		values = append(values, v.Text)
	}
	for _, item := range v.Items {
		values = appendIDs(values, item, within)
	}
	for _, member := range v.Members {
		values = appendIDs(values, member.Value, within || strings.EqualFold(member.Key.Text, "sts:ExternalId"))
	}
	return values
}
