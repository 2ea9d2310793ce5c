package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// asffWriter writes the AWS Security Finding Format as one JSON array
// (AWS Security Hub API Reference, "AwsSecurityFinding"; the fields that are
// written, and how long they may be, are listed in asff_test.go).
type asffWriter struct {
	encoder
	results int
}

func newASFF(w io.Writer, options Options) Writer {
	options.Now = options.now()
	return &asffWriter{encoder: newEncoder(w, options)}
}

func (a *asffWriter) Finding(finding *rule.Finding) error {
	a.text([]string{"[\n", ",\n"}[min(a.results, 1)])
	a.results++
	a.value(newASFFFinding(finding, &a.options))
	return a.err
}

func (a *asffWriter) Close(audit.Summary) error {
	if a.results == 0 {
		a.text("[")
	}
	a.text("\n]\n")
	return a.flush()
}

// ASFF returns one finding in the AWS Security Finding Format, as JSON.
func ASFF(finding *rule.Finding, options Options) ([]byte, error) {
	options.Now = options.now()
	return json.Marshal(newASFFFinding(finding, &options), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

// ASFFGenerator is the GeneratorId of our findings without the rule's id.
const ASFFGenerator = "countersign/"

// The parts of a finding, under the names of AWS.
type (
	asffFinding struct {
		SchemaVersion         string
		ID                    string `json:"Id"`
		ProductARN            string `json:"ProductArn"`
		ProductName           string
		CompanyName           string
		GeneratorID           string `json:"GeneratorId"`
		AccountID             string `json:"AwsAccountId"`
		AccountName           string `json:"AwsAccountName,omitempty"`
		Types                 []string
		CreatedAt             string
		UpdatedAt             string
		LastObservedAt        string
		Severity              asffSeverity
		FindingProviderFields asffProvider
		Title                 string
		Description           string
		Remediation           *asffRemediation `json:",omitempty"`
		ProductFields         map[string]string
		Resources             []asffResource
		Compliance            asffCompliance
		Workflow              asffWorkflow
		RecordState           string
	}
	asffSeverity struct {
		Label      string
		Normalized int
		Original   string
	}
	asffProvider struct {
		Severity asffProviderSeverity
		Types    []string
	}
	asffProviderSeverity struct{ Label, Original string }
	asffRemediation      struct{ Recommendation asffRecommendation }
	asffRecommendation   struct{ Text string }
	asffResource         struct {
		Type      string
		ID        string `json:"Id"`
		Partition string
		Region    string
		Details   asffDetails
	}
	asffDetails struct {
		Role  asffRole          `json:"AwsIamRole"`
		Other map[string]string `json:",omitempty"`
	}
	asffRole struct {
		RoleName string `json:",omitempty"`
		Path     string `json:",omitempty"`
		Policy   string `json:"AssumeRolePolicyDocument,omitempty"`
	}
	asffCompliance struct {
		Status              string
		RelatedRequirements []string `json:",omitempty"`
	}
	asffWorkflow struct{ Status string }
)

// How many characters AWS takes.
const (
	asffTitle       = 256
	asffDescription = 1024
	asffRemedy      = 512
	asffID          = 512
	asffField       = 2048
	asffOther       = 1023 // "fewer than 1,024"
	asffAccountName = 50
	asffRequirement = 64
	// and of requirements
	asffRequirements = 32
	asffPolicy       = 32 << 10 // AWS takes 131,072, and 240 KB for the whole finding
)

const (
	asffTime = "2006-01-02T15:04:05.000Z"
	asffType = "Software and Configuration Checks/AWS Security Best Practices"
	// noAccount stands where the account of a role is not known; AWS has none
	// of this id, and so takes no such finding.
	noAccount = "000000000000"
)

func newASFFFinding(finding *rule.Finding, options *Options) asffFinding {
	told := newResult(finding, options)
	partition := partitionOf(finding)
	account := finding.Role.KnownAccount()
	if account == "" {
		account = noAccount
	}
	region := options.Region
	if region == "" {
		region = asffRegions[partition]
	}
	at, severity := options.Now.Format(asffTime), asffSeverityOf(finding)
	made := asffFinding{
		SchemaVersion: "2018-10-08", ID: clipped(told.Fingerprint, asffID),
		ProductARN:  fmt.Sprintf("arn:%s:securityhub:%s:%s:product/%s/default", partition, region, account, account),
		ProductName: "countersign", CompanyName: "countersign",
		GeneratorID: ASFFGenerator + finding.Rule,
		AccountID:   account, AccountName: clipped(options.AccountNames[account], asffAccountName),
		Types: []string{asffType}, CreatedAt: at, UpdatedAt: at, LastObservedAt: at,
		Severity:              severity,
		FindingProviderFields: asffProvider{asffProviderSeverity{severity.Label, severity.Original}, []string{asffType}},
		Title:                 clipped(finding.Rule+" "+titleOf(finding), asffTitle),
		Description:           clipped(whole(finding), asffDescription),
		ProductFields:         asffFields(finding, told, options.Version),
		Resources:             []asffResource{asffRoleOf(finding, partition, region, options)},
		Compliance:            asffCompliance{Status: asffStatus[finding.Verdict.Outcome]},
		Workflow:              asffWorkflow{"NEW"}, RecordState: "ACTIVE",
	}
	if finding.Waiver != nil {
		made.Workflow.Status = "SUPPRESSED"
	}
	named, _ := requirements(finding, options)
	for _, one := range named[:min(len(named), asffRequirements)] {
		made.Compliance.RelatedRequirements = append(made.Compliance.RelatedRequirements, clipped(one, asffRequirement))
	}
	if todo := advice(finding); todo != "" {
		made.Remediation = &asffRemediation{asffRecommendation{clipped(todo+". See "+rulePage(finding.Rule), asffRemedy)}}
	}
	return made
}

// asffStatus is what ASFF calls a verdict ("Compliance"): WARNING says that
// information is missing, NOT_AVAILABLE that there is nothing to check.
var asffStatus = map[trust.Outcome]string{
	trust.Fail: "FAILED", trust.Pass: "PASSED", trust.NotApplicable: "NOT_AVAILABLE",
	trust.Undecided: "WARNING", trust.Broken: "WARNING",
}

// asffSeverityOf gives the label, and the least number of its band.
func asffSeverityOf(finding *rule.Finding) asffSeverity {
	original := finding.Severity.String()
	switch finding.Severity {
	case rule.Critical:
		return asffSeverity{"CRITICAL", 90, original}
	case rule.High:
		return asffSeverity{"HIGH", 70, original}
	case rule.Medium:
		return asffSeverity{"MEDIUM", 40, original}
	case rule.Low:
		return asffSeverity{"LOW", 1, original}
	}
	return asffSeverity{"INFORMATIONAL", 0, original}
}

// asffFields is what ASFF has no place for.
func asffFields(finding *rule.Finding, told *result, version string) map[string]string {
	fields := map[string]string{}
	add := func(name, value string) {
		if value != "" {
			fields[ASFFGenerator+name] = clipped(value, asffField)
		}
	}
	add("rule", told.Rule)
	add("verdict", string(told.Verdict))
	add("exploitable", fmt.Sprint(told.Exploitable))
	add("reasons", strings.Join(reasonCodes(told), ", "))
	add("external-accounts", strings.Join(outsideAccounts(told), ", "))
	add("third-parties", strings.Join(ownersOf(told), ", "))
	add("protection", strings.Join(told.Protection, ", "))
	add("warnings", strings.Join(warningCodes(told), ", "))
	add("depends-on", strings.Join(told.DependsOn, ", "))
	add("privilege", levelOf(told))
	add("privilege-because", becauseOf(told))
	add("witness", witnessed(finding, told))
	add("last-used", lastUsedOf(told))
	add("waiver", waiverOf(finding))
	add("version", version)
	return fields
}

func asffRoleOf(finding *rule.Finding, partition, region string, options *Options) asffResource {
	subject := finding.Role
	made := asffResource{
		Type: "AwsIamRole", ID: clipped(roleUID(finding), asffID), Partition: partition, Region: region,
		Details: asffDetails{Role: asffRole{RoleName: clipped(subject.Name, asffID), Path: clipped(subject.Path, asffID), Policy: shownPolicy(finding, options)}},
	}
	if place := reportedPlace(finding); place.Path != "" {
		where := fromRoot(finding, place.Path)
		if place.Line > 0 {
			where = fmt.Sprintf("%s:%d:%d", where, place.Line, place.Column)
		}
		made.Details.Other = map[string]string{"source": clipped(where, asffOther)}
	}
	return made
}

// shownPolicy is the trust policy as it may be shown, empty where it may not
// or where AWS would not take it.
func shownPolicy(finding *rule.Finding, options *Options) string {
	document := openDocument(finding, options)
	if !document.parsed || document.hidden != "" || len(document.tree.Range.Text()) > asffPolicy {
		return ""
	}
	laid := string(layOut(&document.tree, document.secrets).text)
	if len(laid) > 4*asffPolicy {
		return ""
	}
	laid = strings.ReplaceAll(laid, mask, `"`+mask+`"`) // else it would be no JSON
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= ' ' && r <= '~' || r >= 0xa1 && r <= 0xff {
			return r
		}
		return '?'
	}, strings.TrimSuffix(laid, "\n"))
}

func partitionOf(finding *rule.Finding) string {
	if fields := strings.SplitN(finding.Role.ARN, ":", 3); finding.Role.Partition == "" && len(fields) == 3 && asffRegions[fields[1]] != "" {
		return fields[1]
	}
	if asffRegions[finding.Role.Partition] != "" {
		return finding.Role.Partition
	}
	return "aws"
}

// asffRegions has a Region for each partition that ASFF knows, for findings
// that no Region is named for: IAM is global.
var asffRegions = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// clipped shortens text to so many characters.
func clipped(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	runes := []rune(text)
	return string(runes[:most-1]) + "…"
}
