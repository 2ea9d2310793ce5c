package trust_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// vector is the part of a line of testdata/vectors.jsonl that parsing is about.
type vector struct {
	ID             string
	Policy         json.RawMessage
	RCPs           []json.RawMessage
	IAMWouldReject bool `json:"iam_would_reject"`
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	file, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var vectors []vector
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// tree reads JSON that the test knows to be well formed.
func tree(t testing.TB, text string) trust.Value {
	t.Helper()
	document, err := jsontree.Parse(&trust.File{Name: "policy.json", Text: []byte(text)})
	if err != nil {
		t.Fatalf("reading %s: %v", text, err)
	}
	return document
}

func TestEveryVectorParses(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) != 214 {
		t.Fatalf("%d vectors, want 214", len(vectors))
	}
	for _, v := range vectors {
		policy, err := trust.Parse(tree(t, string(v.Policy)))
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		// P21 names a principal of another partition than the role's, which
		// the policy alone does not tell.
		if want := v.IAMWouldReject && v.ID != "P21"; hasCode(policy, "iam-would-reject") != want {
			t.Errorf("%s: warnings %v, want iam-would-reject: %v", v.ID, policy.Warnings, want)
		}
		for _, rcp := range v.RCPs {
			policy, err := trust.ParseRCP(tree(t, string(rcp)))
			if err != nil || len(policy.Warnings) > 0 {
				t.Errorf("%s: RCP: %v, warnings %v", v.ID, err, policy.Warnings)
			}
		}
	}
}

func hasCode(policy *trust.Policy, code string) bool {
	for _, warning := range policy.Warnings {
		if warning.Code == code {
			return true
		}
	}
	return false
}
