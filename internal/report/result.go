package report

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// schemaName names the contract that the types of this file spell out. It is
// described by docs/schema/countersign.scan.v1.json: what is added there is
// added here, key for key. Lists are never null; what is absent is null.
const schemaName = "countersign.scan/v1"

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type zone struct {
	Scope         string        `json:"scope"`
	Organization  *string       `json:"organization"`
	Accounts      []zoneAccount `json:"accounts"`
	Organizations []string      `json:"organizations"`
}

type zoneAccount struct {
	Account string   `json:"account"`
	Name    *string  `json:"name"`
	Roles   []string `json:"roles"`
}

type summary struct {
	Roles         int `json:"roles"`
	Fail          int `json:"fail"`
	Pass          int `json:"pass"`
	NotApplicable int `json:"not_applicable"`
	Unknown       int `json:"unknown"`
	Error         int `json:"error"`
	Waived        int `json:"waived"`
}

type incomplete struct {
	Source  string  `json:"source"`
	Account *string `json:"account"`
	Reason  string  `json:"reason"`
}

type result struct {
	Fingerprint    string         `json:"fingerprint"`
	Rule           string         `json:"rule"`
	ARN            *string        `json:"arn"`
	Name           string         `json:"name"`
	Account        *string        `json:"account"`
	Source         source         `json:"source"`
	Also           []source       `json:"also,omitempty"`
	Verdict        trust.Outcome  `json:"verdict"`
	Severity       string         `json:"severity"`
	Exploitable    bool           `json:"exploitable"`
	DefaultAssumed bool           `json:"default_assumed"`
	DependsOn      []string       `json:"depends_on"`
	Reasons        []reason       `json:"reasons"`
	Protection     []string       `json:"protection"`
	Warnings       []warning      `json:"warnings"`
	Witness        *witness       `json:"witness"`
	ThirdParties   []thirdParty   `json:"third_parties"`
	Privilege      *mayDo         `json:"privilege"`
	LastUsed       *lastUsed      `json:"last_used"`
	Compliance     jsontext.Value `json:"compliance"`
	Waiver         *waived        `json:"waiver"`
	Baseline       *string        `json:"baseline"`
	Wider          []string       `json:"wider"`
	Fix            *repair        `json:"fix"`
}

type source struct {
	Kind      string  `json:"kind"`
	Path      *string `json:"path"`
	Line      *int    `json:"line"`
	Column    *int    `json:"column"`
	EndLine   *int    `json:"end_line"`
	EndColumn *int    `json:"end_column"`
	Address   *string `json:"address"`
}

type reason struct {
	Code      string  `json:"code"`
	Statement *int    `json:"statement"`
	Sid       *string `json:"sid"`
	Message   string  `json:"message"`
	Line      *int    `json:"line"`
	Column    *int    `json:"column"`
}

type warning struct {
	Code      string `json:"code"`
	Statement *int   `json:"statement"`
	Message   string `json:"message"`
	Line      *int   `json:"line"`
	Column    *int   `json:"column"`
}

type witness struct {
	Principal string        `json:"principal"`
	Checks    []string      `json:"checks"`
	Context   trust.Context `json:"context"`
}

type thirdParty struct {
	Account *string `json:"account"`
	Name    *string `json:"name"`
	Kind    *string `json:"kind"`
	Source  *string `json:"source"`
}

// lastUsed is null where the source does not carry the figure; its time is
// null where the role was not used in the time that IAM keeps.
type lastUsed struct {
	At *time.Time `json:"at"`
}

func newZone(z Zone) zone {
	made := zone{Scope: z.Scope, Organization: orNull(z.Organization), Organizations: z.Organizations}
	if made.Scope == "" {
		made.Scope = "account"
	}
	for _, account := range z.Accounts {
		made.Accounts = append(made.Accounts, zoneAccount{account.ID, orNull(account.Name), account.Roles})
	}
	return made
}

func newSummary(s audit.Summary) summary {
	return summary{s.Roles, s.Fail, s.Pass, s.NotApplicable, s.Unknown, s.Error, s.Waived}
}

func newIncomplete(list []audit.Incomplete) []incomplete {
	var made []incomplete
	for _, one := range list {
		made = append(made, incomplete{one.Source, orNull(one.Account), one.Reason})
	}
	return made
}

