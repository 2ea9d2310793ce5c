package report

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// junitWriter writes JUnit XML as Jenkins and GitLab read it (Jenkins' xUnit
// plugin, "junit-10.xsd"): a suite for each account, or file where no account
// is known, and in it a test case for each role.
//
// A suite says how many test cases failed before it lists them, so the cases of
// one suite are held, packed, until it ends.
type junitWriter struct {
	options Options
	w       *bufio.Writer
	suite   string
	counts  junitCounts
	held    bytes.Buffer
	pack    *flate.Writer
	started bool
}

type junitCounts struct{ tests, failures, errors, skipped int }

func newJUnit(w io.Writer, options Options) Writer {
	j := &junitWriter{options: options, w: bufio.NewWriter(w)}
	j.pack, _ = flate.NewWriter(&j.held, flate.BestSpeed) // the level is a valid one
	return j
}

func (j *junitWriter) Finding(finding *rule.Finding) error {
	j.head()
	suite := finding.Role.KnownAccount()
	if suite == "" {
		suite = fromRoot(finding, finding.Role.Source.Path)
	}
	if suite == "" {
		suite = "account not known"
	}
	if suite != j.suite {
		if err := j.end(); err != nil {
			return err
		}
		j.suite = suite
	}
	_, err := io.WriteString(j.pack, j.testCase(finding))
	return err
}

func (j *junitWriter) head() {
	if !j.started {
		j.started = true
		j.w.WriteString(xml.Header + "<testsuites name=\"countersign\">\n")
	}
}

// testCase is the case of one role, and counts it.
func (j *junitWriter) testCase(finding *rule.Finding) string {
	j.counts.tests++
	place := reportedPlace(finding)
	var b strings.Builder
	fmt.Fprintf(&b, "    <testcase classname=%s name=%s", quoted(finding.Rule+"."+j.suite), quoted(caseName(finding)))
	if name := fromRoot(finding, place.Path); name != "" {
		fmt.Fprintf(&b, " file=%s", quoted(name))
		if place.Line > 0 {
			fmt.Fprintf(&b, ` line="%d"`, place.Line)
		}
	}
	b.WriteString(` time="0"`)
	element, kind := "", ""
	switch finding.Verdict.Outcome {
	case trust.Fail:
		element, kind = "failure", finding.Severity.String()
	case trust.Broken:
		element, kind = "error", "error"
	case trust.Undecided:
		element = "skipped"
	case trust.NotApplicable:
		element = "skipped"
	}
	skipped := headline(finding)
	if why := settled(finding); why != "" {
		element, skipped = "skipped", why+"; "+skipped
	}
	switch element {
	case "":
		return b.String() + "/>\n"
	case "failure":
		j.counts.failures++
	case "error":
		j.counts.errors++
	case "skipped":
		j.counts.skipped++
		fmt.Fprintf(&b, "><skipped message=%s/></testcase>\n", quoted(skipped))
		return b.String()
	}
	fmt.Fprintf(&b, "><%s type=%s message=%s>%s</%[1]s></testcase>\n", element, quoted(kind), quoted(whole(finding)),
		xmlText(details(finding, j.options)))
	return b.String()
}

// caseName tells roles of one name apart by their address.
func caseName(finding *rule.Finding) string {
	name := finding.Role.Title()
	if address := finding.Role.Source.Address; address != "" && address != name {
		name += " (" + address + ")"
	}
	return name
}

// end writes the suite that has been held.
func (j *junitWriter) end() error {
	if j.counts.tests == 0 {
		return nil
	}
	if err := j.pack.Close(); err != nil {
		return err
	}
	j.open(j.suite, j.counts)
	if _, err := io.Copy(j.w, flate.NewReader(&j.held)); err != nil {
		return err
	}
	_, err := j.w.WriteString("  </testsuite>\n")
	j.counts = junitCounts{}
	j.held.Reset()
	j.pack.Reset(&j.held)
	return err
}

func (j *junitWriter) open(name string, counts junitCounts) {
	if account := j.options.AccountNames[name]; account != "" {
		name += " " + account
	}
	fmt.Fprintf(j.w, "  <testsuite name=%s tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"0\" timestamp=\"%s\">\n",
		quoted(name), counts.tests, counts.failures, counts.errors, counts.skipped, j.options.now().Format("2006-01-02T15:04:05"))
}

// Close writes what is incomplete as test cases that end with an error.
func (j *junitWriter) Close(s audit.Summary) error {
	j.head()
	if err := j.end(); err != nil {
		return err
	}
	if n := len(s.Incomplete); n > 0 {
		j.open("incomplete", junitCounts{tests: n, errors: n})
		for _, one := range s.Incomplete {
			name := strings.TrimSpace(one.Source + " " + one.Account)
			if name == "" {
				name = "countersign"
			}
			fmt.Fprintf(j.w, "    <testcase classname=\"incomplete\" name=%s time=\"0\"><error type=\"incomplete\" message=%s>%s</error></testcase>\n",
				quoted(name), quoted(one.Reason), xmlText(printable(one.Hint)))
		}
		j.w.WriteString("  </testsuite>\n")
	}
	j.w.WriteString("</testsuites>\n")
	return j.w.Flush()
}

// quoted is text as the value of an attribute.
func quoted(text string) string { return `"` + xmlText(printable(text)) + `"` }

// xmlText escapes text; what XML cannot hold becomes U+FFFD.
func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // into memory
	return strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t").Replace(b.String())
}

// now is the time that a report is made as of.
func (o *Options) now() time.Time {
	if o.Now.IsZero() {
		return time.Now().UTC()
	}
	return o.Now.UTC()
}
