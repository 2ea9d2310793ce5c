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
	"runtime/metrics"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/internal/source"
	"countersign/internal/synthetic"

	"github.com/go-json-experiment/json/jsontext"
)

var million = flag.Bool("million", false, "also run the benchmark of 1,000,000 roles (2.5 GB of temporary files)")

// BenchmarkRun holds an audit of an export against merely tokenizing the same
// bytes with the same JSON library, alternately in the same run. "ratio" is
// wall time to wall time, "heap-MB" the most that was in use, "cores" the
// processor time in a second of audit.
func BenchmarkRun(b *testing.B) {
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
	var tokenizing, auditing time.Duration
	var peak, processor float64
	for b.Loop() {
		start := time.Now()
		tokenize(b, path)
		tokenizing += time.Since(start)

		runtime.GC()
		before, watch := processorTime(), watchHeap()
		start = time.Now()
		auditFile(b, path, roles)
		auditing += time.Since(start)
		peak = max(peak, watch())
		runtime.GC()
		processor += processorTime() - before
	}
	b.ReportMetric(float64(auditing)/float64(tokenizing), "ratio")
	b.ReportMetric(peak/1e6, "heap-MB")
	b.ReportMetric(processor/auditing.Seconds(), "cores")
	b.ReportMetric(float64(auditing.Nanoseconds())/float64(b.N*roles), "ns/role")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/auditing.Seconds(), "audit-MB/s")
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
	sources := []audit.Source{source.NewFiles([]string{path}, nil)}
	summary, err := audit.Run(context.Background(), sources, audit.Options{}, discard{})
	if err != nil || summary.Roles != roles || summary.Incomplete != nil {
		b.Fatal(summary, err)
	}
}

type discard struct{}

func (discard) Finding(*rule.Finding) error { return nil }

// watchHeap samples the heap until it is asked for the most it saw, in bytes.
func watchHeap() func() float64 {
	stop, peak := make(chan struct{}), make(chan float64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		most := 0.0
		for {
			metrics.Read(sample)
			most = max(most, float64(sample[0].Value.Uint64()))
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() float64 { close(stop); return <-peak }
}

// processorTime is what the process has used up to the last collection, in
// seconds.
func processorTime() float64 {
	sample := []metrics.Sample{{Name: "/cpu/classes/user:cpu-seconds"}, {Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64() + sample[1].Value.Float64()
}
