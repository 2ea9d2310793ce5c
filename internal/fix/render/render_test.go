package render

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"countersign/trust"
	"countersign/trust/jsontree"
)

func read(t interface{ Fatalf(string, ...any) }, text string) trust.Value {
	v, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// bare takes the places out of a tree.
func bare(v trust.Value) trust.Value {
	v.Range = trust.Range{}
	var items []trust.Value
	for _, item := range v.Items {
		items = append(items, bare(item))
	}
	var members []trust.Member
	for _, m := range v.Members {
		members = append(members, trust.Member{Key: bare(m.Key), Value: bare(m.Value)})
	}
	v.Items, v.Members = items, members
	return v
}

func equal(a, b trust.Value) bool {
	return a.Kind == b.Kind && a.Text == b.Text && slices.EqualFunc(a.Items, b.Items, equal) &&
		slices.EqualFunc(a.Members, b.Members, func(x, y trust.Member) bool {
			return equal(x.Key, y.Key) && equal(x.Value, y.Value)
		})
}

// known draws trees that JSON can hold.
func known(depth int) *rapid.Generator[trust.Value] {
	return rapid.Custom(func(t *rapid.T) trust.Value {
		last := 5
		if depth == 0 {
			last = 3
		}
		switch rapid.IntRange(0, last).Draw(t, "kind") {
		case 0:
			return trust.Value{Kind: trust.Null}
		case 1:
			return trust.Value{Kind: trust.Bool, Text: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "truth")}
		case 2:
			return trust.Value{Kind: trust.Number, Text: rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,3})?([eE][-+]?[0-9]{1,3})?`).Draw(t, "number")}
		case 3:
			return trust.Literal(rapid.String().Draw(t, "text"))
		case 4:
			return trust.Value{Kind: trust.Array, Items: rapid.SliceOfN(known(depth-1), 0, 4).Draw(t, "items")}
		}
		v := trust.Value{Kind: trust.Object}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			v.Members = append(v.Members, trust.Member{
				Key: trust.Literal(rapid.String().Draw(t, "key")), Value: known(depth-1).Draw(t, "value"),
			})
		}
		return v
	})
}

func TestWhatIsWrittenIsReadAsTheSameTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := known(4).Draw(t, "tree")
		for _, indent := range []string{"", "  ", "\t"} {
			text, err := JSON(tree, indent)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if !json.Valid([]byte(text)) {
				t.Fatalf("not valid JSON: %s", text)
			}
			if got := bare(read(t, text)); !equal(got, tree) {
				t.Fatalf("%s is read as\n%+v, want\n%+v", text, got, tree)
			}
		}
	})
}

func TestMembersKeepTheirOrderAndNothingIsEscapedThatNeedNotBe(t *testing.T) {
	const compact = `{"Version":"2012-10-17","Statement":[{"Sid":"a<b>&'/","Effect":"Allow","Principal":{"AWS":[]},"Condition":{}}],"A":[1,true,null]}`
	const spread = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "a<b>&'/",
      "Effect": "Allow",
      "Principal": {
        "AWS": []
      },
      "Condition": {}
    }
  ],
  "A": [
    1,
    true,
    null
  ]
}`
	for indent, want := range map[string]string{"": compact, "  ": spread} {
		if got, err := JSON(read(t, compact), indent); err != nil || got != want {
			t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
		}
	}
}

// IAM takes tab, line feed, carriage return and U+0020 to U+00FF in a policy
// document (API Reference, UpdateAssumeRolePolicy).
func TestCharactersThatIAMRefusesAreEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"\"\\/":                `"\"\\/"`,
		"\n\r\t\b\x00\x1b":     `"\n\r\t\u0008\u0000\u001b"`,
		"\u007f\u009b\u00ad":   `"\u007f\u009b\u00ad"`,
		"é ÿ":                  `"é ÿ"`,
		"€ \u2028\u202e\ufeff": `"\u20ac \u2028\u202e\ufeff"`,
		"😀":                    `"\ud83d\ude00"`,
	} {
		if got, err := JSON(trust.Literal(text), ""); err != nil || got != want {
			t.Errorf("%q is written as %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestNumbersThatJSONCannotSpellBecomeStrings(t *testing.T) {
	for text, want := range map[string]string{
		"111122223333": `111122223333`, "011122223333": `"011122223333"`, "0x1F": `"0x1F"`, "-0.5e+7": `-0.5e+7`, ".5": `".5"`,
	} {
		if got, err := JSON(trust.Value{Kind: trust.Number, Text: text}, ""); err != nil || got != want {
			t.Errorf("%s is written as %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestUnknownValuesAreRefusedAndNamed(t *testing.T) {
	tree := trust.Value{Kind: trust.Object, Members: []trust.Member{
		{Key: trust.Literal("a"), Value: trust.Value{Kind: trust.Unknown, On: "parameter VendorExternalId"}},
		{Key: trust.Literal("b"), Value: trust.Value{Kind: trust.Array, Items: []trust.Value{
			{Kind: trust.String, Parts: []trust.Part{{Text: "arn:aws:iam::"}, {On: "parameter Account"}}},
			{Kind: trust.Choice, On: "IsProd", Items: []trust.Value{trust.Literal("x"), {Kind: trust.Unknown, On: "parameter VendorExternalId"}}},
		}}},
		{Key: trust.Value{Kind: trust.Unknown}, Value: trust.Literal("c")},
	}}
	text, err := JSON(tree, "  ")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || text != "" {
		t.Fatalf("%q, %v", text, err)
	}
	if want := []string{"parameter VendorExternalId", "parameter Account", "IsProd", ""}; !slices.Equal(unknown.On, want) {
		t.Errorf("it depends on %q, want %q", unknown.On, want)
	}
	if want := "the policy depends on parameter VendorExternalId, parameter Account, IsProd"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if _, err := JSON(trust.Value{Kind: trust.Unknown}, ""); err == nil || err.Error() != "the policy depends on what is not known" {
		t.Errorf("%v", err)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	if _, err := JSON(trust.Literal("a\xff"), ""); err == nil || err.Error() != "a text of the policy is not UTF-8" {
		t.Errorf("%v", err)
	}
}
