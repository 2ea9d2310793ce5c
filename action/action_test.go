//go:build unix

// Package action holds no code, but tests of the scripts that action.yml runs.
package action

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"countersign/internal/cli"

	"github.com/google/go-cmp/cmp"
)

// The test binary is countersign where it is called so.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "countersign" {
		os.Exit(cli.Run(context.Background(), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// runner is what GitHub Actions gives to the step of a job.
type runner struct {
	t         *testing.T
	workspace string
	temporary string
	bin       string
	variables map[string]string
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{t, t.TempDir(), t.TempDir(), t.TempDir(), map[string]string{
		"GITHUB_REPOSITORY": "example/infrastructure", "GITHUB_WORKFLOW": "checks", "GITHUB_JOB": "roles", "TOKEN": "secret-token",
	}}
	r.variables["RUNNER_TEMP"] = r.temporary
	r.variables["RUNNER_OS"] = map[string]string{"linux": "Linux", "darwin": "macOS"}[runtime.GOOS]
	r.variables["RUNNER_ARCH"] = map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH]
	for _, name := range []string{"GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		r.variables[name] = filepath.Join(r.temporary, name)
	}
	if said, err := exec.Command("git", "init", "--quiet", r.workspace).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v: %s", err, said)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(own, filepath.Join(r.bin, "countersign")); err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs a script and returns what it prints and its exit code.
func (r *runner) run(script string) (output string, code int) {
	r.t.Helper()
	path, err := filepath.Abs(script)
	if err != nil {
		r.t.Fatal(err)
	}
	command := exec.Command("bash", path)
	command.Dir = r.workspace
	command.Env = append(os.Environ(), "PATH="+r.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, value := range r.variables {
		command.Env = append(command.Env, name+"="+value)
	}
	text, err := command.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		r.t.Fatal(err)
	}
	if strings.Contains(string(text), "secret-token") {
		r.t.Errorf("%s prints the token:\n%s", script, text)
	}
	return string(text), command.ProcessState.ExitCode()
}

// read reads a file that a script may have written.
func (r *runner) read(path string) string {
	r.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.workspace, path)
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	return string(text)
}

func (r *runner) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.workspace, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

const (
	role   = `{"Role":{"RoleName":"vendor","Arn":"arn:aws:iam::111122223333:role/vendor","AssumeRolePolicyDocument":`
	open   = role + `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}}}`
	closed = role + `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}}}`
)

func TestTheScanTakesTheInputsOfTheAction(t *testing.T) {
	tests := []struct {
		name    string
		inputs  map[string]string
		outputs string
		log     string // that is in it
		comment string // that is in it; empty for no comment
	}{
		{
			"findings", map[string]string{"PATHS": "open"},
			"exit-code=1\n", "::warning file=open/vendor role.json,", "### countersign: 1 role fails",
		},
		{
			"none", map[string]string{"PATHS": "closed.json"},
			"exit-code=0\n", "", "### countersign: no role fails",
		},
		{
			"paths with blanks, one a line, and SARIF", map[string]string{"PATHS": "open/vendor role.json\r\nclosed.json\n", "SARIF_FILE": "out.sarif"},
			"exit-code=1\nsarif-file=out.sarif\n", "::warning", "1 fail",
		},
		{
			"arguments with blanks, one a line", map[string]string{"PATHS": ".", "ARGS": "--exclude=vendor role.json\n--quiet\n", "FORMAT": "text"},
			"exit-code=0\n", "", "### countersign: no role fails",
		},
		{
			"a severity that is not reached", map[string]string{"PATHS": "open", "FAIL_ON": "critical"},
			"exit-code=0\n", "::warning", "### countersign: 1 role fails",
		},
		{
			"a baseline that is not there", map[string]string{"PATHS": "open", "BASELINE": "none.json"},
			"exit-code=2\n", "error: --baseline", "",
		},
		{
			"a path that looks like a flag", map[string]string{"PATHS": "--live"},
			"exit-code=2\n", "cannot read --live", "",
		},
		{
			"a path that looks like a command of the shell", map[string]string{"PATHS": "$(touch ran)\n; touch ran"},
			"exit-code=2\n", "cannot read $(touch ran)", "",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t)
			r.write("open/vendor role.json", open)
			r.write("closed.json", closed)
			for name, value := range test.inputs {
				r.variables["INPUT_"+name] = value
			}
			log, code := r.run("scan")
			if code != 0 { // the last step of the action fails
				t.Errorf("exit code %d", code)
			}
			if difference := cmp.Diff(test.outputs, r.read(r.variables["GITHUB_OUTPUT"])); difference != "" {
				t.Error(difference)
			}
			if !strings.Contains(log, test.log) {
				t.Errorf("the log has no %q:\n%s", test.log, log)
			}
			comment := r.read(filepath.Join(r.temporary, "countersign-comment.md"))
			if !strings.Contains(comment, test.comment) || (comment == "") != (test.comment == "") {
				t.Errorf("the comment has no %q:\n%s", test.comment, comment)
			}
			if summary := r.read(r.variables["GITHUB_STEP_SUMMARY"]); summary != comment {
				t.Errorf("the summary is another one:\n%s", summary)
			}
			if r.read("ran") != "" {
				t.Error("an input was run")
			}
		})
	}
}

func TestOnlyWhatIsNewMakesTheActionFail(t *testing.T) {
	r := newRunner(t)
	r.write("open.json", open)
	r.variables["INPUT_PATHS"] = "."
	baseline := filepath.Join(t.TempDir(), "baseline.json")
	r.variables["INPUT_ARGS"] = "--write-baseline=" + baseline
	r.run("scan")
	r.variables["INPUT_ARGS"] = ""
	r.variables["INPUT_BASELINE"] = baseline
	r.run("scan")
	r.write("more.json", strings.ReplaceAll(open, "vendor", "another"))
	r.run("scan")
	if difference := cmp.Diff("exit-code=1\nexit-code=0\nexit-code=1\n", r.read(r.variables["GITHUB_OUTPUT"])); difference != "" {
		t.Error(difference)
	}
}

func TestWithoutAReleaseTheProgramIsBuilt(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"from a checkout":            {"ACTION_REPOSITORY": "", "ACTION_REF": ""},
		"at a branch":                {"ACTION_REPOSITORY": "example/countersign", "ACTION_REF": "main"},
		"at a tag of many releases":  {"ACTION_REPOSITORY": "example/countersign", "ACTION_REF": "v1"},
		"at a commit, by its digest": {"ACTION_REPOSITORY": "example/countersign", "ACTION_REF": strings.Repeat("0a", 20)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t)
			top, err := filepath.Abs("..")
			if err != nil {
				t.Fatal(err)
			}
			r.variables["ACTION_PATH"] = top
			for variable, value := range variables {
				r.variables[variable] = value
			}
			log, code := r.run("install")
			if code != 0 || !strings.Contains(log, "countersign ") {
				t.Fatalf("exit code %d:\n%s", code, log)
			}
			r.tryProgram()
		})
	}
}

// tryProgram runs what later steps find in their path.
func (r *runner) tryProgram() {
	r.t.Helper()
	directory := strings.TrimSpace(r.read(r.variables["GITHUB_PATH"]))
	if directory != filepath.Join(r.temporary, "countersign") {
		r.t.Fatalf("the path gets %q", directory)
	}
	said, err := exec.Command(filepath.Join(directory, "countersign"), "version").CombinedOutput()
	if err != nil || !bytes.HasPrefix(said, []byte("countersign ")) {
		r.t.Errorf("%v: %s", err, said)
	}
}
