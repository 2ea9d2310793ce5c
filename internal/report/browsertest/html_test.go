package browsertest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"countersign/internal/audit"
	"countersign/internal/report"
	"countersign/internal/rule"
	"countersign/internal/source"
)

// pageOf judges files and writes the page of it.
func pageOf(t *testing.T, options report.Options, paths ...string) string {
	t.Helper()
	var out bytes.Buffer
	options.Now = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	writer, err := report.New("html", &out, options)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := audit.Run(t.Context(), []audit.Source{source.NewFiles(paths, nil, source.Options{})}, audit.Options{
		Now: options.Now, Account: "111122223333", Keep: func(*rule.Finding) bool { return true },
	}, writer)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(summary); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const account = "../../../examples/account.json"

// seen lists the names of the roles that a reader sees, in findings and rows.
func seen(p *Page) []string {
	return Value[[]string](p, `[...document.querySelectorAll(".finding .name, tr.f td:nth-child(2)")]
		.filter(one => one.checkVisibility()).map(one => one.textContent)`)
}

// settle waits until the page has done what it was asked to.
func settle(p *Page) {
	Value[bool](p, `new Promise(done => setTimeout(() => requestAnimationFrame(() => done(true)), 120))`)
}

func press(keys string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(keys) }

func TestTheReportServesItsReaders(t *testing.T) {
	p := Open(t, pageOf(t, report.Options{All: true, Version: "1.2.3"}, account))
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Page)
	}{
		{"search finds roles by every word", searchFinds},
		{"filters show what was asked for", filtersShow},
		{"it can be used by keyboard alone", keyboardAlone},
		{"a way of the map is picked out by focus", mapPicks},
		{"a name in the address unfolds the finding", addressUnfolds},
		{"it follows the reader's dark setting", followsDark},
		{"on paper everything is unfolded", paperUnfolds},
		{"axe finds nothing, in any form", axeFindsNothing},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.Do(chromedp.Navigate(p.url), chromedp.EmulateViewport(1280, 900))
			p.Prefer("")
			p.in(t, func() { test.run(t, p) })
		})
	}
	if faults := p.Faults(); len(faults) > 0 {
		t.Errorf("%s", strings.Join(faults, "\n"))
	}
}

func searchFinds(t *testing.T, p *Page) {
	p.Do(chromedp.SendKeys(chromedp.CSS("#search"), "TeamBlue PUBLIC-principal"))
	settle(p)
	if got := seen(p); !slices.Equal(got, []string{"TeamBlueShare"}) {
		t.Errorf("it shows %q", got)
	}
	if got := Value[string](p, `document.getElementById("shown").value`); got != "1 of 44 shown" {
		t.Errorf("it says %q", got)
	}
	p.Do(chromedp.Click(chromedp.CSS("#filters button[type=reset]")))
	settle(p)
	if got := len(seen(p)); got != 44 {
		t.Errorf("cleared, it shows %d", got)
	}
}

func filtersShow(t *testing.T, p *Page) {
	// By examples/README.md, worked out by hand.
	for _, test := range []struct {
		by, value string
		want      int
	}{
		{"s", "critical", 1}, {"s", "high", 2}, {"s", "medium", 8}, {"s", "low", 1},
		{"v", "fail", 12}, {"v", "pass", 9}, {"v", "not-applicable", 23},
		{"a", "111122223333", 44}, {"r", "mfa-if-exists", 1},
	} {
		Value[bool](p, fmt.Sprintf(`document.forms[0].reset(), (one => { one.value = %q; one.dispatchEvent(new Event("change")); return true; })(
			document.querySelector("select[data-by=%s]"))`, test.value, test.by))
		settle(p)
		if got := len(seen(p)); got != test.want {
			t.Errorf("%s=%s shows %d, want %d", test.by, test.value, got, test.want)
		}
	}
}

func keyboardAlone(t *testing.T, p *Page) {
	focused := func() string {
		return Value[string](p, `(one => one.id || one.dataset.by || one.className.baseVal || one.className || one.tagName)(document.activeElement)`)
	}
	p.Do(press("\t"))
	if got := focused(); got != "skip" {
		t.Fatalf("the first stop is %q, not the way past the rest", got)
	}
	p.Do(press("\r"), press("\t"))
	if got := focused(); got != "search" {
		t.Fatalf("behind it stands %q", got)
	}
	p.Do(press("ConsultantAdmin"))
	settle(p)
	for range 40 {
		if p.Do(press("\t")); Value[string](p, "document.activeElement.tagName") == "SUMMARY" {
			break
		}
	}
	p.Do(press("\r"))
	if !Value[bool](p, `document.querySelector(".finding:not([hidden])").open`) {
		t.Error("Enter does not unfold the finding")
	}
}

func mapPicks(t *testing.T, p *Page) {
	Value[bool](p, `document.querySelector(".map .node.critical").focus(), true`)
	if got := Value[int](p, `document.querySelectorAll(".map.picked path.on").length`); got != 1 {
		t.Errorf("%d lines lead to the role that anyone gets into", got)
	}
	Value[bool](p, `document.querySelector(".map .node.party[data-party='777788889999']").focus(), true`)
	p.Do(press("\r"))
	settle(p)
	// Three that are open to the account, and three that ask it for MFA.
	if got := len(seen(p)); got != 6 {
		t.Errorf("Enter on the third party shows %d roles: %q", got, seen(p))
	}
}

