package trust

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What is told of dead statements is bounded like the decision itself.
func TestNamingDeadConditionsEndsWithinItsEffort(t *testing.T) {
	question := Question{Subject: Subject{Account: "111122223333", Partition: "aws"}}
	var statements []Value
	for i := range 2000 {
		conditions := Value{Kind: Object, Members: []Member{{Literal(fmt.Sprintf("sts:Extrnal%d", i)), Literal("x")}}}
		for j := range 20 {
			conditions.Members = append(conditions.Members, Member{Literal(fmt.Sprintf("aws:PrincipalTag/k%d", j)), Literal(strings.Repeat("*a*b", 16))})
		}
		statements = append(statements, object("Effect", Literal("Allow"), "Principal", object("AWS", Literal("444455556666")),
			"Action", Literal(ActionAssumeRole), "Condition", object("StringLike", conditions)))
	}
	policy, err := Parse(object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: statements}))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	verdict := Decide(policy, question)
	t.Logf("%s with %d warnings: %v", verdict.Outcome, len(verdict.Warnings), time.Since(start).Round(time.Millisecond))
	if got := verdict.Warnings[0].Message; !strings.Contains(got, "did you mean sts:ExternalId?") {
		t.Errorf("the first is told of as %q", got)
	}
	if got := verdict.Warnings[len(verdict.Warnings)-1].Message; strings.Contains(got, "did you mean") {
		t.Errorf("the last is still told of: %q", got)
	}
}
