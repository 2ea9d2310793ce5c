package report

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"countersign/internal/rule"
	"countersign/trust"
)

// The parts of a SARIF log that are written, under the names of its schema.
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifBase struct {
		Description sarifText `json:"description"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name     string      `json:"name"`
		Version  string      `json:"version,omitempty"`
		Language string      `json:"language"`
		Rules    []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string             `json:"id"`
		Name       string             `json:"name"`
		Short      sarifText          `json:"shortDescription"`
		Full       sarifText          `json:"fullDescription"`
		Help       sarifHelp          `json:"help"`
		Config     sarifConfiguration `json:"defaultConfiguration"`
		Properties map[string]any     `json:"properties"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}

	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}

	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Kind         string             `json:"kind"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string  `json:"fingerprints"`
		Partial      map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Fixes        []sarifFix         `json:"fixes,omitempty"` // exact edits only
		Properties   sarifProperties    `json:"properties"`
	}
	sarifLocation struct {
		ID       *int           `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitzero"`
		EndLine     int `json:"endLine,omitzero"`
		EndColumn   int `json:"endColumn,omitzero"`
	}
	sarifLogical struct {
		Name     string `json:"name"`
		FullName string `json:"fullyQualifiedName"`
		Kind     string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted sarifText   `json:"insertedContent"`
	}
	sarifProperties struct {
		Verdict          trust.Outcome `json:"verdict"`
		Severity         string        `json:"severity"`
		SecuritySeverity string        `json:"security-severity"`
		Account          *string       `json:"account"`
		Exploitable      bool          `json:"exploitable"`
		ExternalAccounts []string      `json:"externalAccounts"`
		Reasons          []string      `json:"reasons"`
		Protection       []string      `json:"protection"`
		Warnings         []string      `json:"warnings"`
		DependsOn        []string      `json:"dependsOn"`
		Remedy           string        `json:"remedy,omitempty"`
		Witness          *witness      `json:"witness"`
		LastUsed         *lastUsed     `json:"lastUsed"`
		ThirdParties     any           `json:"thirdParties"`
		Privilege        any           `json:"privilege"`
		Waiver           any           `json:"waiver"`
		Baseline         *string       `json:"baseline,omitempty"`
		Wider            []string      `json:"wider,omitempty"`
	}
)

func newSARIFResult(finding *rule.Finding, options *Options) sarifResult {
	told := newResult(finding, options)
	made := sarifResult{
		RuleID: finding.Rule, RuleIndex: ruleIndex(finding.Rule),
		Kind: sarifKind[finding.Verdict.Outcome], Level: sarifLevel(finding),
		Message:      sarifMessage(whole(finding)),
		Fingerprints: map[string]string{"countersign/v1": finding.Fingerprint},
		// GitHub tells alerts apart by this one and would else make it of the
		// text around, which changes when the role does not.
		Partial:    map[string]string{"primaryLocationLineHash": finding.Fingerprint},
		Locations:  []sarifLocation{sarifPlace(finding)},
		Related:    sarifRelated(finding),
		Properties: newSARIFProperties(finding, told),
		Fixes:      sarifFixes(finding, told.Fix),
	}
	if accepted := finding.Waiver; accepted != nil {
		kind := "external"
		if accepted.Inline && accepted.Line > 0 {
			kind = "inSource"
		}
		made.Suppressions = []sarifSuppression{{kind, "accepted", acceptance(accepted)}}
	}
	return made
}

// sarifFixes is the change that closes the role, if one was made.
func sarifFixes(finding *rule.Finding, made *repair) []sarifFix {
	if made == nil {
		return nil
	}
	one := sarifFix{Description: sarifMessage(made.Does)}
	for i, e := range made.Edits {
		if i == 0 || e.Path != made.Edits[i-1].Path {
			one.Changes = append(one.Changes, sarifChange{Artifact: sarifAt(finding, rule.Place{Path: e.Path}).Artifact})
		}
		last := &one.Changes[len(one.Changes)-1]
		last.Replacements = append(last.Replacements, sarifReplacement{
			sarifRegion{e.Line, e.Column, e.EndLine, e.EndColumn}, sarifText{e.Text}, // no message: nothing is escaped
		})
	}
	return []sarifFix{one}
}