func addressUnfolds(t *testing.T, p *Page) {
	anchor := Value[string](p, `document.querySelectorAll(".finding")[5].id`)
	if !strings.HasPrefix(anchor, "cs1-") {
		t.Fatalf("the finding is called %q", anchor)
	}
	Value[bool](p, fmt.Sprintf(`location.hash = %q, true`, "#"+anchor))
	settle(p)
	if !Value[bool](p, `document.querySelectorAll(".finding")[5].open`) {
		t.Error("it is folded")
	}
}

func followsDark(t *testing.T, p *Page) {
	// How bright the page is, from 0 to 255.
	const bright = `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3`
	light := Value[float64](p, bright)
	p.Prefer("", "prefers-color-scheme", "dark")
	if dark := Value[float64](p, bright); light < 200 || dark > 60 {
		t.Errorf("brightness %v and, dark, %v", light, dark)
	}
}

func paperUnfolds(t *testing.T, p *Page) {
	p.Prefer("print", "prefers-color-scheme", "dark")
	const hidden = `[...document.querySelectorAll("details > :not(summary)")].filter(one => !one.closest("[hidden]") && one.getBoundingClientRect().height === 0).length`
	if got := Value[int](p, hidden); got > 0 {
		t.Errorf("%d parts are not shown", got)
	}
	if got := Value[string](p, `getComputedStyle(document.body).backgroundColor`); got != "rgb(255, 255, 255)" {
		t.Errorf("the paper is %s", got)
	}
	p.Prefer("")
	pdf := Get(p, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1))
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || pages < 15 || pages > 60 {
		t.Errorf("the PDF has %d pages in %d bytes", pages, len(pdf))
	}
}

func axeFindsNothing(t *testing.T, p *Page) {
	const unfold = `[...document.querySelectorAll("details")].forEach(one => one.open = true), true`
	Report(t, p.Violations())
	Value[bool](p, unfold)
	p.Prefer("", "prefers-color-scheme", "dark")
	Report(t, p.Violations())
	p.Do(chromedp.EmulateViewport(390, 800))
	Report(t, p.Violations())
	if wide := Value[int](p, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("on a screen of 390 pixels the page is %d wide", wide)
	}
}

func TestWithoutScriptTheReportShowsEverything(t *testing.T) {
	p := Open(t, pageOf(t, report.Options{All: true}, account))
	Call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.Do(chromedp.Navigate(p.url))
	if got := len(seen(p)); got != 44 {
		t.Errorf("it shows %d roles", got)
	}
	if got := Value[int](p, `[...document.querySelectorAll(".finding .body")].filter(one => one.checkVisibility()).length`); got != 12 {
		t.Errorf("%d findings are unfolded", got)
	}
	if Value[bool](p, `document.getElementById("filters").checkVisibility()`) {
		t.Error("it shows filters that do nothing")
	}
}

// Texts of strangers that try to run, in every place that an export has.
func TestNothingOfAStrangerRunsInTheReport(t *testing.T) {
	const attack = `<script>window.owned = 1</script><img src=x onerror="window.owned = 2">"'><svg onload=window.owned=3>`
	quoted := strings.ReplaceAll(attack, `"`, `\"`)
	policy := fmt.Sprintf(`{"Statement": [{"Sid": "%s", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole",`+
		` "Condition": {"StringEquals": {"aws:UserAgent": "%[1]s"}, "StringNotEquals": {"aws:PrincipalTag/%[1]s": "%[1]s"}}}]}`, quoted)
	long := strings.Repeat("n", 3000)
	export := fmt.Sprintf(`{"RoleDetailList": [
		{"RoleName": "%[1]s", "Arn": "arn:aws:iam::111122223333:role/%[1]s", "Path": "/", "AssumeRolePolicyDocument": %[2]s, "Tags": [{"Key": "%[1]s", "Value": "%[1]s"}]},
		{"RoleName": "%[3]s", "Arn": "arn:aws:iam::111122223333:role/%[3]s", "Path": "/", "AssumeRolePolicyDocument": %[2]s}]}`, quoted, policy, long)
	folder := t.TempDir()
	path := filepath.Join(folder, "dump.json")
	if err := os.WriteFile(path, []byte(export), 0o600); err != nil {
		t.Fatal(err)
	}
	p := Open(t, pageOf(t, report.Options{All: true, Version: attack, Scanned: []string{attack}}, path))
	p.Do(chromedp.EmulateViewport(390, 800))
	p.Do(chromedp.SendKeys(chromedp.CSS("#search"), "<script>"))
	settle(p)
	if Value[bool](p, `"owned" in window`) {
		t.Error("a stranger's text ran")
	}
	// The name of the one, and the policy of both.
	if got := seen(p); len(got) != 2 || got[0] != attack {
		t.Errorf("it shows %q", got)
	}
	if wide := Value[int](p, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("a long name makes the page %d wide", wide)
	}
	if faults := p.Faults(); len(faults) > 0 {
		t.Errorf("%s", strings.Join(faults, "\n"))
	}
}
