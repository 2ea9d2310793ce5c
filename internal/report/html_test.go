package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/baseline"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// selfContained holds a page to its form: elements that are closed in order,
// nothing that is fetched from elsewhere or run, one style and one script, each
// the one that the page's policy allows.
func selfContained(t check, got []byte) {
	t.Helper()
	text := string(got)
	for name, content := range map[string]string{"style": pageStyle, "script": pageScript} {
		if n := strings.Count(text, "<"+name+">"+content+"</"+name+">"); n != 1 {
			t.Errorf("the page has its %s %d times", name, n)
		}
		text = strings.Replace(text, content, "", 1)
		if !strings.Contains(text, name+"-src &#39;sha256-"+strings.ReplaceAll(hashOf(content), "+", "&#43;")+"&#39;") {
			t.Errorf("the policy of the page does not allow its %s", name)
		}
	}
	ids, targets := map[string]bool{}, map[string]bool{}
	var open []string
	reader := xml.NewDecoder(strings.NewReader(text))
	reader.Strict, reader.Entity = false, xml.HTMLEntity
	for {
		token, err := reader.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if slices.Contains([]string{"iframe", "object", "embed", "img", "image", "link", "base", "use", "foreignObject", "video", "audio"}, name) {
				t.Errorf("the page has an element %s", name)
			}
			for _, attribute := range token.Attr {
				checkAttribute(t, name, attribute, ids)
				if target, ok := strings.CutPrefix(attribute.Value, "#"); ok && attribute.Name.Local == "href" {
					targets[target] = true
				}
			}
			if !slices.Contains([]string{"meta", "br", "input"}, name) {
				open = append(open, name)
			}
		case xml.EndElement:
			if len(open) > 0 && open[len(open)-1] == token.Name.Local {
				open = open[:len(open)-1]
			} else if !slices.Contains([]string{"meta", "br", "input"}, token.Name.Local) {
				t.Fatalf("</%s> closes nothing; open are %v", token.Name.Local, open)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
	for target := range targets {
		if !ids[target] {
			t.Errorf("the page links to #%s, which is not in it", target)
		}
	}
}

// checkAttribute holds an attribute to what a page that asks for nothing has.
func checkAttribute(t check, element string, attribute xml.Attr, ids map[string]bool) {
	t.Helper()
	name, value := attribute.Name.Local, attribute.Value
	switch {
	case name == "id" && ids[value]:
		t.Errorf("there are two elements with the id %s", value)
	case name == "href" && !strings.HasPrefix(value, "#"):
		t.Errorf("the page links to %s", value)
	case name == "src" || name == "style" || name == "srcdoc" || strings.HasPrefix(name, "on"):
		t.Errorf("%s has an attribute %s=%q", element, name, value)
	}
	if name == "id" {
		ids[value] = true
	}
}

// rest is a page without what is the same in every one.
func rest(page []byte) []byte {
	for _, content := range []string{pageStyle, pageScript} {
		page = bytes.Replace(page, []byte(content), []byte("…"), 1)
		page = bytes.ReplaceAll(page, []byte(strings.ReplaceAll(hashOf(content), "+", "&#43;")), []byte("…"))
	}
	return page
}

// roleNamed is a role that somebody from outside gets into, with a text of a
// stranger in every place that has one.
func roleNamed(t testing.TB, text string) *rule.Finding {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text)
	s := newSample(t, text, `{"Statement": [{"Sid": "`+quoted+`", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}`)
	s.fails(rule.Critical, "arn:aws:iam::444455556666:user/"+text, trust.UserKey,
		trust.Reason{Code: "public-principal", Sid: text, Message: text, Range: s.find(`"*"`, 1)})
	s.Fingerprint, s.Rule = text, text
	s.Role.Tags = map[string]string{text: text}
	s.Role.Source = role.Source{Kind: role.Terraform, Path: text, Address: text, Line: 3, Column: 1}
	s.Role.Also = []role.Source{{Kind: role.Terraform, Path: text}}
	s.Role.Account = text
	s.Verdict.Witness.Context[text] = []string{text}
	s.Verdict.Witness.Checks = []string{text}
	s.Verdict.Outsiders = []trust.Outsider{{Account: text, Principal: text, Unguarded: true}}
	s.Verdict.Warnings = []trust.Warning{{Code: text, Message: text}}
	s.Verdict.DependsOn = []string{text}
	s.Verdict.Protection = []string{text}
	s.Verdict.Parts = []trust.StatementPart{{Role: trust.Opens, Message: text, Range: s.find(`{"Sid`, 1)}}
	return s.Finding
}

// hostileTexts try to leave the place in which they are shown.
var hostileTexts = []string{
	`<script>alert(1)</script>`, `</script><script>alert(1)</script>`, `</style><style>*{display:none}`,
	`"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)`, `javascript:alert(1)`, `{{.Policy}}`, `<!--`, `]]>`, `</details></main>`,
	"a\u202egnp.exe", "\u2066x\u2069", "a\x00b\x1b[2J", "\xff\xfe", "\u2028\u2029", strings.Repeat("n", 5000), strings.Repeat("<b>", 2000),
}

func TestTextsOfStrangersStayTextInThePage(t *testing.T) {
	for _, text := range hostileTexts {
		for _, outcome := range []trust.Outcome{trust.Fail, trust.Pass, trust.NotApplicable, trust.Undecided, trust.Broken} {
			finding := roleNamed(t, text)
			finding.Verdict.Outcome = outcome
			if outcome == trust.Broken {
				finding.Verdict.Problem = text
			}
			options := Options{
				All: true, Now: theDay, Version: text, Scanned: []string{text}, AccountNames: map[string]string{text: text},
				Zone: Zone{Organization: text, Accounts: []ZoneAccount{{ID: text, Name: text, Roles: []string{text}}}, Organizations: []string{text}},
			}
			got := write(t, "html", options, []*rule.Finding{finding, finding}, audit.Summary{
				Roles: 2, Fail: 2, Incomplete: []audit.Incomplete{{Source: text, Account: text, Reason: text, Hint: text}},
			})
			selfContained(t, got)
			for _, reordering := range []string{"\u202e", "\u2066", "\u2028", "\x00", "\x1b", "\xff"} {
				if bytes.Contains(got, []byte(reordering)) {
					t.Errorf("%q is in the page", reordering)
				}
			}
		}
	}
}

func TestTheMapShowsNoWayThatDoesNotExist(t *testing.T) {
	// One third party gets into A with an external ID and into B with none.
	open, guarded := passing(t), passing(t)
	open.Role.Name, open.Fingerprint = "B", "cs1-b"
	open.Severity, open.Verdict.Outcome, open.Verdict.Exploitable, open.Verdict.Protection = rule.Medium, trust.Fail, true, nil
	open.Verdict.Outsiders[0].Unguarded = true
	guarded.Role.Name = "A"
	page := string(write(t, "html", Options{All: true, Now: theDay}, []*rule.Finding{open, guarded}, audit.Summary{Roles: 2, Fail: 1, Pass: 1}))
	var ways []string
	for _, found := range regexp.MustCompile(`<path [^>]*><title>([^<]*)</title>`).FindAllStringSubmatch(page, -1) {
		ways = append(ways, found[1])
	}
	want := []string{"444455556666 → no countersign → B", "444455556666 → external ID, Deny → A"}
	if !slices.Equal(ways, want) {
		t.Errorf("the map shows %q, want %q", ways, want)
	}
}

func TestTheMapFoldsWhatIsTooMuch(t *testing.T) {
	var findings []*rule.Finding
	for i := range 60 {
		one := passing(t)
		one.Role.Name, one.Fingerprint = fmt.Sprintf("Role%d", i), fmt.Sprintf("cs1-%d", i)
		one.Verdict.Outsiders[0].Account = fmt.Sprintf("%012d", i)
		findings = append(findings, one)
	}
	page := string(write(t, "html", Options{All: true, Now: theDay}, findings, audit.Summary{Roles: 60, Pass: 60}))
	for _, want := range []string{"42 more third parties", "34 more roles"} {
		if !strings.Contains(page, want) {
			t.Errorf("the map does not say %q", want)
		}
	}
	selfContained(t, []byte(page))
}

func TestFindingsStandInThePageWorstFirstWhateverTheirOrder(t *testing.T) {
	findings, summary := everything(t)
	slices.Reverse(findings)
	page := string(write(t, "html", Options{All: true, Now: theDay}, findings, summary))
	last := 0
	for _, title := range []string{"Critical <", "High <", "Medium <", "Low <", "Could not be judged <", "Could not be decided <", "Pass <", "Not applicable <"} {
		at := strings.Index(page, "<h3>"+title)
		if at < last {
			t.Errorf("%s stands at %d, behind what comes before at %d", title, at, last)
		}
		last = at
	}
}

// Of more findings than can be told at length, the worst are.
func TestBeyondSomeThousandsFindingsAreRows(t *testing.T) {
	sample := emptyExternalID(t)
	var findings []*rule.Finding
	for i := range mostDetailed + 450 {
		one := *sample
		subject := *sample.Role
		subject.Name = fmt.Sprintf("Role%d", i)
		one.Role, one.Fingerprint = &subject, fmt.Sprintf("cs1-%d", i)
		findings = append(findings, &one)
	}
	worst := severalReasons(t)
	findings = append(findings, worst)
	page := write(t, "html", Options{Now: theDay}, findings, audit.Summary{Roles: len(findings), Fail: len(findings)})
	selfContained(t, page)
	details, rows := bytes.Count(page, []byte(`<details class="f finding`)), bytes.Count(page, []byte(`<tr class="f"`))
	if details != mostDetailed || rows != 451 {
		t.Errorf("%d findings at length and %d rows, want %d and 451", details, rows, mostDetailed)
	}
	if !bytes.Contains(page, []byte(`<details class="f finding medium"`)) {
		t.Error("the worst finding is not told at length")
	}
	if tables := bytes.Count(page, []byte(`<table class="rows-table"`)); tables != 3 {
		t.Errorf("%d tables of rows, want 3 of at most 200", tables)
	}
}

func TestThePageSaysFirstThatItIsIncomplete(t *testing.T) {
	findings, summary := everything(t)
	page := string(write(t, "html", Options{Now: theDay}, findings, summary))
	said, first := strings.Index(page, "Incomplete: 2 things could not be read or judged"), strings.Index(page, `class="tiles"`)
	if said < 0 || said > first {
		t.Errorf("it is said at %d, the figures stand at %d", said, first)
	}
}

func TestTheScoreIsTheShareOfReachableRolesThatAskForACountersign(t *testing.T) {
	for _, test := range []struct {
		name    string
		summary audit.Summary
		want    *htmlScore
	}{
		{"one in four", audit.Summary{Roles: 10, Fail: 3, Pass: 1, NotApplicable: 4, Unknown: 1, Error: 1}, &htmlScore{25, 1, 4}},
		{"nearly all is not all", audit.Summary{Roles: 1000, Fail: 1, Pass: 999}, &htmlScore{99, 999, 1000}},
		{"nobody reaches any", audit.Summary{Roles: 4, NotApplicable: 4}, nil},
	} {
		got := scoreOf(test.summary)
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestWaivedFindingsStayInThePageAndDoNotLiftTheScore(t *testing.T) {
	finding := severalReasons(t)
	finding.Waiver = &rule.Waiver{Reason: "the vendor moves", Owner: "Ada", Until: theDay}
	page := string(write(t, "html", Options{All: true, Now: theDay}, []*rule.Finding{finding, passing(t)}, audit.Summary{Roles: 2, Fail: 1, Pass: 1, Waived: 1}))
	for _, want := range []string{
		"No role fails that is neither waived nor known", ">waived</span>", "until 2026-11-23 by Ada: the vendor moves", "<b>50&thinsp;%</b>",
		`<h3>Waived or known <span class="number">1</span></h3>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestThePageSaysWhatIsNewSinceTheBaseline(t *testing.T) {
	finding := severalReasons(t)
	finding.Standing, finding.Wider = rule.Wider, []string{"444455556666 gets in"}
	page := string(write(t, "html", Options{Now: theDay}, []*rule.Finding{finding}, audit.Summary{
		Roles: 1, Fail: 1, Baseline: &baseline.Outcome{Wider: 1},
	}))
	for _, want := range []string{"0 new, 1 wider, 0 known; 0 not found any more", `<dt class="word">wider</dt><dd><bdi>444455556666 gets in</bdi>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
