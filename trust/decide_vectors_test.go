package trust_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"countersign/trust"
)

// Every vector says what the semantics decide and what the rule reports.
func TestDecideAgreesWithEveryVector(t *testing.T) {
	verdicts := verdictsOfVectors(t)
	vectors := readWitnessVectors(t)
	if len(vectors) != 214 {
		t.Fatalf("%d vectors, want 214", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.ID+" "+v.Title, func(t *testing.T) {
			policy, question := v.question(t)
			verdict := trust.Decide(policy, question)
			if verdict.Outcome != verdicts[v.ID] {
				t.Errorf("%s, want %s; problem: %s; reasons: %v", verdict.Outcome, verdicts[v.ID], verdict.Problem, verdict.Reasons)
			}
			if verdict.Exploitable != v.Expect.Unprotected {
				t.Errorf("exploitable is %t, want %t", verdict.Exploitable, v.Expect.Unprotected)
			}
			if (len(verdict.Outsiders) > 0) != v.Expect.CrossAccount {
				t.Errorf("outsiders are %v, want some: %t", verdict.Outsiders, v.Expect.CrossAccount)
			}
		})
	}
}

func verdictsOfVectors(t *testing.T) map[string]trust.Outcome {
	t.Helper()
	file, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	verdicts := map[string]trust.Outcome{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v struct {
			ID      string
			Verdict trust.Outcome
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		verdicts[v.ID] = v.Verdict
	}
	return verdicts
}