func newResult(finding *rule.Finding, options *Options) *result {
	role, verdict := finding.Role, finding.Verdict
	made := &result{
		Fingerprint:    finding.Fingerprint,
		Rule:           finding.Rule,
		ARN:            orNull(role.ARN),
		Name:           role.Name,
		Account:        orNull(role.KnownAccount()),
		Source:         newSource(finding),
		Also:           newAlso(finding),
		Verdict:        verdict.Outcome,
		Severity:       finding.Severity.String(),
		Exploitable:    verdict.Exploitable,
		DefaultAssumed: role.DefaultAssumed,
		DependsOn:      verdict.DependsOn,
		Reasons:        newReasons(finding),
		Protection:     verdict.Protection,
		Privilege:      newMayDo(finding.Privilege),
		ThirdParties:   newThirdParties(verdict.Outsiders, options),
		LastUsed:       newLastUsed(role.LastUsed),
		Compliance:     newControls(finding.Rule, options.Compliance),
		Waiver:         newWaived(finding.Waiver),
		Baseline:       orNull(string(finding.Standing)),
		Wider:          finding.Wider,
		Fix:            newRepair(finding.Fix, options),
	}
	for _, w := range verdict.Warnings {
		line, column := locate(finding, w.Range)
		made.Warnings = append(made.Warnings,
			warning{w.Code, index(w.Statement), w.Message, positive(line), positive(column)})
	}
	if request := verdict.Witness; request != nil {
		request = openDocument(finding, options).withoutSecrets(request)
		made.Witness = &witness{request.Principal, request.Checks, request.Context}
	}
	return made
}

func newSource(finding *rule.Finding) source {
	place := reportedPlace(finding)
	return source{
		Kind:      string(finding.Role.Source.Kind),
		Path:      orNull(place.Path),
		Line:      positive(place.Line),
		Column:    positive(place.Column),
		EndLine:   positive(place.EndLine),
		EndColumn: positive(place.EndColumn),
		Address:   orNull(finding.Role.Source.Address),
	}
}

// newAlso lists where the role was found besides.
func newAlso(finding *rule.Finding) []source {
	var made []source
	for _, one := range alsoAt(finding) {
		made = append(made, source{
			Kind: string(one.Kind), Path: orNull(one.Path),
			Line: positive(one.Line), Column: positive(one.Column), Address: orNull(one.Address),
		})
	}
	return made
}

// newReasons lists why a role fails. A verdict that rests on a problem, not on
// the policy's meaning, says so in a reason whose code is the verdict.
func newReasons(finding *rule.Finding) []reason {
	var made []reason
	if problem := finding.Verdict.Problem; problem != "" {
		place := reportedPlace(finding)
		made = append(made, reason{
			Code: string(finding.Verdict.Outcome), Message: problem,
			Line: positive(place.Line), Column: positive(place.Column),
		})
	}
	for _, r := range finding.Verdict.Reasons {
		line, column := locate(finding, r.Range)
		made = append(made,
			reason{r.Code, index(r.Statement), orNull(r.Sid), r.Message, positive(line), positive(column)})
	}
	return made
}

// newThirdParties lists each outside account once, in the order of the policy.
func newThirdParties(outsiders []trust.Outsider, options *Options) []thirdParty {
	var made []thirdParty
	seen := map[string]bool{}
	for _, outsider := range outsiders {
		if seen[outsider.Account] {
			continue
		}
		seen[outsider.Account] = true
		party, _ := options.Parties.Lookup(outsider.Account)
		made = append(made, thirdParty{orNull(outsider.Account), orNull(party.Name), orNull(party.Kind), orNull(party.Origin())})
	}
	return made
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func positive(n int) *int {
	if n <= 0 {
		return nil
	}
	return &n
}

func index(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// repair is the change of text that closes a role.
type repair struct {
	Does  string `json:"does"`
	Edits []edit `json:"edits"`
}

type edit struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Text      string `json:"text"`
}

// newRepair is nil where no change was made, and where it could not be told
// without an external ID that is not to be shown: what is redacted closes
// nothing.
func newRepair(fix *rule.Fix, options *Options) *repair {
	if fix == nil || fix.HoldsIDs && !options.ShowExternalIDs {
		return nil
	}
	made := &repair{Does: fix.Does, Edits: []edit{}}
	for _, e := range fix.Edits {
		made.Edits = append(made.Edits, edit{e.Path, e.Line, e.Column, e.EndLine, e.EndColumn, e.Text})
	}
	return made
}
