package report

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/trust"
)

// htmlRow is what the page has of every finding: the row of a table, and what
// the filters go by. All text in it is printable.
type htmlRow struct {
	Class, Badge  string
	Verdict       string
	Severity      string
	Title         string
	Account       string   // its id; may be empty
	AccountName   string   // the user's name of it; may be empty
	Reasons       []string // codes, as many as there is room for
	Codes         []string // all of them
	Protection    []string
	Note          string // says what neither of these two does; may be empty
	Parties       []string
	MoreParties   int
	PartyAccounts []string
	Place         string
	Fingerprint   string
}

// What a row has at most of a policy that can have any number of them.
const (
	mostRowReasons  = 4
	mostRowParties  = 3
	mostRowAccounts = 200
	mostRowText     = 200 // bytes
)

func newHTMLRow(finding *rule.Finding, told *result, options *Options) *htmlRow {
	verdict := finding.Verdict
	made := &htmlRow{
		Verdict:     string(verdict.Outcome),
		Severity:    told.Severity,
		Title:       short(finding.Role.Title()),
		Account:     printable(finding.Role.KnownAccount()),
		Protection:  protectionNames(verdict.Protection),
		Fingerprint: printable(finding.Fingerprint),
		Place:       short(placeName(finding, reportedPlace(finding))),
	}
	made.AccountName = short(options.AccountNames[finding.Role.KnownAccount()])
	made.Codes = reasonCodes(told)
	made.Reasons = made.Codes
	if verdict.Outcome == trust.Broken || verdict.Problem != "" {
		made.Reasons, made.Note = nil, short(verdict.Problem)
	}
	if extra := len(made.Reasons) - mostRowReasons; extra > 0 {
		made.Reasons, made.Note = made.Reasons[:mostRowReasons], count(extra, "more reason", "more reasons")
	}
	switch {
	case made.Note != "":
	case verdict.Outcome == trust.Fail && !verdict.Exploitable:
		made.Note = "nobody can use it today"
	case verdict.Outcome == trust.Undecided && len(verdict.DependsOn) > 0:
		made.Note = short("depends on " + strings.Join(verdict.DependsOn[:min(len(verdict.DependsOn), 3)], ", "))
	}
	made.parties(finding, options)
	return made
}

func (r *htmlRow) parties(finding *rule.Finding, options *Options) {
	for _, party := range outsidersOf(finding, options) {
		switch len(r.PartyAccounts) {
		case mostRowAccounts:
			r.PartyAccounts = append(r.PartyAccounts, "+") // stands for any
		case mostRowAccounts + 1:
		default:
			r.PartyAccounts = append(r.PartyAccounts, party.Account)
		}
		switch {
		case slices.Contains(r.Parties, party.Label):
		case len(r.Parties) < mostRowParties:
			r.Parties = append(r.Parties, party.Label)
		default:
			r.MoreParties++
		}
	}
}

// short is printable text that does not fill more than a cell.
func short(text string) string {
	text = printable(text)
	if len(text) <= mostRowText {
		return text
	}
	return text[:runeStart([]byte(text), mostRowText, 0)] + "…"
}

// placeName is a place as editors understand it.
func placeName(finding *rule.Finding, place rule.Place) string {
	switch {
	case place.Path == "":
		return ""
	case place.Line > 0:
		return fmt.Sprintf("%s:%d:%d", printable(place.Path), place.Line, place.Column)
	}
	return printable(place.Path)
}

var guardNames = map[string]string{"external-id": "external ID", "mfa": "MFA", "deny": "Deny", "rcp": "RCP"}

func protectionNames(kinds []string) (names []string) {
	for _, kind := range kinds {
		name, known := guardNames[kind]
		if !known {
			name = printable(kind)
		}
		names = append(names, name)
	}
	return names
}

