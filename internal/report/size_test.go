package report

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

const (
	manyFindings = 100_000
	mostHeap     = 100e6 // bytes
)

// BenchmarkFormats writes 100,000 findings in each format: "heap-MB" is the
// most that was in use.
func BenchmarkFormats(b *testing.B) {
	for _, format := range Formats {
		b.Run(format.Name, func(b *testing.B) {
			peak := 0.0
			for b.Loop() {
				peak = max(peak, heapOf(b, format.Name, manyFindings))
			}
			b.ReportMetric(peak/1e6, "heap-MB")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*manyFindings), "µs/finding")
		})
	}
}

// The benchmark writes all 100,000. A fortieth of them shows what would grow
// beyond the bound.
func TestReportsTakeLittleMemory(t *testing.T) {
	// What waits to be collected is not kept, and is the more the busier the
	// machine is.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	for _, format := range Formats {
		const findings = manyFindings / 40
		if heap := heapOf(t, format.Name, findings); heap > mostHeap/5 {
			t.Errorf("%s: %.0f MB for %d findings", format.Name, heap/1e6, findings)
		}
	}
}

// heapOf writes findings that fail, each of another role, and returns the most
// bytes of heap that the report took.
func heapOf(t testing.TB, format string, findings int) float64 {
	t.Helper()
	// One finding at a time exists, as in an audit.
	sample := severalReasons(t)
	role, verdict := *sample.Role, sample.Verdict
	runtime.GC()
	before := heapInUse()
	stop, peak := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for {
			most = max(most, heapInUse())
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	writer, err := New(format, io.Discard, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range findings {
		next := role
		next.Name = fmt.Sprintf("VendorAccess%d", i)
		next.ARN = "arn:aws:iam::" + account + ":role/" + next.Name
		finding := &rule.Finding{
			Rule: "IAM-050", Role: &next, Verdict: verdict, Severity: rule.Medium,
			Fingerprint: rule.Fingerprint("IAM-050", &next), Place: rule.PlaceOf(&next, verdict.Reasons[0].Range),
		}
		if err := writer.Finding(finding); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(audit.Summary{Roles: findings, Fail: findings}); err != nil {
		t.Fatal(err)
	}
	close(stop)
	return <-peak - before
}

func heapInUse() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64())
}
