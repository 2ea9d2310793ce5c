package patch

import (
	"strings"

	"countersign/trust"
)

// Same reports whether a policy that was read again means what was wanted: the
// order of members does not count, nor where things stand, nor whether a single
// value is a list of one. A new unknown value of the wanted policy, which has
// no place, may be any reference to its name, or what that is by default.
func Same(wanted, read trust.Value) bool { return same(&wanted, &read) }

func same(a, b *trust.Value) bool {
	if a.Kind == trust.Array && len(a.Items) == 1 && b.Kind != trust.Array {
		a = &a.Items[0]
	}
	if b.Kind == trust.Array && len(b.Items) == 1 && a.Kind != trust.Array {
		b = &b.Items[0]
	}
	if a.Kind == trust.Unknown && a.Range.IsZero() {
		return b.Kind == trust.String || b.Kind == trust.Unknown && sameName(a.On, b.On)
	}
	switch a.Kind {
	case trust.Object:
		return b.Kind == trust.Object && sameMembers(a, b)
	case trust.Array, trust.Choice:
		if b.Kind != a.Kind || len(a.Items) != len(b.Items) || a.On != b.On {
			return false
		}
		for i := range a.Items {
			if !same(&a.Items[i], &b.Items[i]) {
				return false
			}
		}
		return true
	case trust.String, trust.Number, trust.Bool:
		return isScalar(b) && a.Text == b.Text && sameParts(a.Parts, b.Parts)
	}
	return a.Kind == b.Kind && a.On == b.On
}

func isScalar(v *trust.Value) bool {
	return v.Kind == trust.String || v.Kind == trust.Number || v.Kind == trust.Bool
}

func sameName(wanted, read string) bool {
	bare := func(on string) string { return strings.TrimPrefix(strings.TrimPrefix(on, "parameter "), "var.") }
	return bare(wanted) == bare(read)
}

func sameParts(a, b []trust.Part) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// sameMembers compares objects. Condition keys ignore case, and no two elements
// of a policy differ in nothing else.
func sameMembers(a, b *trust.Value) bool {
	if len(a.Members) != len(b.Members) {
		return false
	}
	taken := make([]bool, len(b.Members))
	for i := range a.Members {
		found := false
		for j := range b.Members {
			if !taken[j] && sameKey(&a.Members[i].Key, &b.Members[j].Key) && same(&a.Members[i].Value, &b.Members[j].Value) {
				taken[j], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func sameKey(a, b *trust.Value) bool {
	return strings.EqualFold(a.Text, b.Text) && a.On == b.On && sameParts(a.Parts, b.Parts)
}
