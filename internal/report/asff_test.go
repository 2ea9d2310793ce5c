package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// asffKnown is what AWS says of the fields that we write (Security Hub API
// Reference: AwsSecurityFinding, Severity, FindingProviderFields, Remediation,
// Recommendation, Resource, AwsIamRoleDetails, Compliance, Workflow; User
// Guide, "Required top-level ASFF attributes", "Other object in ASFF").
var asffKnown = fields{
	"":                                     {kind: "object"},
	"SchemaVersion":                        {kind: "string", required: true, values: []any{"2018-10-08"}},
	"Id":                                   {kind: "string", required: true, most: 512},
	"ProductArn":                           {kind: "string", required: true, most: 2048},
	"ProductName":                          {kind: "string", most: 128},
	"CompanyName":                          {kind: "string", most: 128},
	"GeneratorId":                          {kind: "string", required: true, most: 512},
	"AwsAccountId":                         {kind: "string", required: true, most: 12},
	"AwsAccountName":                       {kind: "string", most: 50},
	"Types":                                {kind: "list", most: 50},
	"Types[]":                              {kind: "string", values: []any{"Software and Configuration Checks/AWS Security Best Practices"}},
	"CreatedAt":                            {kind: "string", required: true},
	"UpdatedAt":                            {kind: "string", required: true},
	"LastObservedAt":                       {kind: "string"},
	"Severity":                             {kind: "object", required: true},
	"Severity.Label":                       {kind: "string", values: []any{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}},
	"Severity.Normalized":                  {kind: "integer"},
	"Severity.Original":                    {kind: "string", most: 64},
	"FindingProviderFields":                {kind: "object"},
	"FindingProviderFields.Severity":       {kind: "object"},
	"FindingProviderFields.Severity.Label": {kind: "string", values: []any{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}},
	"FindingProviderFields.Severity.Original": {kind: "string", most: 64},
	"FindingProviderFields.Types":             {kind: "list", most: 50},
	"FindingProviderFields.Types[]":           {kind: "string"},
	"Title":                                   {kind: "string", required: true, most: 256},
	"Description":                             {kind: "string", required: true, most: 1024},
	"Remediation":                             {kind: "object"},
	"Remediation.Recommendation":              {kind: "object"},
	"Remediation.Recommendation.Text":         {kind: "string", most: 512},
	"ProductFields":                           {kind: "any", most: 50},
	"Resources":                               {kind: "list", required: true, most: 32},
	"Resources[]":                             {kind: "object"},
	"Resources[].Type":                        {kind: "string", required: true, values: []any{"AwsIamRole"}},
	"Resources[].Id":                          {kind: "string", required: true, most: 512},
	"Resources[].Partition":                   {kind: "string", values: []any{"aws", "aws-cn", "aws-us-gov"}},
	"Resources[].Region":                      {kind: "string", most: 16},
	"Resources[].Details":                     {kind: "object"},
	"Resources[].Details.AwsIamRole":          {kind: "object"},
	"Resources[].Details.AwsIamRole.RoleName": {kind: "string"},
	"Resources[].Details.AwsIamRole.Path":     {kind: "string"},
	"Resources[].Details.AwsIamRole.AssumeRolePolicyDocument": {kind: "string", most: 131_072},
	"Resources[].Details.Other":                               {kind: "any", most: 50},
	"Compliance":                                              {kind: "object"},
	"Compliance.Status":                                       {kind: "string", values: []any{"PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"}},
	"Compliance.RelatedRequirements":                          {kind: "list", most: 32},
	"Compliance.RelatedRequirements[]":                        {kind: "string", most: 64},
	"Workflow":                                                {kind: "object"},
	"Workflow.Status":                                         {kind: "string", values: []any{"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"}},
	"RecordState":                                             {kind: "string", values: []any{"ACTIVE", "ARCHIVED"}},
}

var (
	asffProductARN  = regexp.MustCompile(`^arn:aws[a-z-]*:securityhub:[a-z0-9-]+:(\d{12}):product/(\d{12})/default$`)
	asffPolicyChars = regexp.MustCompile(`^[\x09\x0A\x0D\x20-\x7E\x{A1}-\x{FF}]+$`) // API_AwsIamRoleDetails
	asffTypesForm   = regexp.MustCompile(`^[^/]+/[^/]+(/[^/]+)?$`)
)

