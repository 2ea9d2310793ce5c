package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkStartUp measures from process start to the end of the output of a
// small scan, and holds it against a Go program that does nothing.
func BenchmarkStartUp(b *testing.B) {
	directory := b.TempDir()
	build := func(name, what string) string {
		b.Helper()
		path := filepath.Join(directory, name)
		command := exec.Command("go", "build", "-o", path, what)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			b.Fatalf("building %s: %v\n%s", what, err, output)
		}
		return path
	}
	write := func(name, text string) string {
		b.Helper()
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		return path
	}
	program := build("countersign", ".")
	nothing := build("nothing", write("nothing.go", "package main\n\nfunc main() {}\n"))
	roles := write("open.json", `{"Roles": [{"RoleName": "open", "Arn": "arn:aws:iam::111122223333:role/open",
		"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}]}}]}`)
	run := func(wantCode int, path string, args ...string) time.Duration {
		b.Helper()
		command := exec.Command(path, args...)
		command.Dir = directory
		start := time.Now()
		output, _ := command.Output() // the exit code is looked at below
		took := time.Since(start)
		if code := command.ProcessState.ExitCode(); code != wantCode {
			b.Fatalf("%s ended with %d: %s", path, code, output)
		}
		return took
	}
	var scans, nothings time.Duration
	for b.Loop() {
		scans += run(1, program, "scan", roles)
		nothings += run(0, nothing)
	}
	b.ReportMetric(float64(scans.Microseconds())/1000/float64(b.N), "ms/scan")
	b.ReportMetric(float64(nothings.Microseconds())/1000/float64(b.N), "ms/nothing")
	b.ReportMetric(float64(scans)/float64(nothings), "ratio")
}
