package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/report/schematest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"countersign": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"gzip":   compress,
			"schema": func(ts *testscript.TestScript, _ bool, args []string) { schema(t, ts, args) },
			"mode":   mode,
		},
	})
}

// exits CODE COMMAND… runs a command that has to end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command...")
	}
	got := 0
	var failed *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	case err != nil:
		ts.Fatalf("running %s: %v", args[1], err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// gzip FROM TO writes a compressed copy.
func compress(ts *testscript.TestScript, _ bool, args []string) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(errors.Join(err, w.Close()))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), zipped.Bytes(), 0o644))
}

// schema FILE holds a file to the schema of --format json; with -lines before
// it, to that of jsonl.
func schema(t *testing.T, ts *testscript.TestScript, args []string) {
	if args[0] == "-lines" {
		schematest.Lines(t, []byte(ts.ReadFile(args[1])))
		return
	}
	schematest.Document(t, []byte(ts.ReadFile(args[0])))
}

// mode FILE PERMISSIONS holds a file to its permissions, in octal.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
