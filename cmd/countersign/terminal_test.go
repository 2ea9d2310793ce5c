//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

const openRole = `{"RoleName": "open", "Arn": "arn:aws:iam::111122223333:role/open", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole"}]}}`

// program builds a command line of the real program, in an empty directory with
// an export of one open role.
func program(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "open.json"), []byte(`{"Roles": [`+openRole+`]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(os.Args[0])
	command.Args = append([]string{"countersign"}, args...) // by this name TestMain runs the program
	command.Dir = directory
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory, "TERM=xterm-256color"}, environment...)
	return command
}

// onTerminal runs a command whose stdout and stderr are a terminal of 100
// columns and returns what the terminal shows. Once it runs it calls started.
func onTerminal(t *testing.T, command *exec.Cmd, started func()) string {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 50, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = tty, tty
	err = command.Start()
	tty.Close() // the command has its own
	if err != nil {
		t.Fatal(err)
	}
	started()
	shown, err := io.ReadAll(screen)
	if err != nil && !errors.Is(err, syscall.EIO) { // so Linux tells a terminal's end
		t.Fatal(err)
	}
	var failed *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return string(shown)
}

func TestATerminalGetsColoursUnlessSomebodyObjects(t *testing.T) {
	for name, test := range map[string]struct {
		environment []string
		args        []string
		coloured    bool
	}{
		"scan":                         {nil, []string{"scan", "open.json"}, true},
		"explain":                      {nil, []string{"explain", "open", "open.json"}, true},
		"a page":                       {nil, []string{"rules", "no-condition"}, true},
		"help":                         {nil, []string{"scan", "--help"}, true},
		"NO_COLOR":                     {[]string{"NO_COLOR=1"}, []string{"scan", "open.json"}, false},
		"NO_COLOR is empty":            {[]string{"NO_COLOR="}, []string{"scan", "open.json"}, true},
		"TERM=dumb":                    {[]string{"TERM=dumb"}, []string{"explain", "open", "open.json"}, false},
		"--no-color":                   {nil, []string{"scan", "--no-color", "open.json"}, false},
		"--no-color for a page":        {nil, []string{"rules", "--no-color", "no-condition"}, false},
		"NO_COLOR for help":            {[]string{"NO_COLOR=1"}, []string{"--help"}, false},
		"JSON is for programs, always": {nil, []string{"scan", "--format", "json", "open.json"}, false},
		"a file is no terminal":        {nil, []string{"scan", "--output", "/dev/null", "open.json"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			shown := onTerminal(t, program(t, test.environment, test.args...), func() {})
			if coloured := strings.Contains(shown, "\x1b["); coloured != test.coloured {
				t.Errorf("coloured is %v:\n%q", coloured, shown)
			}
		})
	}
}

func TestAPageOnATerminalIsNoMarkdown(t *testing.T) {
	shown := onTerminal(t, program(t, []string{"NO_COLOR=1"}, "rules", "IAM-050"), func() {})
	for _, mark := range []string{"\n# ", "\n## ", "```", "|---", "<!--"} {
		if strings.Contains(shown, mark) {
			t.Errorf("the page shows %q", mark)
		}
	}
	if !strings.HasPrefix(shown, "IAM-050: ") {
		t.Errorf("the page begins %.80q", shown)
	}
}

// endless writes roles to a pipe until nobody reads it any more.
func endless(w io.WriteCloser) {
	defer w.Close()
	if _, err := fmt.Fprint(w, `{"Roles": [`, openRole); err != nil {
		return
	}
	for {
		if _, err := fmt.Fprint(w, ",\n", openRole); err != nil {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func TestWorkOfMoreThanASecondShowsABarOnATerminal(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		bar  bool
	}{
		"a long scan":           {[]string{"scan", "--trust-account", "444455556666", "-"}, true},
		"a long scan, quiet":    {[]string{"scan", "--quiet", "--trust-account", "444455556666", "-"}, false},
		"a long scan, and JSON": {[]string{"scan", "--format", "json", "--output", "/dev/null", "-"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := program(t, nil, test.args...)
			roles, err := command.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			go endless(roles)
			shown := onTerminal(t, command, func() {
				time.AfterFunc(1500*time.Millisecond, func() { command.Process.Signal(os.Interrupt) })
			})
			if bar := strings.Contains(shown, "roles/s"); bar != test.bar {
				t.Errorf("the bar is shown: %v\n%q", bar, shown)
			}
			if test.bar && !strings.Contains(shown[strings.LastIndex(shown, "roles/s"):], "\r\x1b[K") {
				t.Errorf("the bar stays on the screen:\n%q", shown)
			}
			if code := command.ProcessState.ExitCode(); code != 3 {
				t.Errorf("exit code %d, want 3", code)
			}
		})
	}
}

func TestCtrlCTellsWhatIsKnown(t *testing.T) {
	command := program(t, nil, "scan", "-")
	roles, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(roles, `{"Roles": [`, strings.Repeat(openRole+",\n", 100)) // and then it waits for the rest
	time.Sleep(300 * time.Millisecond)
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	command.Wait()
	if code := command.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d, want 3; %s", code, &messages)
	}
	for _, want := range []string{"no-condition", "interrupted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("does not say %q:\n%s", want, &out)
		}
	}
}

func TestAReaderThatLeavesEndsTheScanQuietly(t *testing.T) {
	command := program(t, nil, "scan", "--format", "jsonl", "-")
	roles, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	results, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var messages bytes.Buffer
	command.Stderr = &messages
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go endless(roles)
	if _, err := io.ReadFull(results, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	results.Close()
	command.Wait()
	if code := command.ProcessState.ExitCode(); code != 3 || messages.Len() > 0 {
		t.Errorf("exit code %d, want 3 and no word: %s", code, &messages)
	}
}