func validASFF(t check, got []byte) []map[string]any {
	t.Helper()
	all := asffKnown.checkAll(t, got)
	for _, one := range all {
		product := asffProductARN.FindStringSubmatch(one["ProductArn"].(string))
		if product == nil || product[1] != one["AwsAccountId"] || product[2] != one["AwsAccountId"] {
			t.Errorf("the product of account %v is %v", one["AwsAccountId"], one["ProductArn"])
		}
		for _, name := range []string{"CreatedAt", "UpdatedAt"} {
			if _, err := time.Parse(time.RFC3339, one[name].(string)); err != nil {
				t.Error(err)
			}
		}
		for _, kind := range one["Types"].([]any) {
			if !asffTypesForm.MatchString(kind.(string)) {
				t.Errorf("type %s", kind)
			}
		}
		for key, value := range one["ProductFields"].(map[string]any) {
			if len(key) > 128 || strings.HasPrefix(key, "aws/") || len([]rune(value.(string))) > 2048 {
				t.Errorf("product field %s: %v", key, value)
			}
		}
		details := one["Resources"].([]any)[0].(map[string]any)["Details"].(map[string]any)
		if policy, ok := details["AwsIamRole"].(map[string]any)["AssumeRolePolicyDocument"]; ok && !asffPolicyChars.MatchString(policy.(string)) {
			t.Errorf("characters that AWS refuses in %q", policy)
		}
		if other, ok := details["Other"].(map[string]any); ok {
			for key, value := range other {
				if len(key) >= 128 || len([]rune(value.(string))) >= 1024 {
					t.Errorf("other %s: %v", key, value)
				}
			}
		}
		// "The maximum allowed size for a finding is 240 Kb."
		if text, err := json.Marshal(one); err != nil || len(text) > 240_000 {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	}
	return all
}

func TestASFFOfEveryKindOfFindingIsOneThatAWSTakes(t *testing.T) {
	findings, summary := everything(t)
	for _, options := range []Options{sampleOptions, {All: true, Region: "eu-central-1"}} {
		validASFF(t, write(t, "asff", options, findings, summary))
	}
	if got := validASFF(t, write(t, "asff", Options{}, nil, audit.Summary{})); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestASFFIsCutToWhatAWSTakes(t *testing.T) {
	long := strings.Repeat("é", 3000)
	s := newSample(t, long, `{"Statement": [{"Sid": "`+strings.Repeat("請", 100_000)+`"}]}`)
	s.Role.Path, s.Role.Source.Path = "/"+long, long
	s.fails(rule.Critical, "arn:aws:iam::444455556666:user/"+long, trust.UserKey,
		trust.Reason{Code: "public-principal", Sid: long, Message: long, Range: s.find("Sid", 1)})
	for i := range 1000 {
		s.Verdict.Outsiders = append(s.Verdict.Outsiders, trust.Outsider{Account: fmt.Sprintf("%012d", i)})
	}
	validASFF(t, write(t, "asff", Options{AccountNames: map[string]string{account: long}}, []*rule.Finding{s.Finding}, audit.Summary{}))
}

// Severity: 0 informational, 1 to 39 low, 40 to 69 medium, 70 to 89 high, 90 to
// 100 critical. Compliance.Status: WARNING where information is missing.
func TestASFFStatusAndSeverity(t *testing.T) {
	for _, test := range []struct {
		finding       *rule.Finding
		status, label string
		number        int
	}{
		{percentEncoded(t), "FAILED", "CRITICAL", 90}, {wide(t), "FAILED", "HIGH", 70},
		{severalReasons(t), "FAILED", "MEDIUM", 40}, {emptyExternalID(t), "FAILED", "LOW", 1},
		{passing(t), "PASSED", "INFORMATIONAL", 0}, {notApplicable(t), "NOT_AVAILABLE", "INFORMATIONAL", 0},
		{undecided(t), "WARNING", "MEDIUM", 40}, {broken(t), "WARNING", "INFORMATIONAL", 0},
	} {
		got := newASFFFinding(test.finding, &Options{})
		if got.Compliance.Status != test.status || got.Severity.Label != test.label || got.Severity.Normalized != test.number {
			t.Errorf("%s: %s, %+v", test.finding.Role.Name, got.Compliance.Status, got.Severity)
		}
	}
}

func TestASFFGoesToTheRegionOfThePartition(t *testing.T) {
	for _, test := range []struct{ arn, region, want string }{
		{"arn:aws:iam::111122223333:role/x", "", "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"},
		{"arn:aws:iam::111122223333:role/x", "eu-west-1", "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"},
		{"arn:aws-cn:iam::111122223333:role/x", "", "arn:aws-cn:securityhub:cn-north-1:111122223333:product/111122223333/default"},
		{"arn:aws-us-gov:iam::111122223333:role/x", "", "arn:aws-us-gov:securityhub:us-gov-west-1:111122223333:product/111122223333/default"},
		{"", "", "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"},
	} {
		finding := severalReasons(t)
		finding.Role.ARN = test.arn
		if got := newASFFFinding(finding, &Options{Region: test.region}).ProductARN; got != test.want {
			t.Errorf("%s: %s", test.arn, got)
		}
	}
}
