package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/trust"
)

//go:embed page
var pageFiles embed.FS

var (
	pageStyle  = pageFile("report.css")
	pageScript = pageFile("report.js")

	pageTemplates = template.Must(template.New("").Funcs(template.FuncMap{
		"join": strings.Join, "count": counted, "n": thousands,
	}).ParseFS(pageFiles, "page/*.html"))
)

func pageFile(name string) string {
	text, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is built in
	}
	return string(text)
}

// pagePolicy is what a browser may load for the page: the style and the script
// that are in it, which are told by their hashes, and nothing else (W3C,
// "Content Security Policy Level 3").
func pagePolicy() string {
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		hashOf(pageStyle), hashOf(pageScript))
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// thousands spells a number as people read it: 12,345.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// counted spells a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// htmlHead is the top of the page.
type htmlHead struct {
	Policy         string
	Style          template.CSS
	Title          string
	Class          string // how the audit ended
	Verdict, About string
	Summary        audit.Summary
	Tiles          []htmlTile
	Score          *htmlScore
	Zone           htmlZone
	Accounts       int
	Scanned        []string
	MoreScanned    int
	When, Version  string
	Incomplete     []htmlIncomplete
	MoreIncomplete int
	Waivers        []string // that somebody should look at
	MoreWaivers    int
	Compliance     bool
	HasParties     bool
}

type htmlTile struct {
	Class, Label string
	Count        int
}

// htmlScore is the share of the roles that outsiders can reach which ask for a
// countersign. A waiver changes nothing of it.
type htmlScore struct{ Percent, Pass, Reached int }

type htmlZone struct {
	Own           string
	Accounts      []string
	Organizations []string
}

type htmlIncomplete struct{ Where, Reason, Hint string }

const mostPageIncomplete = 200

func (h *htmlWriter) head(s audit.Summary) htmlHead {
	made := htmlHead{
		Policy: pagePolicy(), Style: template.CSS(pageStyle),
		Summary: s, Tiles: h.tiles(s), Score: scoreOf(s), Zone: newHTMLZone(&h.options),
		Accounts: len(h.facts.accounts),
		When:     h.options.Now.UTC().Format("2 January 2006, 15:04 UTC"), Version: printable(h.options.Version),
		Compliance: true, HasParties: len(h.facts.parties) > 0,
	}
	made.outcome(s, &h.facts)
	for i := range s.Waivers[:min(len(s.Waivers), mostPageIncomplete)] {
		made.Waivers = append(made.Waivers, long(WaiverNote(&s.Waivers[i])))
	}
	made.MoreWaivers = len(s.Waivers) - len(made.Waivers)
	shown := min(len(s.Incomplete), mostPageIncomplete)
	for _, one := range s.Incomplete[:shown] {
		where := long(one.Source)
		if one.Account != "" {
			where = strings.TrimSpace(where + " account " + h.options.nameAccount(one.Account))
		}
		made.Incomplete = append(made.Incomplete, htmlIncomplete{where, long(one.Reason), long(one.Hint)})
	}
	made.MoreIncomplete = len(s.Incomplete) - shown
	scanned := h.options.Scanned
	for _, name := range scanned[:min(len(scanned), 8)] {
		made.Scanned = append(made.Scanned, short(name))
	}
	made.MoreScanned = len(scanned) - len(made.Scanned)
	return made
}

// outcome says what has to be known at first sight.
func (p *htmlHead) outcome(s audit.Summary, f *facts) {
	settled, exploitable := f.settled-f.settledOpen, f.exploitable
	fails := s.Fail - settled
	rest := fails - exploitable
	switch {
	case fails > 0:
		p.Class = "bad"
		p.Verdict = fmt.Sprintf("%s of %s", thousands(fails), counted(s.Roles, "role fails", "roles fail"))
		if fails == 1 {
			p.Verdict = fmt.Sprintf("1 of %s fails", counted(s.Roles, "role", "roles"))
		}
		if exploitable > 0 {
			p.About = "Outsiders can assume " + counted(exploitable, "role", "roles") + " with neither an external ID nor MFA."
		}
		if rest > 0 && exploitable > 0 {
			p.About += " " + counted(rest, "more fails", "more fail") + " that nobody can use today."
		} else if rest > 0 {
			p.About = "Nobody can use them today: an external ID condition has no usable value."
		}
	case s.Error > 0 || len(s.Incomplete) > 0:
		p.Class, p.Verdict, p.About = "warn", "No failing role was found", "Not everything could be read or judged, so this proves nothing."
	case settled > 0:
		p.Class, p.Verdict = "warn", "No role fails that is neither waived nor known"
	case s.Unknown > 0:
		p.Class, p.Verdict = "warn", "No failing role was found"
		p.About = counted(s.Unknown, "role", "roles") + " could not be decided."
	case s.Roles == 0:
		p.Class, p.Verdict, p.About = "warn", "There was no role to judge", ""
	default:
		p.Class, p.Verdict, p.About = "good", "No role fails", "Nobody outside the zone of trust gets in without a countersign."
	}
	if settled > 0 {
		p.About = strings.TrimSpace(p.About + " " + counted(settled, "role that fails is waived or known.", "roles that fail are waived or known."))
	}
	p.Title = "countersign: " + strings.ToLower(p.Verdict[:1]) + p.Verdict[1:]
}

