package cloudtrail

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/source/walk"
)

// Logs are log files that are being read.
type Logs struct {
	to    *evidence.Collectors
	stdin io.Reader

	// Coverage is what there are records of in the roles' accounts, once Read has
	// returned.
	Coverage *evidence.Coverage
	// Files counts the log files that were read, Passed the files in directories
	// that are none.
	Files, Passed int

	read, total atomic.Int64
	mu          sync.Mutex
	gaps        []gap
	unlisted    int // gaps beyond the limit
}

// gap is what could not be read of the file of that number.
type gap struct {
	file int
	audit.Incomplete
}

// mostGaps is how many files are reported by name.
const mostGaps = 1000

// GlobalRegion is the Region in whose log the calls of the global endpoint of STS
// are, in the partition of an ARN (IAM User Guide, "Logging IAM and AWS STS API
// calls with AWS CloudTrail").
func GlobalRegion(arn string) string {
	if strings.HasPrefix(arn, "arn:aws-") {
		return "" // China and GovCloud have Regional endpoints only
	}
	return "us-east-1"
}

// New prepares to read logs once for all the roles that are wanted. stdin is read
// where a path is "-".
func New(to *evidence.Collectors, stdin io.Reader) *Logs {
	return &Logs{to: to, stdin: stdin, Coverage: evidence.NewCoverage(to.Accounts()...)}
}

// Progress tells how many bytes of files have been read, and how many the files
// met so far have. It may be called while Read runs.
func (l *Logs) Progress() (read, total int64) { return l.read.Load(), l.total.Load() }

// job is a file with its number in the order of the walk.
type job struct {
	number int
	file   walk.File
}

// Read reads the logs at paths: files, plain or gzipped, directories, and "-".
// Files are read side by side. What cannot be read is returned; an error ends
// the work.
func (l *Logs) Read(ctx context.Context, paths []string) ([]audit.Incomplete, error) {
	jobs := make(chan job, 64)
	var workers sync.WaitGroup
	for range max(2, runtime.GOMAXPROCS(0)) {
		workers.Go(func() { l.work(ctx, jobs) })
	}
	walker := &walk.Walker{Stdin: l.stdin, Everything: true}
	defer func() { _ = walker.Close() }() // the directories were read only
	err := walker.Paths(ctx, paths, &visitor{l, ctx, jobs, 0})
	close(jobs)
	workers.Wait()
	return l.incomplete(), err
}

func (l *Logs) incomplete() (all []audit.Incomplete) {
	slices.SortStableFunc(l.gaps, func(a, b gap) int { return cmp.Compare(a.file, b.file) })
	for _, one := range l.gaps {
		all = append(all, one.Incomplete)
	}
	if l.unlisted > 0 {
		all = append(all, audit.Incomplete{Source: "logs", Reason: fmt.Sprintf("%d more files could not be read", l.unlisted)})
	}
	return all
}

// visitor hands on the files of a walk.
type visitor struct {
	logs *Logs
	ctx  context.Context
	jobs chan<- job
	met  int
}

// Visit implements walk.Visitor.
func (v *visitor) Visit(file walk.File) error {
	v.met++
	if !file.Named && isOtherKind(file.Path) {
		v.logs.passed()
		return nil
	}
	v.logs.total.Add(file.Size)
	select {
	case v.jobs <- job{v.met, file}:
		return nil
	case <-v.ctx.Done():
		return v.ctx.Err()
	}
}

// isOtherKind reports whether a path is that of a digest or of Insights events,
// which lie beside the log files (CloudTrail User Guide, "CloudTrail log file
// name format").
func isOtherKind(path string) bool {
	name := filepath.Base(path)
	return strings.Contains(name, "_CloudTrail-Digest_") || strings.Contains(name, "_CloudTrail-Insight_")
}

// PassedOver implements walk.Visitor.
func (v *visitor) PassedOver(path string) {
	v.met++
	v.logs.gap(v.met, audit.Incomplete{
		Source: path, Reason: "not read: a link, a pipe or a device in a directory", Hint: "name it with --log to have it read",
	})
}

// Unreadable implements walk.Visitor.
func (v *visitor) Unreadable(path string, err error) {
	v.met++
	v.logs.gap(v.met, audit.Incomplete{Source: path, Reason: "cannot be read: " + err.Error()})
}

func (l *Logs) passed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Passed++
}

func (l *Logs) gap(file int, what audit.Incomplete) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.gaps) >= mostGaps {
		l.unlisted++
		return
	}
	l.gaps = append(l.gaps, gap{file, what})
}

