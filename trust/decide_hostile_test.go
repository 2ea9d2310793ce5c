package trust

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostilePolicies are made to be slow.
func hostilePolicies() map[string]Value {
	stars := strings.Repeat("*a*b", 2048)
	allow := func(conditions Value) Value {
		return object("Effect", Literal("Allow"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole), "Condition", conditions)
	}
	deny := func(conditions Value) Value {
		return object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole), "Condition", conditions)
	}
	policy := func(statements ...Value) Value {
		return object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: statements})
	}
	many := func(n int, text func(int) string) Value {
		list := Value{Kind: Array}
		for i := range n {
			list.Items = append(list.Items, Literal(text(i)))
		}
		return list
	}
	var denies, linked, pairs []Value
	for i := range 200 {
		denies = append(denies, deny(object(
			"StringNotLike", object("aws:username", Literal(fmt.Sprintf("*%d*", i))),
			"StringNotEquals", object(fmt.Sprintf("aws:PrincipalTag/t%d", i), Literal("x")),
			"NumericLessThan", object("sts:ExternalId", Literal(fmt.Sprint(i))),
		)))
		linked = append(linked, deny(object("StringNotLike", object(
			fmt.Sprintf("aws:PrincipalTag/t%d", i), Literal(fmt.Sprintf("*${aws:PrincipalTag/t%d}?", (i+1)%200))))))
		pairs = append(pairs, deny(object(
			"StringLike", object("aws:userid", Literal(fmt.Sprintf("*%d?", i))),
			"StringLike ", object("aws:username", Literal(fmt.Sprintf("?*%d", i))),
		)))
	}
	for i := range pairs {
		pairs[i].Members[3].Value.Members = pairs[i].Members[3].Value.Members[:1]
	}
	wide := Value{Kind: Object}
	for i := range 400 {
		wide.Members = append(wide.Members, Member{Literal(fmt.Sprintf("aws:PrincipalTag/k%d", i)), Literal("*x?y*")})
	}
	tags := Value{Kind: Object}
	for i := range 60 {
		tags.Members = append(tags.Members, Member{Literal(fmt.Sprintf("aws:RequestTag/k%d", i)), Literal("*x?y*")})
	}
	var keys, patterns []Value
	for i := range 60 {
		keys = append(keys, deny(object("ForAllValues:StringNotEquals", object("aws:TagKeys", Literal(fmt.Sprintf("k%d", i))))))
		patterns = append(patterns, deny(object("ForAllValues:StringNotLike", object("aws:TagKeys", Literal(fmt.Sprintf("*k%d*", i))))))
	}
	anyTags := object("Effect", Literal("Allow"), "Principal", object("AWS", Literal("*")), "Action", Literal("sts:*"))
	var spared []Value
	for d := range 50 {
		spared = append(spared, object("Effect", Literal("Deny"), "NotPrincipal", object("AWS", many(1000, func(i int) string {
			return fmt.Sprintf("%012d", d*1000+i)
		})), "Action", Literal(ActionAssumeRole)))
	}
	return map[string]Value{
		"2,000 principals, and 50 denials that spare 1,000 accounts each": policy(append(spared, object("Effect", Literal("Allow"), "Principal", object("AWS", many(2000, func(i int) string {
			return fmt.Sprintf("arn:aws:iam::%012d:role/r", i*7)
		})), "Action", Literal(ActionAssumeRole), "Condition", object("StringNotLike", object("aws:PrincipalArn", Literal("*x?y*")))))...),
		"one pattern of 8,192 characters": policy(allow(object("StringLike", object("sts:ExternalId", Literal(stars))))),
		"two patterns that must both match": policy(allow(object(
			"StringLike", object("sts:ExternalId", Literal(stars)),
			"StringNotLike", object("sts:ExternalId", Literal(strings.ReplaceAll(stars, "b", "c")))))),
		"a pattern against many": policy(allow(object(
			"StringLike", object("sts:ExternalId", Literal("*a?????????????????a*")),
			"StringNotLike", object("sts:ExternalId", many(100, func(i int) string { return fmt.Sprintf("*a%d?*%d*", i, i+1) }))))),
		"questions after a star": policy(allow(object(
			"StringLike", object("sts:ExternalId", Literal("*a"+strings.Repeat("?", 60))),
			"StringLike ", object("sts:ExternalId", Literal("*b"+strings.Repeat("?", 59)))))),
		"200 denials of three conditions": policy(append(denies, allow(Value{Kind: Object}))...),
		"200 denials by patterns":         policy(append(pairs, allow(Value{Kind: Object}))...),
		"a ring of variables":             policy(append(linked, allow(Value{Kind: Object}))...),
		"400 tags in one condition":       policy(allow(object("StringLike", wide))),
		"60 request tags": policy(object("Effect", Literal("Allow"), "Principal", object("AWS", Literal("*")),
			"Action", Literal("sts:*"), "Condition", object("StringLike", tags))),
		"60 keys of tags":             policy(append(keys, anyTags)...),
		"60 patterns of keys of tags": policy(append(patterns, anyTags)...),
		"2,000 principals": policy(object("Effect", Literal("Allow"), "Principal", object("AWS", many(2000, func(i int) string {
			return fmt.Sprintf("arn:aws:iam::%012d:role/r", i)
		})), "Action", Literal(ActionAssumeRole), "Condition", object("StringEquals", object("sts:ExternalId", Literal("secret-1"))))),
		"denials of 2,000 principals": policy(allow(Value{Kind: Object}), object("Effect", Literal("Deny"), "Principal", object("AWS", many(2000, func(i int) string {
			return fmt.Sprintf("arn:aws:sts::%012d:assumed-role/r/s", i)
		})), "Action", Literal(ActionAssumeRole))),
	}
}

// The bound is on counted work. The time is logged for the reader; nothing is
// asserted of it, because the machine may be busy.
func TestHostilePoliciesEndWithinTheEffort(t *testing.T) {
	question := Question{Subject: Subject{Account: "111122223333", Partition: "aws", Tags: map[string]string{}}}
	for name, document := range hostilePolicies() {
		t.Run(name, func(t *testing.T) {
			for i, s := range statementsOf(document) {
				// An operator cannot stand twice in one object; the spaced
				// spelling above stands for another one of the same kind.
				if c, ok := s.Get("Condition"); ok {
					for j := range c.Members {
						if c.Members[j].Key.Text == "StringLike " {
							c.Members[j].Key.Text = "StringLikeIfExists"
						}
					}
				}
				_ = i
			}
			policy, err := Parse(document)
			if err != nil {
				t.Fatal(err)
			}
			work := &effort{left: maxEffort}
			start := time.Now()
			verdict := decideKnown(policy, question, work)
			t.Logf("%s %s: %d steps, %v", verdict.Outcome, verdict.Problem, maxEffort-work.left, time.Since(start).Round(time.Microsecond))
			if verdict.Outcome == Broken {
				t.Error(verdict.Problem)
			}
			if used := maxEffort - work.left; used > maxEffort+maxEffort/10 {
				t.Errorf("%d steps, want no more than about %d", used, maxEffort)
			}
		})
	}
}
