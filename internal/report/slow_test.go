//go:build unix

package report

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/internal/report/schematest"
	"countersign/internal/rule"
	"countersign/trust"
)

// processorTime is what this process has used of the processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func TestAPolicyMadeToBeSlowIsReportedQuickly(t *testing.T) {
	const statement = `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringLike":{"sts:ExternalId":"QX*"}}}`
	const n = 10_000
	for _, separator := range []string{",", ",\n\n\n"} {
		s := newSample(t, "Slow", `{"Statement":[`+strings.Repeat(statement+separator, n)+`{}]}`)
		step := len(statement) + len(separator)
		var reasons []trust.Reason
		for i := range n {
			place := trust.Range{File: s.file, Start: len(`{"Statement":[`) + i*step, End: len(`{"Statement":[`) + i*step + len(statement)}
			reasons = append(reasons, trust.Reason{Code: "external-id-pattern", Statement: i, Range: place})
			s.Verdict.Warnings = append(s.Verdict.Warnings, trust.Warning{Code: "iam-would-reject", Statement: i, Range: place})
			s.Verdict.Parts = append(s.Verdict.Parts, trust.StatementPart{Statement: i, Role: trust.Opens, Range: place})
			s.Verdict.Outsiders = append(s.Verdict.Outsiders, trust.Outsider{Account: fmt.Sprintf("%012d", i), Statement: i, Unguarded: true, Range: place})
		}
		s.fails(rule.Critical, "arn:aws:iam::444455556666:user/mallory", trust.UserKey, reasons...)
		s.Verdict.Witness.Context["sts:ExternalId"] = []string{"qx1"}
		begin := processorTime(t)
		written, err := inEveryFormat(s.Finding, Options{})
		if err != nil {
			t.Fatal(err)
		}
		// Quadratic work would take minutes; the bound leaves room for slow
		// machines, and the processor's time for busy ones.
		if took := processorTime(t) - begin; took > 20*time.Second {
			t.Errorf("a policy of %d bytes took %v", len(s.file.Text), took)
		}
		schematest.Document(t, []byte(written["json"]))
	}
}