func (h *htmlWriter) tiles(s audit.Summary) []htmlTile {
	fails := &h.facts.fails
	all := []htmlTile{
		{"critical", "critical", fails[rule.Critical]}, {"high", "high", fails[rule.High]},
		{"medium", "medium", fails[rule.Medium]}, {"low", "low", fails[rule.Low]},
		{"error", "error", s.Error}, {"unknown", "unknown", s.Unknown - h.facts.settledOpen}, {"settled", "waived or known", h.facts.settled},
		{"pass", "pass", s.Pass}, {"not-applicable", "not applicable", s.NotApplicable},
	}
	return slices.DeleteFunc(all, func(t htmlTile) bool { return t.Class == "settled" && t.Count == 0 })
}

func scoreOf(s audit.Summary) *htmlScore {
	reached := s.Roles - s.NotApplicable - s.Unknown - s.Error
	if reached <= 0 {
		return nil
	}
	return &htmlScore{s.Pass * 100 / reached, s.Pass, reached}
}

func newHTMLZone(o *Options) htmlZone {
	z := &o.Zone
	made := htmlZone{Own: "the role's own account"}
	if z.Scope == "organization" {
		made.Own = "the own organization"
		if z.Organization != "" {
			made.Own += ", " + printable(z.Organization)
		}
	}
	for _, account := range z.Accounts {
		text := printable(account.ID)
		if account.Name != "" {
			text += " " + short(account.Name)
		}
		if len(account.Roles) > 0 {
			text += ", for " + short(strings.Join(account.Roles, ", ")) + " only"
		}
		made.Accounts = append(made.Accounts, text)
	}
	for _, organization := range z.Organizations {
		made.Organizations = append(made.Organizations, printable(organization))
	}
	return made
}

// htmlFilters are what the findings can be filtered by.
type htmlFilters struct {
	Empty                         bool
	Many                          bool // more than a browser should lay out at once
	Severities, Verdicts, Reasons []string
	Accounts                      []htmlChoice
	Parties                       []htmlChoice
	Reduced                       bool // passes are not in the report
}

type htmlChoice struct{ Value, Label string }

func (h *htmlWriter) filters() htmlFilters {
	f := &h.facts
	made := htmlFilters{Empty: len(f.verdicts) == 0, Reduced: !h.options.All}
	found := 0
	for i := range h.groups {
		found += h.groups[i].found
	}
	made.Many = found > 300
	for severity := rule.Critical; severity > rule.None; severity-- {
		if f.severities[severity.String()] {
			made.Severities = append(made.Severities, severity.String())
		}
	}
	for _, outcome := range []trust.Outcome{trust.Fail, trust.Undecided, trust.Broken, trust.Pass, trust.NotApplicable} {
		if f.verdicts[string(outcome)] {
			made.Verdicts = append(made.Verdicts, string(outcome))
		}
	}
	for code := range f.reasons {
		made.Reasons = append(made.Reasons, code)
	}
	slices.Sort(made.Reasons)
	for id, name := range f.accounts {
		made.Accounts = append(made.Accounts, htmlChoice{id, strings.TrimSpace(id + " " + name)})
	}
	slices.SortFunc(made.Accounts, func(a, b htmlChoice) int { return strings.Compare(a.Value, b.Value) })
	for _, party := range f.sortedParties()[:min(len(f.parties), partiesShown)] {
		if len(party.Accounts) > 0 {
			made.Parties = append(made.Parties, htmlChoice{strings.Join(party.Accounts, " "), party.Label})
		}
	}
	slices.SortFunc(made.Parties, func(a, b htmlChoice) int { return strings.Compare(a.Label, b.Label) })
	return made
}

// htmlFramework is a framework with what the results are evidence for.
type htmlFramework struct {
	Title, Document string
	Controls        []htmlControl
}

type htmlControl struct {
	compliance.Control
	Results string
}

func (h *htmlWriter) evidence(s audit.Summary) []htmlFramework {
	var made []htmlFramework
	for _, framework := range compliance.Frameworks() {
		wanted := h.options.Compliance
		if len(wanted) > 0 && !slices.Contains(wanted, framework.ID) {
			continue
		}
		next := htmlFramework{Title: framework.Title(), Document: framework.Document}
		for _, control := range framework.Controls {
			results := h.options.tally.String(control.Rule)
			if len(wanted) == 0 {
				results = countsOf(s)
			}
			next.Controls = append(next.Controls, htmlControl{control, results})
		}
		made = append(made, next)
	}
	return made
}

// countsOf spells the sums of an audit, the worst first. All rules there are
// have been asked, which is one.
func countsOf(s audit.Summary) string {
	all := tally{"": {
		trust.Fail: s.Fail, trust.Pass: s.Pass, trust.NotApplicable: s.NotApplicable, trust.Undecided: s.Unknown, trust.Broken: s.Error,
	}}
	return all.String("")
}

// htmlTail is the end of the page.
type htmlTail struct{ Script template.JS }

func newHTMLTail() htmlTail { return htmlTail{template.JS(pageScript)} }
