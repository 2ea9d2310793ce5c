package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/evidence"
)

// numbered is a record of its own.
func numbered(i int) string {
	return strings.Replace(event(vendor, `,"externalId":"`+secret+`"`, ""), `"eventID":"e-1"`, fmt.Sprintf(`"eventID":"e-%d"`, i), 1)
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func write(t testing.TB, directory, name string, text []byte) {
	t.Helper()
	path := filepath.Join(directory, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readLogs(t testing.TB, stdin string, paths ...string) (*evidence.Evidence, *Logs, []audit.Incomplete) {
	t.Helper()
	to := newCollectors()
	logs := New(to, strings.NewReader(stdin))
	gaps, err := logs.Read(context.Background(), paths)
	if err != nil {
		t.Fatal(err)
	}
	for _, gap := range gaps {
		if strings.Contains(fmt.Sprint(gap), secret) {
			t.Errorf("the external ID is told: %v", gap)
		}
	}
	return to.Of(roleARN).Evidence(), logs, gaps
}

func TestLogsAreReadInEveryForm(t *testing.T) {
	quoted, err := json.Marshal(numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a log file":                  `{"Records":[` + numbered(1) + `]}`,
		"two log files in one":        `{"Records":[` + numbered(1) + `]}{"Records":[]}`,
		"records, one a line":         numbered(1) + "\n" + strings.Replace(numbered(2), "vendor", "other", 1) + "\n",
		"log files, one a line":       `{"Records":[]}` + "\n" + `{"Records":[` + numbered(1) + `]}` + "\n",
		"an array of records":         `[` + numbered(1) + `]`,
		"the answer of lookup-events": `{"Events":[{"EventId":"e-1","EventName":"AssumeRole","CloudTrailEvent":` + string(quoted) + `}],"NextToken":"x"}`,
		"its events, one a line":      `{"EventId":"e-1","CloudTrailEvent":` + string(quoted) + `}`,
		"members before the records":  `{"version":{"a":[1,2,"Records"]},"Records":[` + numbered(1) + `]}`,
		"an indented log file":        indented(t, `{"Records":[`+numbered(1)+`]}`),
	} {
		for _, compressed := range []bool{false, true} {
			directory := t.TempDir()
			content := []byte(text)
			if compressed {
				content = zipped(t, text)
			}
			write(t, directory, "log.json", content)
			found, logs, gaps := readLogs(t, "", filepath.Join(directory, "log.json"))
			if found.Calls != 1 || len(gaps) > 0 || logs.Files != 1 {
				t.Errorf("%s (compressed: %v): %d calls, gaps %v", name, compressed, found.Calls, gaps)
			}
			if regions := logs.Coverage.Regions("111122223333"); len(regions) != 1 || regions[0] != "us-east-2" {
				t.Errorf("%s: Regions %v", name, regions)
			}
		}
		if found, _, gaps := readLogs(t, text, "-"); found.Calls != 1 || len(gaps) > 0 {
			t.Errorf("%s on standard input: %d calls, gaps %v", name, found.Calls, gaps)
		}
	}
}

func indented(t testing.TB, text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestADirectoryIsWalkedAsS3LaysItOut(t *testing.T) {
	directory := t.TempDir()
	const day = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/20/"
	for i := range 20 {
		write(t, directory, fmt.Sprintf(day+"111122223333_CloudTrail_us-east-1_2026112%dT0000Z_%d.json.gz", i%4, i), zipped(t, `{"Records":[`+numbered(i)+`]}`))
	}
	write(t, directory, "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/111122223333_CloudTrail-Digest_us-east-1_x.json.gz", zipped(t, `{"awsAccountId":"111122223333","digestStartTime":"2026-11-20T00:00:00Z"}`))
	write(t, directory, "AWSLogs/111122223333/CloudTrail-Insight/us-east-1/111122223333_CloudTrail-Insight_us-east-1_x.json.gz", zipped(t, `{"Records":[{"eventType":"AwsCloudTrailInsight","eventID":"i"}]}`))
	write(t, directory, "README.txt", []byte("nothing"))
	write(t, directory, "account.json", []byte(`{"Roles":[]}`))
	write(t, directory, ".gitignore", []byte("*.gz\n"))
	found, logs, gaps := readLogs(t, "", directory)
	if found.Calls != 20 || logs.Files != 20 || logs.Passed != 5 || len(gaps) > 0 {
		t.Errorf("%d calls in %d files, %d passed over, gaps %v", found.Calls, logs.Files, logs.Passed, gaps)
	}
}

func TestWhatCannotBeReadIsReportedByNameAndTheRestGoesOn(t *testing.T) {
	whole := zipped(t, `{"Records":[`+numbered(1)+","+numbered(2)+`]}`)
	large := `{"Records":[` + numbered(1) + `,{"eventName":"` + strings.Repeat("x", maxValue+blockSize) + `"}]}`
	for _, test := range []struct {
		name    string
		content []byte
		reason  string
		calls   int // of this file
	}{
		{"garbage", []byte("\x00\x01 what"), "not valid JSON", 0},
		{"cut off", []byte(`{"Records":[` + numbered(1) + `,{"eventNa`), "the file ends in the middle of a JSON value", 1},
		{"broken in the middle", []byte(`{"Records":[` + numbered(1) + `,{"a":tru}]}`), "not valid JSON", 1},
		{"gzip that is none", []byte("\x1f\x8b garbage"), "broken gzip file", 0},
		{"gzip cut off", whole[:len(whole)-12], "", 0},
		{"gzip with a wrong sum", append(append([]byte{}, whole[:len(whole)-8]...), 0, 0, 0, 0, 0, 0, 0, 0), "checksum", 2},
		{"a record without end", []byte(large), "a single value of more than 4 MiB", 1},
		{"space without end", zipped(t, `{"Records":[`+numbered(1)+`,`+strings.Repeat(" ", 8<<20)+`]}`), "a single value of more than 4 MiB", 1},
		{"a bomb", bomb(t), "expands more than 300-fold", 1},
		{"a record that is none", []byte(`{"Records":[7,` + numbered(1) + `]}`), "not a record", 1},
		{"an event that is no JSON", []byte(`{"Events":[{"CloudTrailEvent":"{"},{"CloudTrailEvent":"AssumeRole vendor"}]}`), "CloudTrailEvent is not JSON", 0},
		{"deep", []byte(`{"Records":[` + numbered(1) + `,` + strings.Repeat("[", 20_000)), "exceeded max depth", 1},
		{"not a log", []byte(`{"Roles":[]}`), "not a CloudTrail log", 0},
		{"empty", nil, "not a CloudTrail log", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			directory := t.TempDir()
			write(t, directory, "bad.json.gz", test.content)
			write(t, directory, "good.json", []byte(`{"Records":[`+numbered(1000)+`]}`))
			path := filepath.Join(directory, "bad.json.gz")
			found, _, gaps := readLogs(t, "", path, filepath.Join(directory, "good.json"))
			if len(gaps) != 1 || gaps[0].Source != path || !strings.Contains(gaps[0].Reason, test.reason) {
				t.Fatalf("gaps %v", gaps)
			}
			if test.reason != "" && found.Calls != 1+test.calls {
				t.Errorf("%d calls, want %d and one of the good file", found.Calls, test.calls)
			}
			if found.Calls < 1 {
				t.Error("the good file was not read")
			}
		})
	}
}

// bomb is a small file that expands a thousandfold, in records of two bytes.
func bomb(t testing.TB) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	fmt.Fprint(w, `{"Records":[`+numbered(1))
	piece := []byte(strings.Repeat(",{}", 1<<18))
	for range 100 {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprint(w, `]}`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestGarbageAmongLogFilesIsReportedAndOtherJSONIsNot(t *testing.T) {
	directory := t.TempDir()
	write(t, directory, "111122223333_CloudTrail_us-east-1_a.json.gz", []byte("garbage"))
	write(t, directory, "notes.md", []byte("{ not json"))
	write(t, directory, "elb.log.gz", zipped(t, "http 2026-11-20T00:00:00Z app/lb 192.0.2.1"))
	write(t, directory, "b.json", []byte(`{"Records":[`+numbered(1)+`]}`))
	if err := os.Symlink(filepath.Join(directory, "b.json"), filepath.Join(directory, "link.json")); err != nil {
		t.Fatal(err)
	}
	found, _, gaps := readLogs(t, "", directory)
	if found.Calls != 1 || len(gaps) != 2 || !strings.Contains(gaps[0].Source, "CloudTrail_us-east-1_a") || !strings.Contains(gaps[1].Reason, "a link") {
		t.Errorf("%d calls, gaps %v", found.Calls, gaps)
	}
}

func TestAnInterruptedReadingEndsWithTheContext(t *testing.T) {
	directory := t.TempDir()
	write(t, directory, "a.json", []byte(`{"Records":[`+numbered(1)+`]}`))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := New(newCollectors(), nil).Read(ctx, []string{directory}); err == nil {
		t.Error("no error")
	}
}

func TestLargeFilesAreReadTheSameAsSmallOnes(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"Records":[`)
	for i := range 3000 {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"eventName":"x","eventTime":"2026-11-20T00:00:00Z","padding":"%x"},`, time.Duration(i)*time.Hour*7919)
		text.WriteString(numbered(i))
	}
	text.WriteString(`]}`)
	var stored bytes.Buffer
	w, err := gzip.NewWriterLevel(&stored, gzip.NoCompression) // larger than what is read on the side
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text.String())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if stored.Len() < fewestAhead {
		t.Fatalf("%d bytes", stored.Len())
	}
	directory := t.TempDir()
	write(t, directory, "whole.json.gz", stored.Bytes())
	write(t, directory, "cut.json.gz", stored.Bytes()[:stored.Len()-100_000])
	if found, _, gaps := readLogs(t, "", filepath.Join(directory, "whole.json.gz")); found.Calls != 3000 || len(gaps) > 0 {
		t.Errorf("%d calls, gaps %v", found.Calls, gaps)
	}
	found, _, gaps := readLogs(t, "", filepath.Join(directory, "cut.json.gz"))
	if len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "unexpected EOF") || found.Calls < 2000 {
		t.Errorf("%d calls, gaps %v", found.Calls, gaps)
	}
}