// htmlFinding is all there is to know of a finding. All text in it is
// printable.
type htmlFinding struct {
	*htmlRow
	Anchor        string // the name of its place in the page; may be empty
	Headline      string
	ARN, Address  string
	Also          []string
	Why           []htmlReason
	MoreReasons   int
	Problem       *htmlReason
	Hidden        string // why the policy is not shown
	Witness       *htmlWitness
	Open, Guarded []outsideParty
	MoreOutsiders int
	Remedies      []string
	Blocks        []htmlBlock
	Advice        string
	Warnings      []string
	DependsOn     []string
	Assumed       bool
	LastUsed      string
	MayDo         string
	NotKnown      string // of what it may do
	Standing      []htmlPair
	Compliance    []string
	See           []string
	Policy        []htmlLine
	PolicyLoose   []string // notes that have no place in the policy
}

type htmlReason struct {
	Code, Message, Where, Page string
	Lines                      []htmlLine
}

// htmlBlock is what to paste into statements.
type htmlBlock struct{ Where, Text string }

type htmlWitness struct {
	Caller, Kind, Checks, ExternalID, MFA string
	Context, Rest                         []htmlPair
}

type htmlPair struct{ Key, Value string }

const (
	mostPageReasons   = 25
	mostPageOutsiders = 40
	mostPageText      = 2000 // bytes of a name, a problem
)

func newHTMLFinding(finding *rule.Finding, told *result, row *htmlRow, anchor string, options *Options) *htmlFinding {
	subject, verdict := finding.Role, finding.Verdict
	made := &htmlFinding{
		htmlRow: row, Anchor: anchor,
		Headline: long(headline(finding)),
		ARN:      long(subject.ARN),
		Assumed:  subject.DefaultAssumed,
		LastUsed: lastUsedText(subject.LastUsed),
		Advice:   long(advice(finding)),
	}
	if told := finding.Privilege; told != nil {
		made.MayDo, made.NotKnown = long(mayDoText(told)), long(notKnown(told))
	}
	for _, one := range standings(finding)[:min(len(standings(finding)), mostPageReasons)] {
		made.Standing = append(made.Standing, htmlPair{one.label, long(one.text)})
	}
	if subject.Source.Address != subject.Title() {
		made.Address = long(subject.Source.Address)
	}
	for _, one := range alsoAt(finding) {
		made.Also = append(made.Also, long(placeName(finding, rule.Place{Path: one.Path, Line: one.Line, Column: one.Column})))
	}
	// A policy on one line is shown re-indented, with line numbers of its own.
	document := openDocument(finding, options)
	if document.parsed && document.oneLine() {
		document = document.relaid()
	}
	made.Hidden = document.hidden
	made.reasons(finding, document)
	if verdict.Witness != nil {
		made.Witness = newHTMLWitness(verdict.Witness, document)
	}
	made.outsiders(finding, options)
	if verdict.Outcome == trust.Fail || len(verdict.Reasons) > 0 {
		made.remedies(verdict)
	}
	for _, name := range verdict.DependsOn[:min(len(verdict.DependsOn), mostPageReasons)] {
		made.DependsOn = append(made.DependsOn, long(name))
	}
	for _, warning := range verdict.Warnings[:min(len(verdict.Warnings), mostWarnings)] {
		text := warning.Code + ": " + warning.Message
		if line, _ := locate(finding, warning.Range); line > 0 {
			text += fmt.Sprintf(" (line %d)", line)
		}
		made.Warnings = append(made.Warnings, long(text))
	}
	made.Compliance = controlsByFramework(finding.Rule, options)
	if plainName.MatchString(subject.Name) {
		made.See = append(made.See, "countersign explain "+subject.Name)
	}
	made.See = append(made.See, "countersign rules "+printable(finding.Rule))
	made.Policy, made.PolicyLoose = wholePolicy(finding, document)
	return made
}

func long(text string) string {
	if len(text) > mostPageText {
		text = text[:runeStart([]byte(text), mostPageText, 0)] + "…"
	}
	return printable(text)
}

