//go:build unix

package audit_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/heap"
	"countersign/internal/rule"
	"countersign/internal/source"
	"countersign/internal/synthetic"

	"github.com/go-json-experiment/json/jsontext"
)

var million = flag.Bool("million", false, "also run the benchmark of 1,000,000 roles (2.5 GB of temporary files)")

// BenchmarkRun holds an audit of an export against merely tokenizing the same
// bytes with the same JSON library, alternately in the same run. "ratio" is
// wall time to wall time; "cpu-ratio" is processor time to processor time,
// which a busy machine disturbs less; "cores" is the processor time in a
// second of audit, and "heap-MB" the most that was in use. The garbage collector
// is set as the program sets it, for both.
func BenchmarkRun(b *testing.B) {
	heap.Settle()
	styles := []struct {
		name  string
		style synthetic.Style
	}{{"indented", synthetic.Indented}, {"compact", synthetic.Compact}}
	for _, style := range styles {
		for _, roles := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", style.name, roles), func(b *testing.B) {
				if roles == 1_000_000 && !*million {
					b.SkipNow()
				}
				path, size := exportFile(b, roles, style.style)
				compare(b, path, size, roles)
			})
		}
	}
}

func exportFile(b *testing.B, roles int, style synthetic.Style) (path string, size int64) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "export.json")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if err := synthetic.Export(file, roles, style); err != nil {
		b.Fatal(err)
	}
	size, err = file.Seek(0, io.SeekCurrent)
	if err != nil {
		b.Fatal(err)
	}
	return path, size
}

func compare(b *testing.B, path string, size int64, roles int) {
	b.SetBytes(size)
	var tokenizing, auditing usage
	var peak float64
	for b.Loop() {
		runtime.GC()
		start := used()
		tokenize(b, path)
		tokenizing.add(start)

		runtime.GC()
		start, watch := used(), heap.Watch()
		auditFile(b, path, roles)
		auditing.add(start)
		peak = max(peak, watch())
	}
	b.ReportMetric(auditing.wall.Seconds()/tokenizing.wall.Seconds(), "ratio")
	b.ReportMetric(auditing.processor.Seconds()/tokenizing.processor.Seconds(), "cpu-ratio")
	b.ReportMetric(auditing.processor.Seconds()/auditing.wall.Seconds(), "cores")
	b.ReportMetric(peak/1e6, "heap-MB")
	b.ReportMetric(float64(auditing.wall.Nanoseconds())/float64(b.N*roles), "ns/role")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/auditing.wall.Seconds(), "audit-MB/s")
}

// usage is time: on the clock, and of the processors.
type usage struct{ wall, processor time.Duration }

var epoch = time.Now()

func used() usage {
	var resources syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &resources); err != nil {
		panic(err)
	}
	return usage{time.Since(epoch), time.Duration(resources.Utime.Nano() + resources.Stime.Nano())}
}

func (u *usage) add(since usage) {
	now := used()
	u.wall += now.wall - since.wall
	u.processor += now.processor - since.processor
}

func tokenize(b *testing.B, path string) {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	decoder := jsontext.NewDecoder(bufio.NewReaderSize(file, 64<<10))
	for {
		if _, err := decoder.ReadToken(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

func auditFile(b *testing.B, path string, roles int) {
	sources := []audit.Source{source.NewFiles([]string{path}, nil, source.Options{})}
	summary, err := audit.Run(context.Background(), sources, audit.Options{}, discard{})
	if err != nil || summary.Roles != roles || summary.Incomplete != nil {
		b.Fatal(summary, err)
	}
}

type discard struct{}

func (discard) Finding(*rule.Finding) error { return nil }
