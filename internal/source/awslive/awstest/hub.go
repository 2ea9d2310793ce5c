package awstest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// HubFinding is a finding in Security Hub, as moto keeps it.
type HubFinding map[string]any

// Text returns a field that is text.
func (f HubFinding) Text(name string) string {
	text, _ := f[name].(string)
	return text
}

// Findings returns what the Security Hub of an account holds in us-east-1.
func (w *World) Findings(account string) []HubFinding {
	w.t.Helper()
	var all []HubFinding
	token := ""
	for {
		body, _ := json.Marshal(map[string]any{"MaxResults": 100, "NextToken": token})
		if token == "" {
			body = []byte(`{"MaxResults":100}`)
		}
		var page struct {
			Findings  []HubFinding
			NextToken string
		}
		answer := w.sendTo("/findings", account, "securityhub", "application/json", "", string(body))
		if err := json.Unmarshal(answer, &page); err != nil {
			w.t.Fatalf("reading findings: %v in %s", err, answer)
		}
		all = append(all, page.Findings...)
		if token = page.NextToken; token == "" {
			return all
		}
	}
}

// Import puts a finding into the Security Hub of an account.
func (w *World) Import(account string, finding HubFinding) {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"Findings": []HubFinding{finding}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.sendTo("/findings/import", account, "securityhub", "application/json", "", string(body))
}

// hubOperations are the calls of Security Hub, by their path.
var hubOperations = map[string]string{"/findings": "GetFindings", "/findings/import": "BatchImportFindings"}

// hubFilter is a filter of GetFindings.
type hubFilter []struct{ Value, Comparison string }

func (f hubFilter) matches(value string) bool {
	if len(f) == 0 {
		return true
	}
	for _, one := range f {
		if value == one.Value || one.Comparison == "PREFIX" && strings.HasPrefix(value, one.Value) {
			return true
		}
	}
	return false
}

// filtered leaves out of an answer to GetFindings what the filters exclude:
// moto does not look at them. HAND-WRITTEN after the Security Hub API Reference
// (AwsSecurityFindingFilters): values of one field are joined by or, fields by
// and. A finding without a Region is of the one that was asked.
func filtered(answer, request []byte) []byte {
	var asked struct {
		Filters struct{ Id, GeneratorId, AwsAccountId, RecordState hubFilter }
	}
	var page map[string]any
	if json.Unmarshal(request, &asked) != nil || json.Unmarshal(answer, &page) != nil {
		return answer
	}
	findings, ok := page["Findings"].([]any)
	if !ok {
		return answer
	}
	f := asked.Filters
	page["Findings"] = slices.DeleteFunc(findings, func(one any) bool {
		finding := HubFinding(one.(map[string]any))
		return !f.Id.matches(finding.Text("Id")) || !f.GeneratorId.matches(finding.Text("GeneratorId")) ||
			!f.AwsAccountId.matches(finding.Text("AwsAccountId")) || !f.RecordState.matches(finding.Text("RecordState"))
	})
	text, err := json.Marshal(page)
	if err != nil {
		return answer
	}
	return text
}

// HubPart answers BatchImportFindings as Security Hub does when it takes a part
// of the findings: those whose text holds a word are refused, the others do not
// get in either. HAND-WRITTEN.
func HubPart(word string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ func() []byte) {
		var asked struct{ Findings []json.RawMessage }
		body, _ := r.GetBody()
		_ = json.NewDecoder(body).Decode(&asked)
		var failed []map[string]string
		for _, one := range asked.Findings {
			var told struct{ Id string }
			_ = json.Unmarshal(one, &told)
			if strings.Contains(string(one), word) {
				failed = append(failed, map[string]string{"Id": told.Id, "ErrorCode": "InvalidInput", "ErrorMessage": "the finding is refused"})
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"FailedCount": len(failed), "SuccessCount": len(asked.Findings) - len(failed), "FailedFindings": failed,
		})
	}
}
