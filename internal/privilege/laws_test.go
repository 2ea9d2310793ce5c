package privilege

import (
	"strings"
	"testing"

	"countersign/internal/role"

	"pgregory.net/rapid"
)

// drawn draws a statement out of few words, so that they meet often.
func drawn(t *rapid.T, effect string) string {
	words := func(label string, from ...string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 1, 3).Draw(t, label), " ")
	}
	element := rapid.SampledFrom([]string{"Action", "Action", "Action", "NotAction"}).Draw(t, "element")
	actions := words("actions", "*", "s3:*", "s3:Get*", "s3:GetObject", "s3:*Object", "s3:Put*", "*:Get*", "iam:*", "iam:Put*", "iam:PutRolePolicy",
		"iam:PassRole", "iam:*Role*", "lambda:*", "lambda:CreateFunction", "lambda:InvokeFunction", "ec2:Run*", "sts:AssumeRole", "sts:*", "ssm:StartSession")
	resources := words("resources", "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/c", "arn:aws:iam::*:role/*", own, "arn:aws:iam::111122223333:role/other",
		"arn:aws:iam::111122223333:role/o*", "arn:aws:lambda:*:*:function:f", "arn:aws:ec2:*:*:instance/*")
	condition := rapid.SampledFrom([]string{"", "", "", mfa, passedToLambda}).Draw(t, "condition")
	made := statementOf(effect, element, actions, resources, condition)
	if rapid.IntRange(0, 7).Draw(t, "negated") == 0 {
		made = strings.Replace(made, `"Resource"`, `"NotResource"`, 1)
	}
	return made
}

func drawnRole(t *rapid.T) *role.Role {
	var statements []string
	for range rapid.IntRange(0, 4).Draw(t, "statements") {
		statements = append(statements, drawn(t, rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")))
	}
	subject := worker(statements...)
	if rapid.Bool().Draw(t, "bounded") {
		text := `{"Statement":[` + drawn(t, "Allow") + "," + drawn(t, "Allow") + `]}`
		subject.Access.Boundary = &role.ManagedPolicy{Name: "limit", Document: &role.Document{JSON: []byte(text)}}
	}
	return subject
}

// with adds a policy of one more statement.
func withOneMore(subject *role.Role, statement string) *role.Role {
	access := *subject.Access
	access.Inline = append(access.Inline[:len(access.Inline):len(access.Inline)], role.InlinePolicy{
		Name: "more", Document: role.Document{JSON: []byte(`{"Statement":[` + statement + `]}`)},
	})
	more := *subject
	more.Access = &access
	return &more
}

func TestAnAllowNeverLowersTheLevelAndADenyNeverRaisesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := drawnRole(t)
		before := Of(subject, Read)
		if after := Of(withOneMore(subject, drawn(t, "Allow")), Read); after.Level < before.Level {
			t.Fatalf("an Allow lowers %+v to %+v", before, after)
		}
		if after := Of(withOneMore(subject, drawn(t, "Deny")), Read); after.Level > before.Level {
			t.Fatalf("a Deny raises %+v to %+v", before, after)
		}
	})
}

func TestABoundaryNeverRaisesTheLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := drawnRole(t)
		bounded := Of(subject, Read)
		free := *subject
		access := *subject.Access
		access.Boundary, free.Access = nil, &access
		if without := Of(&free, Read); bounded.Level > without.Level {
			t.Fatalf("%+v, and %+v without the boundary", bounded, without)
		}
	})
}

func TestTheOrderOfPoliciesDoesNotMatterToTheLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := drawnRole(t)
		want := Of(subject, Read).Level
		subject.Access.Inline = rapid.Permutation(subject.Access.Inline).Draw(t, "order")
		if got := Of(subject, Read).Level; got != want {
			t.Fatalf("%s in one order, %s in another", want, got)
		}
	})
}

// matches is the meaning of a pattern, written down plainly.
func matches(p, word string) bool {
	switch {
	case p == "":
		return word == ""
	case p[0] == '*':
		return matches(p[1:], word) || word != "" && matches(p, word[1:])
	}
	return word != "" && (p[0] == '?' || p[0] == word[0]) && matches(p[1:], word[1:])
}

func TestPatternsAgreeWithTheirMeaning(t *testing.T) {
	words := []string{""}
	for at := 0; len(words[at]) < 8; at++ { // all words of a and b, the short ones first
		words = append(words, words[at]+"a", words[at]+"b")
	}
	pattern := rapid.StringMatching(`[ab?*]{0,4}`)
	rapid.Check(t, func(t *rapid.T) {
		p, q := pattern.Draw(t, "p"), pattern.Draw(t, "q")
		meet, within := false, true
		for _, word := range words {
			inP, inQ := matches(p, word), matches(q, word)
			meet = meet || inP && inQ
			within = within && (inP || !inQ)
			if covers(p, word) != inP {
				t.Fatalf("%q covers %q: %v", p, word, !inP)
			}
		}
		if got := intersects(p, q); got != meet {
			t.Fatalf("%q and %q meet: %v, want %v", p, q, got, meet)
		}
		if covers(p, q) && !within {
			t.Fatalf("%q does not cover %q", p, q)
		}
	})
}
