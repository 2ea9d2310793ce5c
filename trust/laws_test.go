package trust

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// checkLaw runs a property over n random cases.
func checkLaw(t *testing.T, n int, law func(*rapid.T)) {
	t.Helper()
	before := flag.Lookup("rapid.checks").Value.String()
	if asked, err := strconv.Atoi(before); err != nil || asked <= 100 {
		if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set("rapid.checks", before) }()
	}
	rapid.Check(t, law)
}

func mustParseTree(t *rapid.T, document Value) *Policy {
	policy, err := Parse(document)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Logf("policy: %s", asJSON(document))
	return policy
}

// question draws a question and logs it.
func question(t *rapid.T) Question {
	q := sampleQuestion(t)
	t.Logf("subject %+v zone %+v", q.Subject, q.Zone)
	for _, rcp := range q.RCPs {
		t.Logf("rcp: %s", asJSON(rcp.document))
	}
	return q
}

// rank orders outcomes by how bad they are, for the laws about widening.
func rank(v Verdict) int {
	switch v.Outcome {
	case Fail:
		return 2
	case Undecided, Broken:
		return 1
	}
	return 0
}

// asJSON writes a document as JSON, for the message of a broken law.
func asJSON(v Value) string {
	switch v.Kind {
	case Array:
		var items []string
		for _, item := range v.Items {
			items = append(items, asJSON(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	case Object:
		var members []string
		for _, m := range v.Members {
			members = append(members, strconv.Quote(m.Key.Text)+":"+asJSON(m.Value))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	return strconv.Quote(v.Text)
}

func describe(v Verdict) string {
	var reasons []string
	for _, r := range v.Reasons {
		reasons = append(reasons, r.Code)
	}
	return fmt.Sprintf("%s (exploitable %t) %s %s", v.Outcome, v.Exploitable, strings.Join(reasons, ","), v.Problem)
}

func TestAWitnessGetsInFromOutsideWithoutACountersign(t *testing.T) {
	outcomes := map[Outcome]int{}
	checkLaw(t, 6000, func(t *rapid.T) {
		policy, question := mustParseTree(t, samplePolicy(t)), question(t)
		verdict := Decide(policy, question)
		outcomes[verdict.Outcome]++
		if verdict.Outcome == Broken {
			t.Fatalf("%s", describe(verdict))
		}
		if verdict.Exploitable != (verdict.Witness != nil) || verdict.Exploitable && verdict.Outcome != Fail {
			t.Fatalf("%s with witness %v", describe(verdict), verdict.Witness)
		}
		if verdict.Witness == nil {
			return
		}
		w := *verdict.Witness
		if !Granted(policy, question.RCPs, w) {
			t.Fatalf("the witness is refused: %+v", w)
		}
		if question.Zone.Contains(w, question.Subject) {
			t.Fatalf("the witness comes from inside: %+v", w)
		}
		if Countersigned(w, append([]*Policy{policy}, question.RCPs...)...) {
			t.Fatalf("the witness carries a countersign: %+v", w)
		}
		if err := w.Admissible(question.Subject, question.Now); err != nil {
			t.Fatalf("the witness cannot be: %v: %+v", err, w)
		}
		if len(verdict.Reasons) == 0 {
			t.Fatal("a fail without a reason")
		}
	})
	t.Logf("outcomes: %v", outcomes)
}

func TestSamplingFindsNoWayIntoARoleThatDoesNotFail(t *testing.T) {
	requests := 0
	checkLaw(t, 3000, func(t *rapid.T) {
		policy, question := mustParseTree(t, samplePolicy(t)), question(t)
		verdict := Decide(policy, question)
		if verdict.Outcome == Undecided || verdict.Outcome == Broken || verdict.Exploitable {
			return
		}
		all := append([]*Policy{policy}, question.RCPs...)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for _, request := range sampleRequests(all, question, random, 60) {
			requests++
			if question.Zone.Contains(request, question.Subject) || !Granted(policy, question.RCPs, request) {
				continue
			}
			if !Countersigned(request, all...) {
				t.Fatalf("%s, but this is granted: %+v", describe(verdict), request)
			}
			if verdict.Outcome == NotApplicable {
				t.Fatalf("not-applicable, but this outsider gets in: %+v", request)
			}
		}
	})
	t.Logf("%d requests", requests)
}

func TestWideningTheZoneNeverWorsensAVerdict(t *testing.T) {
	checkLaw(t, 3000, func(t *rapid.T) {
		policy, question := mustParseTree(t, samplePolicy(t)), question(t)
		wider := question
		wider.Zone.Accounts = append(append([]string{}, question.Zone.Accounts...), rapid.SampledFrom(sampleAccounts).Draw(t, "another account"))
		if rapid.Bool().Draw(t, "another organization too") {
			wider.Zone.Organizations = append(append([]string{}, question.Zone.Organizations...), rapid.SampledFrom(sampleOrganizations).Draw(t, "organization"))
		}
		before, after := Decide(policy, question), Decide(policy, wider)
		if rank(after) > rank(before) {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

// withStatements returns the document with other statements.
func withStatements(document Value, statements []Value) Value {
	changed := document
	changed.Members = nil
	for _, m := range document.Members {
		if m.Key.Text == "Statement" {
			m.Value = Value{Kind: Array, Items: statements}
		}
		changed.Members = append(changed.Members, m)
	}
	return changed
}

func statementsOf(document Value) []Value {
	statements, _ := document.Get("Statement")
	if statements.Kind == Array {
		return append([]Value{}, statements.Items...)
	}
	return []Value{statements}
}

func TestAnAddedAllowNeverCloses(t *testing.T) {
	checkLaw(t, 3000, func(t *rapid.T) {
		document, question := samplePolicy(t), question(t)
		added := sampleStatement(t)
		for i, m := range added.Members {
			if m.Key.Text == "Effect" {
				added.Members[i].Value = Literal("Allow")
			}
		}
		before := Decide(mustParseTree(t, document), question)
		after := Decide(mustParseTree(t, withStatements(document, append(statementsOf(document), added))), question)
		// A new external ID condition makes its value a secret, which may take
		// the one value a way needed; only exploitable ways without that count.
		if before.Exploitable && !after.Exploitable && after.Outcome != Undecided && !mentionsExternalID(added) {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

func mentionsExternalID(v Value) bool {
	if strings.EqualFold(v.Text, "sts:ExternalId") {
		return true
	}
	for _, item := range v.Items {
		if mentionsExternalID(item) {
			return true
		}
	}
	for _, m := range v.Members {
		if mentionsExternalID(m.Key) || mentionsExternalID(m.Value) {
			return true
		}
	}
	return false
}

func TestAnAddedConditionOnAnAllowLetsNobodyIn(t *testing.T) {
	testAddedCondition(t, "Allow", func(t *rapid.T, before, after Verdict) {
		if after.Exploitable && !before.Exploitable && before.Outcome != Undecided {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

func TestAnAddedConditionOnADenyPutsNobodyOut(t *testing.T) {
	testAddedCondition(t, "Deny", func(t *rapid.T, before, after Verdict) {
		if before.Exploitable && !after.Exploitable && after.Outcome != Undecided {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

func testAddedCondition(t *testing.T, effect string, law func(t *rapid.T, before, after Verdict)) {
	checkLaw(t, 3000, func(t *rapid.T) {
		document, question := samplePolicy(t), question(t)
		statements := statementsOf(document)
		for i, s := range statements {
			if e, _ := s.Get("Effect"); e.Text != effect {
				continue
			}
			if c, ok := s.Get("Condition"); ok && len(c.Members) > 0 {
				continue
			}
			more := sampleConditions(t)
			if len(more) == 0 || effect == "Deny" && mentionsExternalID(more[0].Value) {
				return // a new secret may take a value away
			}
			s.Members = append(append([]Member{}, s.Members...), more...)
			changed := append([]Value{}, statements...)
			changed[i] = s
			law(t, Decide(mustParseTree(t, document), question), Decide(mustParseTree(t, withStatements(document, changed)), question))
			return
		}
	})
}

func TestOrderAndFormChangeNothing(t *testing.T) {
	checkLaw(t, 3000, func(t *rapid.T) {
		document, question := samplePolicy(t), question(t)
		statements := statementsOf(document)
		order := rapid.Permutation(statements).Draw(t, "order")
		respelt := make([]Value, len(order))
		for i, s := range order {
			respelt[i] = respell(t, s)
		}
		before := Decide(mustParseTree(t, document), question)
		after := Decide(mustParseTree(t, withStatements(document, respelt)), question)
		if before.Outcome != after.Outcome || before.Exploitable != after.Exploitable {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

// respell writes a statement's scalars as lists, and its condition keys in
// other letter cases.
func respell(t *rapid.T, s Value) Value {
	members := append([]Member{}, s.Members...)
	for i, m := range members {
		switch m.Key.Text {
		case "Action", "NotAction":
			members[i].Value = asList(m.Value)
		case "Condition":
			members[i].Value = respellConditions(t, m.Value)
		}
	}
	s.Members = rapid.Permutation(members).Draw(t, "members")
	return s
}

func respellConditions(t *rapid.T, blocks Value) Value {
	out := blocks
	out.Members = nil
	for _, block := range blocks.Members {
		inner := block.Value
		inner.Members = nil
		for _, m := range block.Value.Members {
			m.Value = asList(m.Value)
			if len(block.Value.Members) == 1 && rapid.Bool().Draw(t, "swap case") {
				m.Key = Literal(sampleSwapCase(m.Key.Text))
			}
			inner.Members = append(inner.Members, m)
		}
		out.Members = append(out.Members, Member{Key: block.Key, Value: inner})
	}
	return out
}

func asList(v Value) Value {
	if v.Kind == Array {
		return v
	}
	return Value{Kind: Array, Items: []Value{v}}
}
