//go:build unix

package cloudtrail

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/heap"
	"countersign/internal/synthetic"

	"github.com/go-json-experiment/json/jsontext"
)

var gigabyte = flag.Bool("gigabyte", false, "also run the benchmark of a gigabyte of logs")

var began = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// BenchmarkRead holds the reading of logs against merely decompressing and
// tokenizing them with the same libraries, one file after the other, alternately
// in the same run. "ratio" is wall time to wall time (2 is half the speed),
// "heap-MB" the most that was in use.
func BenchmarkRead(b *testing.B) {
	heap.Settle()
	for _, layout := range []struct {
		name                  string
		files, records, roles int
	}{
		{"many", 64, 1_500, 1},
		{"single", 1, 96_000, 1},
		{"roles", 64, 1_500, 1_000}, // of which 401 are called, 40 times in a hundred records
		{"gigabyte", 500, 1_500, 1},
	} {
		b.Run(layout.name, func(b *testing.B) {
			if layout.name == "gigabyte" && !*gigabyte {
				b.SkipNow()
			}
			directory := b.TempDir()
			size := writeTrail(b, directory, layout.files, layout.records)
			b.SetBytes(size)
			var tokenizing, reading time.Duration
			var peak float64
			for b.Loop() {
				runtime.GC()
				start := time.Now()
				tokenize(b, directory)
				tokenizing += time.Since(start)

				runtime.GC()
				watch := heap.Watch()
				start = time.Now()
				found := readAll(b, directory, layout.roles)
				reading += time.Since(start)
				peak = max(peak, watch())
				if want := layout.files * layout.records / 100; found.Calls != want || len(found.Callers) != 5 {
					b.Fatalf("%d calls of %d callers, want %d", found.Calls, len(found.Callers), want)
				}
			}
			b.ReportMetric(reading.Seconds()/tokenizing.Seconds(), "ratio")
			b.ReportMetric(peak/1e6, "heap-MB")
			b.ReportMetric(float64(size)*float64(b.N)/1e6/reading.Seconds(), "read-MB/s")
		})
	}
}

// writeTrail returns how many bytes the files have when they are not compressed.
func writeTrail(b *testing.B, directory string, files, records int) (size int64) {
	b.Helper()
	for i := range files {
		file, err := os.Create(filepath.Join(directory, fmt.Sprintf("111122223333_CloudTrail_us-east-1_%04d.json.gz", i)))
		if err != nil {
			b.Fatal(err)
		}
		zip := gzip.NewWriter(file)
		count := &measure{to: zip}
		err = synthetic.Trail(count, records, began.Add(time.Duration(i)*time.Hour), uint64(i))
		if err = errors.Join(err, zip.Close(), file.Close()); err != nil {
			b.Fatal(err)
		}
		size += count.size
	}
	return size
}

type measure struct {
	to   io.Writer
	size int64
}

func (m *measure) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	return m.to.Write(p)
}

func tokenize(b *testing.B, directory string) {
	names, err := filepath.Glob(filepath.Join(directory, "*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		unzip, err := gzip.NewReader(bufio.NewReaderSize(file, 64<<10))
		if err != nil {
			b.Fatal(err)
		}
		decoder := jsontext.NewDecoder(unzip)
		for {
			if _, err := decoder.ReadToken(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		file.Close()
	}
}

// readAll reads the calls of so many roles, and returns what was seen of the first.
func readAll(b *testing.B, directory string, roles int) *evidence.Evidence {
	to := evidence.NewCollectors(began, began.AddDate(0, 3, 0))
	role, _ := evidence.ParseRole(synthetic.TrailRole)
	first := to.Want(role, nil)
	for i := range roles - 1 {
		other, _ := evidence.ParseRole(fmt.Sprintf("arn:aws:iam::111122223333:role/service-%03d", i))
		to.Want(other, nil)
	}
	logs := New(to, nil)
	if gaps, err := logs.Read(context.Background(), []string{directory}); err != nil || gaps != nil {
		b.Fatal(gaps, err)
	}
	return first.Evidence()
}