func (f *htmlFinding) reasons(finding *rule.Finding, document *document) {
	verdict := finding.Verdict
	if verdict.Problem != "" {
		f.Problem = newHTMLReason(finding, document, document.fault(), "")
		f.Problem.Message = long(verdict.Problem)
	}
	for i := range verdict.Reasons[:min(len(verdict.Reasons), mostPageReasons)] {
		reason := &verdict.Reasons[i]
		next := newHTMLReason(finding, document, reason.Range, statementName(reason.Statement, reason.Sid))
		next.Code, next.Message = printable(reason.Code), long(reason.Message)
		next.Page = printable(rulePage(finding.Rule) + "#" + reason.Code)
		f.Why = append(f.Why, *next)
	}
	f.MoreReasons = max(len(verdict.Reasons)-mostPageReasons, 0)
}

// newHTMLReason shows a place of the policy.
func newHTMLReason(finding *rule.Finding, document *document, place trust.Range, what string) *htmlReason {
	at := reportedPlace(finding)
	at.Line, at.Column = locate(finding, place)
	shown := document.find(place)
	if at.Line == 0 {
		at = reportedPlace(finding)
		if !shown.IsZero() {
			what = strings.TrimPrefix(fmt.Sprintf("%s, line %d of the policy", what, shown.Line()), ", ")
		}
	}
	made := &htmlReason{Where: strings.TrimSuffix(long(placeName(finding, at))+", "+what, ", ")}
	made.Where = strings.TrimPrefix(made.Where, ", ")
	if !shown.IsZero() && document.hidden == "" {
		made.Lines = document.around(shown)
	}
	return made
}

func newHTMLWitness(request *trust.Request, d *document) *htmlWitness {
	request = d.withoutSecrets(request)
	made := &htmlWitness{
		Caller: printable(request.Principal), Kind: kindOf(request), Checks: printable(strings.Join(request.Checks, ", ")),
		ExternalID: externalIDOf(request), MFA: mfaOf(request),
	}
	pairs := func(keys []string) (made []htmlPair) {
		for _, key := range keys {
			made = append(made, htmlPair{printable(key), valuesOf(request.Context[key])})
		}
		return made
	}
	first, rest := splitKeys(request.Context, askedKeys(d.tree))
	made.Context, made.Rest = pairs(first), pairs(rest)
	return made
}

func (f *htmlFinding) outsiders(finding *rule.Finding, options *Options) {
	for i, party := range outsidersOf(finding, options) {
		switch {
		case i >= mostPageOutsiders:
			f.MoreOutsiders++
		case party.Unguarded:
			f.Open = append(f.Open, party)
		default:
			f.Guarded = append(f.Guarded, party)
		}
	}
}

func (f *htmlFinding) remedies(verdict *trust.Verdict) {
	remedies := remediesFor(verdict)
	for _, remedy := range remedies {
		f.Remedies = append(f.Remedies, remedy.String())
	}
	blocks := merged(remedies)
	for _, block := range blocks {
		next := htmlBlock{Text: strings.Join(block.lines(), "\n")}
		if len(blocks) > 1 && len(block.statements) > 0 {
			next.Where = statementNames(block.statements)
		}
		f.Blocks = append(f.Blocks, next)
	}
}

// controlsByFramework names the controls that a finding is evidence for, each
// framework once.
func controlsByFramework(rule string, options *Options) []string {
	key := rule + "\x00" + strings.Join(options.Compliance, "\x00")
	if known, ok := grouped.Load(key); ok {
		return known.([]string)
	}
	var made []string
	for _, framework := range compliance.Frameworks() {
		var ids []string
		for _, control := range compliance.For(rule, options.Compliance) {
			adjacent := control.Relation == compliance.Adjacent && len(options.Compliance) == 0
			if control.Framework == framework.ID && !adjacent {
				ids = append(ids, control.ID)
			}
		}
		if len(ids) > 0 {
			made = append(made, framework.Title()+": "+strings.Join(ids, ", "))
		}
	}
	grouped.Store(key, made)
	return made
}

var grouped sync.Map // []string by rule and frameworks
