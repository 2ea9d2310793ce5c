package report

import (
	"io"
	"strconv"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// ocsfWriter writes events of the Open Cybersecurity Schema Framework, class
// Compliance Finding (https://schema.ocsf.io/1.8.0/classes/compliance_finding),
// as one JSON array. The fields that are written are listed in ocsf_test.go.
type ocsfWriter struct {
	encoder
	results int
}

const (
	ocsfVersion = "1.8.0"
	ocsfClass   = 2003
	ocsfCreate  = 1 // activity_id: every scan makes the finding anew
)

func newOCSF(w io.Writer, options Options) Writer {
	options.Now = options.now()
	return &ocsfWriter{encoder: newEncoder(w, options)}
}

func (o *ocsfWriter) Finding(finding *rule.Finding) error {
	o.text([]string{"[\n", ",\n"}[min(o.results, 1)])
	o.results++
	o.value(newOCSFEvent(finding, &o.options))
	return o.err
}

func (o *ocsfWriter) Close(audit.Summary) error {
	if o.results == 0 {
		o.text("[")
	}
	o.text("\n]\n")
	return o.flush()
}

// The parts of an event, under the names of the schema.
type (
	ocsfEvent struct {
		ActivityID   int              `json:"activity_id"`
		ActivityName string           `json:"activity_name"`
		CategoryUID  int              `json:"category_uid"`
		CategoryName string           `json:"category_name"`
		ClassUID     int              `json:"class_uid"`
		ClassName    string           `json:"class_name"`
		TypeUID      int              `json:"type_uid"`
		TypeName     string           `json:"type_name"`
		Time         int64            `json:"time"` // milliseconds
		SeverityID   int              `json:"severity_id"`
		Severity     string           `json:"severity"`
		StatusID     int              `json:"status_id"`
		Status       string           `json:"status"`
		Message      string           `json:"message"`
		Metadata     ocsfMetadata     `json:"metadata"`
		Cloud        *ocsfCloud       `json:"cloud,omitempty"`
		FindingInfo  ocsfFindingInfo  `json:"finding_info"`
		Compliance   ocsfCompliance   `json:"compliance"`
		Resources    []ocsfResource   `json:"resources"`
		Remediation  *ocsfRemediation `json:"remediation,omitempty"`
		Evidences    []ocsfEvidence   `json:"evidences,omitempty"`
		Observables  []ocsfObservable `json:"observables,omitempty"`
		Unmapped     map[string]any   `json:"unmapped"`
	}
	ocsfMetadata struct {
		Version  string      `json:"version"`
		Product  ocsfProduct `json:"product"`
		Profiles []string    `json:"profiles"`
	}
	ocsfProduct struct {
		Name       string `json:"name"`
		VendorName string `json:"vendor_name"`
		Version    string `json:"version,omitempty"`
	}
	ocsfCloud struct {
		Provider  string       `json:"provider"`
		Account   *ocsfAccount `json:"account,omitempty"`
		Partition string       `json:"cloud_partition,omitempty"`
	}
	ocsfAccount struct {
		UID    string `json:"uid"`
		Name   string `json:"name,omitempty"`
		TypeID int    `json:"type_id"`
		Type   string `json:"type"`
	}
	ocsfFindingInfo struct {
		UID      string       `json:"uid"`
		Title    string       `json:"title"`
		Desc     string       `json:"desc"`
		Types    []string     `json:"types"`
		Analytic ocsfAnalytic `json:"analytic"`
		LastSeen int64        `json:"last_seen_time"`
	}
	ocsfAnalytic struct {
		UID    string `json:"uid"`
		Name   string `json:"name"`
		TypeID int    `json:"type_id"`
		Type   string `json:"type"`
	}
	ocsfCompliance struct {
		Control      string   `json:"control"`
		Desc         string   `json:"desc"`
		Standards    []string `json:"standards"`
		Requirements []string `json:"requirements,omitempty"`
		StatusID     int      `json:"status_id"`
		Status       string   `json:"status"`
		Code         string   `json:"status_code"`
		Details      []string `json:"status_details"`
	}
	ocsfResource struct {
		UID       string      `json:"uid"`
		Name      string      `json:"name"`
		Type      string      `json:"type"`
		Partition string      `json:"cloud_partition,omitempty"`
		RoleID    int         `json:"role_id"`
		Role      string      `json:"role"`
		Data      *ocsfSource `json:"data,omitempty"`
	}
	ocsfSource struct {
		Source source   `json:"source"`
		Also   []source `json:"also,omitempty"`
	}
	ocsfRemediation struct {
		Desc       string   `json:"desc"`
		References []string `json:"references"`
	}
	ocsfEvidence struct {
		Name string   `json:"name"`
		Data *witness `json:"data"`
	}
	ocsfObservable struct {
		Name   string `json:"name"`
		TypeID int    `json:"type_id"`
		Type   string `json:"type"`
		Value  string `json:"value"`
	}
)

func newOCSFEvent(finding *rule.Finding, options *Options) ocsfEvent {
	told := newResult(finding, options)
	at := options.Now.UnixMilli()
	severity, severityName := ocsfSeverity(finding)
	made := ocsfEvent{
		ActivityID: ocsfCreate, ActivityName: "Create",
		CategoryUID: 2, CategoryName: "Findings",
		ClassUID: ocsfClass, ClassName: "Compliance Finding",
		TypeUID: 100*ocsfClass + ocsfCreate, TypeName: "Compliance Finding: Create",
		Time: at, SeverityID: severity, Severity: severityName, StatusID: 1, Status: "New",
		Message:  headline(finding),
		Metadata: ocsfMetadata{ocsfVersion, ocsfProduct{"countersign", "countersign", options.Version}, []string{"cloud"}},
		Cloud:    ocsfCloudOf(finding, options),
		FindingInfo: ocsfFindingInfo{
			UID: told.Fingerprint, Title: titleOf(finding), Desc: whole(finding),
			Types: []string{finding.Rule}, LastSeen: at,
			Analytic: ocsfAnalytic{finding.Rule, ruleTitle(finding.Rule), 1, "Rule"},
		},
		Compliance:  ocsfComplianceOf(finding, told, options),
		Resources:   []ocsfResource{ocsfRole(finding, told)},
		Observables: ocsfObservables(finding, told),
		Unmapped: map[string]any{
			"verdict": told.Verdict, "exploitable": told.Exploitable, "reasons": reasonCodes(told),
			"external_accounts": outsideAccounts(told), "third_parties": told.ThirdParties,
			"privilege": told.Privilege, "waiver": told.Waiver, "baseline": told.Baseline, "wider": told.Wider,
			"last_used": told.LastUsed, "depends_on": told.DependsOn,
		},
	}
	if finding.Waiver != nil {
		made.StatusID, made.Status = 3, "Suppressed"
	}
	if todo := advice(finding); todo != "" {
		made.Remediation = &ocsfRemediation{todo, []string{rulePage(finding.Rule)}}
	}
	if told.Witness != nil {
		made.Evidences = []ocsfEvidence{{"a request that is granted", told.Witness}}
	}
	return made
}

// ocsfSeverity is that of a fail, and of what might be one.
func ocsfSeverity(finding *rule.Finding) (id int, name string) {
	switch finding.Severity {
	case rule.Critical:
		return 5, "Critical"
	case rule.High:
		return 4, "High"
	case rule.Medium:
		return 3, "Medium"
	case rule.Low:
		return 2, "Low"
	}
	if finding.Verdict.Outcome == trust.Broken {
		return 0, "Unknown"
	}
	return 1, "Informational"
}

func ocsfComplianceOf(finding *rule.Finding, told *result, options *Options) ocsfCompliance {
	made := ocsfCompliance{
		Control: finding.Rule + ": " + ruleTitle(finding.Rule), Desc: ruleDescription(finding.Rule),
		Code: string(told.Verdict),
	}
	made.Requirements, made.Standards = requirements(finding, options)
	switch finding.Verdict.Outcome {
	case trust.Fail:
		made.StatusID, made.Status = 3, "Fail"
	case trust.Pass:
		made.StatusID, made.Status = 1, "Pass"
	case trust.NotApplicable:
		made.StatusID, made.Status = 99, "Not Applicable"
	default: // "did not yield a result due to missing information"
		made.StatusID, made.Status = 2, "Warning"
	}
	for _, reason := range told.Reasons[:min(len(told.Reasons), mostReasons)] {
		made.Details = append(made.Details, reason.Code+": "+reason.Message)
	}
	for _, kind := range told.Protection {
		made.Details = append(made.Details, "protected by "+kind)
	}
	return made
}

func ocsfRole(finding *rule.Finding, told *result) ocsfResource {
	return ocsfResource{
		UID: roleUID(finding), Name: finding.Role.Title(), Type: "AWS::IAM::Role", Partition: finding.Role.Partition,
		RoleID: 1, Role: "Target", Data: &ocsfSource{told.Source, told.Also},
	}
}

func ocsfCloudOf(finding *rule.Finding, options *Options) *ocsfCloud {
	made := &ocsfCloud{Provider: "AWS", Partition: finding.Role.Partition}
	if account := finding.Role.KnownAccount(); account != "" {
		made.Account = &ocsfAccount{account, options.AccountNames[account], 10, "AWS Account"}
	}
	return made
}

// ocsfObservables lists the role, the outside accounts, and the caller of the
// witness.
func ocsfObservables(finding *rule.Finding, told *result) []ocsfObservable {
	made := []ocsfObservable{{"resources[0].uid", 10, "Resource UID", roleUID(finding)}}
	for i, account := range outsideAccounts(told) {
		if i == mostObservables {
			break
		}
		made = append(made, ocsfObservable{"unmapped.external_accounts[" + strconv.Itoa(i) + "]", 99, "AWS Account", account})
	}
	if told.Witness != nil {
		made = append(made, ocsfObservable{"evidences[0].data.principal", 99, "AWS Principal", told.Witness.Principal})
	}
	return made
}

const mostObservables = 50