func newSARIFProperties(finding *rule.Finding, told *result) sarifProperties {
	made := sarifProperties{
		Verdict: told.Verdict, Severity: told.Severity, SecuritySeverity: securitySeverity[finding.Severity],
		Account: told.Account, Exploitable: told.Exploitable, ExternalAccounts: outsideAccounts(told),
		Reasons: reasonCodes(told), Protection: told.Protection, DependsOn: told.DependsOn,
		Remedy: advice(finding), Witness: told.Witness, LastUsed: told.LastUsed,
		ThirdParties: told.ThirdParties, Privilege: told.Privilege, Waiver: told.Waiver,
		Baseline: told.Baseline, Wider: told.Wider,
	}
	for _, warning := range told.Warnings[:min(len(told.Warnings), mostWarnings)] {
		made.Warnings = append(made.Warnings, warning.Code+": "+warning.Message)
	}
	return made
}

// sarifPlace is where the finding points, and which role it is about.
func sarifPlace(finding *rule.Finding) sarifLocation {
	subject := finding.Role
	full := subject.ARN
	if full == "" {
		full = subject.Source.Address
	}
	if full == "" {
		full = subject.Title()
	}
	made := sarifLocation{Logical: []sarifLogical{{subject.Title(), full, "resource"}}}
	place := reportedPlace(finding)
	made.Physical = sarifAt(finding, place)
	return made
}

// sarifAt is a place in a file; nil without a file.
func sarifAt(finding *rule.Finding, place rule.Place) *sarifPhysical {
	if place.Path == "" {
		return nil
	}
	name := fromRoot(finding, place.Path)
	made := &sarifPhysical{Artifact: sarifArtifact{URI: (&url.URL{Path: name}).String(), BaseID: sourceRoot}}
	if strings.HasPrefix(name, "/") || filepath.VolumeName(name) != "" {
		at := url.URL{Scheme: "file", Path: "/" + strings.TrimLeft(name, "/")}
		made.Artifact = sarifArtifact{URI: at.String()}
	}
	if place.Line > 0 {
		made.Region = &sarifRegion{place.Line, place.Column, place.EndLine, place.EndColumn}
	}
	return made
}

// sarifRelated lists the places of the further reasons, and where else the role
// stands.
func sarifRelated(finding *rule.Finding) []sarifLocation {
	var made []sarifLocation
	add := func(place rule.Place, text string) {
		if at := sarifAt(finding, place); at != nil {
			id, message := len(made)+1, sarifMessage(text)
			made = append(made, sarifLocation{ID: &id, Physical: at, Message: &message})
		}
	}
	reasons := finding.Verdict.Reasons
	for i := 1; i < min(len(reasons), mostReasons); i++ {
		if line, _ := locate(finding, reasons[i].Range); line > 0 {
			add(rule.PlaceOf(finding.Role, reasons[i].Range), reasons[i].Code+": "+reasons[i].Message)
		}
	}
	for _, also := range alsoAt(finding) {
		add(rule.Place{Path: also.Path, Line: also.Line, Column: also.Column}, "the role is also here")
	}
	return made
}

func ruleIndex(id string) int {
	for i, known := range rule.Rules {
		if known.ID == id {
			return i
		}
	}
	return -1
}

// sarifMessage writes text so that nothing in it is taken for a link or for a
// placeholder (SARIF 3.11.5, 3.11.6).
func sarifMessage(text string) sarifText {
	return sarifText{sarifPlain.Replace(text)}
}

var sarifPlain = strings.NewReplacer("[", `\[`, "]", `\]`, "{", "{{", "}", "}}")

// innerLink is a Markdown link into the same page.
var innerLink = regexp.MustCompile(`\[([^\]]*)\]\(#[^)]*\)`)

// pascal joins the words of a title, as names of SARIF rules are spelt.
func pascal(title string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
