package trust_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// FuzzDecide judges whatever parses, with and without a known account, and
// holds every answer to what an answer promises.
func FuzzDecide(f *testing.F) {
	vectors, err := os.ReadFile("testdata/vectors.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(vectors)) {
		tree, err := jsontree.Parse(&trust.File{Text: []byte(line)})
		if err != nil {
			f.Fatal(err)
		}
		policy, _ := tree.Get("policy")
		f.Add(policy.Range.Text(), "111122223333")
	}
	f.Fuzz(func(t *testing.T, text, account string) {
		tree, err := jsontree.Parse(&trust.File{Text: []byte(text)})
		if err != nil {
			return
		}
		policy, err := trust.Parse(tree)
		if err != nil {
			return
		}
		if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
			account = ""
		}
		question := trust.Question{
			Subject: trust.Subject{Account: account, Partition: "aws", Tags: map[string]string{}},
			Now:     time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC),
		}
		verdict := trust.Decide(policy, question)
		switch verdict.Outcome {
		case trust.Fail, trust.Pass, trust.NotApplicable, trust.Undecided:
		default:
			t.Fatalf("%s: %s", verdict.Outcome, verdict.Problem)
		}
		if verdict.Exploitable != (verdict.Witness != nil) {
			t.Fatalf("exploitable is %t with witness %v", verdict.Exploitable, verdict.Witness)
		}
		if (verdict.Outcome == trust.Fail) != (len(verdict.Reasons) > 0) && verdict.Outcome != trust.Undecided {
			t.Fatalf("%s with reasons %v", verdict.Outcome, verdict.Reasons)
		}
		for _, reason := range verdict.Reasons {
			if reason.Range.IsZero() || reason.Range.End > len(text) {
				t.Fatalf("the reason %s has no place in the text", reason.Code)
			}
		}
		if again := trust.Decide(policy, question); again.Outcome != verdict.Outcome {
			t.Fatalf("%s, then %s", verdict.Outcome, again.Outcome)
		}
	})
}
