package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// What Jenkins' junit-10.xsd and GitLab ("Unit test reports") know of a report.
type (
	junitFile struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitTrouble `xml:"failure"`
		Error   *junitTrouble `xml:"error"`
		Skipped *junitTrouble `xml:"skipped"`
	}
	junitTrouble struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// validJUnit reads a report and counts again.
func validJUnit(t check, got []byte) junitFile {
	t.Helper()
	var read junitFile
	decoder := xml.NewDecoder(bytes.NewReader(got))
	if err := decoder.Decode(&read); err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	for _, suite := range read.Suites {
		counted := junitSuite{Name: suite.Name, Timestamp: suite.Timestamp, Cases: suite.Cases, Tests: len(suite.Cases)}
		for _, one := range suite.Cases {
			if one.Class == "" || one.Name == "" {
				t.Errorf("a case without a name: %+v", one)
			}
			if one.Failure != nil {
				counted.Failures++
			}
			if one.Error != nil {
				counted.Errors++
			}
			if one.Skipped != nil {
				counted.Skipped++
			}
		}
		if diff := cmp.Diff(counted, suite); diff != "" {
			t.Errorf("the counts of %s are wrong:\n%s", suite.Name, diff)
		}
	}
	return read
}

func TestJUnitHasASuiteForEachAccountAndACaseForEachRole(t *testing.T) {
	fileOnly := undecided(t)
	fileOnly.Role.Account = ""
	findings := []*rule.Finding{severalReasons(t), passing(t), notApplicable(t), broken(t), wide(t), fileOnly}
	summary := audit.Summary{Incomplete: []audit.Incomplete{{Source: "a.json", Reason: "not JSON", Hint: "export it again"}}}
	read := validJUnit(t, write(t, "junit", Options{All: true, AccountNames: map[string]string{account: "production"}}, findings, summary))
	var shape []string
	for _, suite := range read.Suites {
		for _, one := range suite.Cases {
			what := "passes"
			switch {
			case one.Failure != nil:
				what = "fails: " + one.Failure.Type
			case one.Error != nil:
				what = "error: " + one.Error.Type
			case one.Skipped != nil:
				what = "skipped"
			}
			shape = append(shape, suite.Name+" / "+one.Name+" "+what)
		}
	}
	want := []string{
		"111122223333 production / VendorAccess fails: medium",
		"111122223333 production / Guarded passes",
		"111122223333 production / Lambda skipped",
		"111122223333 production / Broken error: error",
		"999900001111 / Wide fails: high",
		"dump.json / FromTemplate (module.vendor.aws_iam_role.this) skipped",
		"incomplete / a.json error: incomplete",
	}
	if diff := cmp.Diff(want, shape); diff != "" {
		t.Error(diff)
	}
	if text := read.Suites[0].Cases[0].Failure.Text; !strings.Contains(text, "external-id-pattern") || !strings.Contains(text, "mallory") {
		t.Errorf("a failure says only:\n%s", text)
	}
}

func TestJUnitIsXMLWhateverTheNames(t *testing.T) {
	for _, name := range []string{`"><x/>`, "]]>", "a&b", "\x00\x1b", "\ufffe\uffff", "\xff", "<!--"} {
		finding := hostile(t)
		finding.Role.Name = name
		read := validJUnit(t, write(t, "junit", Options{}, []*rule.Finding{finding}, audit.Summary{Incomplete: []audit.Incomplete{{Source: name, Reason: name}}}))
		if len(read.Suites) != 2 || len(read.Suites[0].Cases) != 1 {
			t.Errorf("%q: %+v", name, read)
		}
	}
}
