package trust_test

import (
	"fmt"

	"countersign/trust"
	"countersign/trust/jsontree"
)

func ExampleDecide() {
	file := &trust.File{Name: "trust-policy.json", Text: []byte(`{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
    "Action": "sts:AssumeRole",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
  }
}`)}
	document, err := jsontree.Parse(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := trust.Parse(document)
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict := trust.Decide(policy, trust.Question{
		Subject: trust.Subject{Account: "111122223333", Partition: "aws"},
	})
	fmt.Println(verdict.Outcome)
	for _, reason := range verdict.Reasons {
		fmt.Printf("line %d: %s\n", reason.Range.Line(), reason.Code)
	}
	fmt.Println(verdict.Witness.Principal)
	// Output:
	// fail
	// line 7: mfa-if-exists
	// arn:aws:iam::444455556666:user/mallory
}
