package trust

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sampleChange draws a policy and one that differs from it in a statement or
// two.
func sampleChange(t *rapid.T) (before, after Value) {
	before, after = samplePolicy(t), samplePolicy(t)
	if rapid.IntRange(0, 3).Draw(t, "unrelated") == 0 {
		return before, after
	}
	list := func(v Value) []Value {
		statements, _ := v.Get("Statement")
		if statements.Kind == Object {
			return []Value{statements}
		}
		return statements.Items
	}
	mixed := slices.Clone(list(before))
	for _, other := range list(after) {
		switch at := rapid.IntRange(-1, len(mixed)).Draw(t, "at"); {
		case at < 0:
		case at == len(mixed):
			mixed = append(mixed, other)
		default:
			mixed[at] = other
		}
	}
	changed := Value{Kind: Object}
	for _, m := range before.Members {
		if m.Key.Text != "Statement" {
			changed.Members = append(changed.Members, m)
		}
	}
	changed.Members = append(changed.Members, Member{Literal("Statement"), Value{Kind: Array, Items: mixed}})
	return before, changed
}

func TestWhomAChangeAffectsIsWhatSamplingFinds(t *testing.T) {
	affected, open, requests := 0, 0, 0
	checkLaw(t, 500, func(t *rapid.T) {
		first, second := sampleChange(t)
		before, after, question := mustParseTree(t, first), mustParseTree(t, second), question(t)
		c := Compare(before, after, question)
		for side, list := range [2][]Affected{c.Gains, c.Losses} {
			granting, refusing := after, before
			if side == 1 {
				granting, refusing = before, after
			}
			for _, a := range list {
				affected++
				if !Granted(granting, question.RCPs, a.Request) || Evaluate(refusing, a.Request).Granted {
					t.Fatalf("side %d: the example proves nothing: %+v", side, a)
				}
				if question.Subject.Organization != "" && question.Zone.Contains(a.Request, question.Subject) != a.Inside {
					t.Fatalf("side %d: inside is %t: %+v", side, a.Inside, a)
				}
				if err := a.Request.Admissible(question.Subject, question.Now); err != nil {
					t.Fatalf("side %d: %v: %+v", side, err, a)
				}
			}
		}
		if len(c.Open) > 0 {
			open++
			return
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for _, request := range sampleRequests([]*Policy{before, after}, question, random, 40) {
			requests++
			was, is := Granted(before, question.RCPs, request), Granted(after, question.RCPs, request)
			if was == is {
				continue
			}
			list := c.Gains
			if was {
				list = c.Losses
			}
			inside := question.Zone.Contains(request, question.Subject)
			if !slices.ContainsFunc(list, func(a Affected) bool { return a.Inside == inside }) {
				t.Fatalf("granted before %t, after %t, inside %t, and nobody is told of: %+v", was, is, inside, request)
			}
		}
	})
	t.Logf("%d affected, %d of the changes not decided, %d requests", affected, open, requests)
}
