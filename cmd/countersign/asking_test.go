//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive/awstest"
)

// dialogue runs a command on a terminal and has somebody act once the command
// has asked. It returns all that the terminal shows.
func dialogue(t *testing.T, command *exec.Cmd, question string, act func(screen *os.File)) string {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	command.Stdin, command.Stdout, command.Stderr = tty, tty, tty
	err = command.Start()
	tty.Close()
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	asked := false
	for buffer := make([]byte, 4096); ; {
		n, err := screen.Read(buffer)
		shown.Write(buffer[:n])
		if !asked && strings.Contains(shown.String(), question) {
			asked = true
			act(screen)
		}
		if err != nil { // Linux tells a terminal's end as an error
			break
		}
	}
	command.Wait()
	if !asked {
		t.Errorf("nobody was asked:\n%s", &shown)
	}
	return shown.String()
}

// onItsTerminal has a command be the one that its terminal's Ctrl-C is for.
var onItsTerminal = &syscall.SysProcAttr{Setsid: true, Setctty: true}

// aChange makes an account with a role that a change has closed, or, where it
// is not sent, was about to close; the environment to see it in; and the id of
// the change.
func aChange(t *testing.T, steps ...journal.State) (world *awstest.World, environment []string, id string) {
	t.Helper()
	world = awstest.NewWorld(t)
	open := fmt.Sprintf(trusts, "999988887777")
	world.Role(world.Account, "/", "vendor", open)
	state := t.TempDir()
	hold, err := journal.At(filepath.Join(state, "countersign", "journal")).Hold(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Release()
	entry, err := hold.Intend(journal.Change{
		Caller: "arn:aws:iam::" + world.Account + ":user/alice", Partition: "aws", Account: world.Account,
		Role:   journal.Role{Name: "vendor", ARN: "arn:aws:iam::" + world.Account + ":role/vendor", ID: world.RoleID(world.Account, "vendor")},
		Before: open, After: guards,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		world.SetTrust(world.Account, "vendor", guards)
		if err := hold.Step(entry, journal.Step{State: step}); err != nil {
			t.Fatal(err)
		}
	}
	return world, []string{
		"XDG_STATE_HOME=" + state, "AWS_ENDPOINT_URL=" + awstest.NewProxy(t, world, nil).URL, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=" + awstest.AccessKey, "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
	}, entry.ID
}

func TestUndoAsksAndTakesOnlyYesForYes(t *testing.T) {
	for name, test := range map[string]struct {
		answer  string
		code    int
		restore bool
	}{
		"yes":            {"yes\n", 0, true},
		"y":              {"Y\n", 0, true},
		"no":             {"n\n", 0, false},
		"nothing":        {"\n", 0, false},
		"something else": {"sure\n", 0, false},
		"the end":        {"\x04", 0, false},
		"an interrupt":   {"\x03", 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, environment, id := aChange(t, journal.Sent, journal.Confirmed)
			command := program(t, environment, "undo", id)
			command.SysProcAttr = onItsTerminal
			shown := dialogue(t, command, "put this policy back? [y/N]", func(screen *os.File) { screen.WriteString(test.answer) })
			if got := command.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d:\n%s", got, test.code, shown)
			}
			if restored := !strings.Contains(world.Trust(world.Account, "vendor"), "ExternalId"); restored != test.restore {
				t.Errorf("put back: %v\n%s", restored, shown)
			}
			if !strings.Contains(shown, "\x1b[31m-") {
				t.Errorf("the difference is not shown in colours:\n%q", shown)
			}
		})
	}
}

func TestRecoverAsksWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		code   int
		closed bool
		state  journal.State
	}{
		"finish": {"f\n", 0, true, journal.Confirmed},
		"revert": {"r\n", 0, false, journal.Reverted},
		"leave":  {"\n", 3, true, journal.Sent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, environment, id := aChange(t, journal.Sent)
			command := program(t, environment, "undo", "--recover")
			command.SysProcAttr = onItsTerminal
			shown := dialogue(t, command, "finish it, revert it or leave it as it is?", func(screen *os.File) { screen.WriteString(test.answer) })
			if got := command.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d:\n%s", got, test.code, shown)
			}
			if closed := strings.Contains(world.Trust(world.Account, "vendor"), "ExternalId"); closed != test.closed {
				t.Errorf("closed: %v\n%s", closed, shown)
			}
			state := strings.TrimPrefix(environment[0], "XDG_STATE_HOME=")
			entry, err := journal.At(filepath.Join(state, "countersign", "journal")).Find(id)
			if err != nil || entry.State() != test.state {
				t.Errorf("the change is %v, %v; want %s", entry, err, test.state)
			}
		})
	}
}
