package trust

import "testing"

func TestADocumentWithUnknownPartsIsNotReadAsIfItWereKnown(t *testing.T) {
	unknown := Value{Kind: Unknown, On: "Param"}
	partial := Value{Kind: String, Parts: []Part{{Text: "sts:"}, {On: "Param"}}}
	member := func(key string, v Value) Member {
		return Member{Key: Literal(key), Value: v}
	}
	object := func(members ...Member) Value {
		return Value{Kind: Object, Members: members}
	}
	for _, v := range []Value{unknown, partial} {
		for _, document := range []Value{
			v,
			object(member("Version", v), member("Statement", object())),
			object(member("Statement", v)),
			object(member("Statement", object(member("Effect", v)))),
			object(member("Statement", object(member("Effect", Literal("Deny")), member("Action", v)))),
			object(Member{Key: v, Value: object()}),
		} {
			if policy, err := parseKnown(document, false); err == nil {
				t.Errorf("parsed %v as %v", document, policy)
			}
		}
	}
}
