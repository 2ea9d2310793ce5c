package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/report/schematest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"countersign": main})
}

var update = flag.Bool("update", false, "write the golden files anew")

func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			return nil
		},
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"gzip":   compress,
			"schema": func(ts *testscript.TestScript, _ bool, args []string) { schema(t, ts, args) },
			"mode":   mode,
			"baseline": func(ts *testscript.TestScript, _ bool, args []string) {
				schematest.Baseline(t, []byte(ts.ReadFile(args[0])))
			},
			"commit": commit,
			"observed": func(ts *testscript.TestScript, _ bool, args []string) {
				schematest.Evidence(t, []byte(ts.ReadFile(args[0])))
			},
			"settings": func(ts *testscript.TestScript, _ bool, args []string) {
				schematest.Settings(t, []byte(ts.ReadFile(args[0])))
			},
			"change": func(ts *testscript.TestScript, _ bool, args []string) {
				schematest.Diff(t, []byte(ts.ReadFile(args[0])))
			},
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
// it, to that of jsonl, with -fix to that of fix.
func schema(t *testing.T, ts *testscript.TestScript, args []string) {
	switch args[0] {
	case "-lines":
		schematest.Lines(t, []byte(ts.ReadFile(args[1])))
		return
	case "-fix":
		schematest.Fix(t, []byte(ts.ReadFile(args[1])))
		return
	}
	schematest.Document(t, []byte(ts.ReadFile(args[0])))
}

// commit DIRECTORY MESSAGE makes a commit of all that is in a directory, which
// becomes a repository with the branch main.
func commit(ts *testscript.TestScript, _ bool, args []string) {
	directory := ts.MkAbs(args[0])
	repository, err := git.PlainInitWithOptions(directory, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"}})
	if errors.Is(err, git.ErrRepositoryAlreadyExists) {
		repository, err = git.PlainOpen(directory)
	}
	ts.Check(err)
	tree, err := repository.Worktree()
	ts.Check(err)
	ts.Check(tree.AddWithOptions(&git.AddOptions{All: true}))
	_, err = tree.Commit(args[1], &git.CommitOptions{Author: &object.Signature{Name: "Test", Email: "test@example.com"}})
	ts.Check(err)
}

// mode FILE PERMISSIONS holds a file to its permissions, in octal.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