// work reads files until there are no more.
func (l *Logs) work(ctx context.Context, jobs <-chan job) {
	r := newReader(l.to)
	buffer := bufio.NewReaderSize(nil, blockSize)
	var unzip gzip.Reader
	for next := range jobs {
		if ctx.Err() == nil {
			l.file(ctx, next, r, buffer, &unzip)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Coverage.Merge(r.coverage)
}

// file reads one file. A panic is the file's end and no more.
func (l *Logs) file(ctx context.Context, next job, r *reader, buffer *bufio.Reader, unzip *gzip.Reader) {
	file := next.file
	report := func(reason string) {
		l.gap(next.number, audit.Incomplete{
			Source: file.Path, Reason: reason, Hint: "the calls before this place are counted; fetch the file again",
		})
	}
	defer func() {
		if recover() != nil {
			report("reading ended early: internal fault") // a value could hold a part of a record
		}
	}()
	opened, err := file.Open()
	if err != nil {
		l.gap(next.number, audit.Incomplete{Source: file.Path, Reason: err.Error()})
		return
	}
	defer opened.Close()
	counted := &counter{from: opened, count: &l.read}
	buffer.Reset(counted)
	content, finish, ok := l.content(file, counted, buffer, unzip, report)
	if !ok {
		return
	}
	defer finish()
	fault := r.read(ctx, content)
	l.settle(next, r, fault, report)
}

// content opens what is compressed in a file, if it is, and decompresses the
// larger files on the side. ok is false when there is nothing to read.
func (l *Logs) content(file walk.File, counted *counter, buffer *bufio.Reader, unzip *gzip.Reader, report func(string)) (content io.Reader, finish func(), ok bool) {
	nothing := func() {}
	head, err := buffer.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		report("cannot be read: " + err.Error())
		return nil, nothing, false
	}
	if string(head) != "\x1f\x8b" {
		if !isNamed(file) && !beginsLikeJSON(buffer) {
			l.passed()
			return nil, nothing, false
		}
		return buffer, nothing, true
	}
	if err := unzip.Reset(buffer); err != nil {
		if !isNamed(file) {
			l.passed()
			return nil, nothing, false
		}
		report("broken gzip file: " + err.Error())
		return nil, nothing, false
	}
	content = &expanded{from: unzip, compressed: counted}
	if file.Size >= 0 && file.Size < fewestAhead && file.Path != walk.Stdin {
		return content, nothing, true
	}
	side := readAhead(content)
	return side, side.stop, true
}

// settle says what became of a file.
func (l *Logs) settle(next job, r *reader, fault error, report func(string)) {
	switch {
	case errors.Is(fault, context.Canceled) || errors.Is(fault, context.DeadlineExceeded):
		return // the whole work ends, and says so
	case !r.known && !next.file.Named && (fault == nil || !isNamed(next.file)):
		l.passed()
		return
	case fault != nil:
		report(r.explain(fault))
	case !r.known:
		l.gap(next.number, audit.Incomplete{
			Source: next.file.Path, Reason: "not a CloudTrail log",
			Hint: "log files as CloudTrail writes them to S3, JSON Lines, or the output of aws cloudtrail lookup-events (docs/evidence.md)",
		})
		return
	}
	if r.broken > 0 {
		reason := r.why.Error()
		if r.broken > 1 {
			reason = fmt.Sprintf("%d records could not be read; %s", r.broken, reason)
		}
		l.gap(next.number, audit.Incomplete{Source: next.file.Path, Reason: reason})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Files++
}

// isNamed reports whether a file is named by the user, or named like a log file.
func isNamed(file walk.File) bool {
	if file.Named {
		return true
	}
	name := strings.TrimSuffix(filepath.Base(file.Path), ".gz")
	return strings.Contains(name, "_CloudTrail_") || slices.Contains(logNames, filepath.Ext(name))
}

var logNames = []string{".json", ".jsonl", ".ndjson"}

// beginsLikeJSON looks at the first letter of a file that was only met.
func beginsLikeJSON(buffer *bufio.Reader) bool {
	head, _ := buffer.Peek(64)
	text := strings.TrimLeft(string(head), " \r\n\t")
	return text != "" && (text[0] == '{' || text[0] == '[')
}

// counter counts the bytes that are read.
type counter struct {
	from  io.Reader
	own   int64
	count *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.own += int64(n)
	c.count.Add(int64(n))
	return n, err
}

// A file may expand so far for each byte of it, and so far in any case. Logs
// expand ten- to thirtyfold; what expands a thousandfold is made to.
const (
	mostExpansion = 300
	freeExpansion = 64 << 20
)

// expanded bounds how far a gzip file expands.
type expanded struct {
	from       io.Reader
	compressed *counter
	given      int64
}

func (e *expanded) Read(p []byte) (int, error) {
	if e.given > freeExpansion && e.given > mostExpansion*e.compressed.own {
		return 0, fmt.Errorf("it expands more than %d-fold", mostExpansion)
	}
	n, err := e.from.Read(p)
	e.given += int64(n)
	return n, err
}
