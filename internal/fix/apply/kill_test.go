package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
	"countersign/internal/source/awslive/awstest"
)

const applierJob = "COUNTERSIGN_TEST_APPLIER"

// job is what a process that is to be killed does: it closes roles.
type job struct {
	Journal, Account string
	Names            []string
}

// TestMain is an applier, where it is asked for.
func TestMain(m *testing.M) {
	text := os.Getenv(applierJob)
	if text == "" {
		os.Exit(m.Run())
	}
	var wanted job
	if err := json.Unmarshal([]byte(text), &wanted); err != nil {
		panic(err)
	}
	ctx := context.Background()
	hold, err := journal.At(wanted.Journal).Hold(ctx, false)
	if err != nil {
		panic(err)
	}
	session, err := awslive.Open(ctx, awslive.Options{Changes: true})
	if err != nil {
		panic(err)
	}
	var changes []Change
	for _, name := range wanted.Names {
		changes = append(changes, closing(wanted.Account, name))
	}
	if _, err := Run(ctx, session, hold, changes, Options{Tool: "countersign test", settle: time.Minute}); err != nil {
		panic(err)
	}
}

// applier is a process that closes roles of the scene.
type applier struct {
	*exec.Cmd
	started chan struct{}
}

// run runs it to its end, which is to be a violent one.
func (a *applier) run(s *scene) {
	s.Helper()
	if err := a.Start(); err != nil {
		s.Fatal(err)
	}
	close(a.started)
	if err := a.Wait(); err == nil || a.failed() {
		s.Fatalf("the applier came to its end: %v", err)
	}
}

// failed reports whether it ended with a panic, and not because it was killed.
func (a *applier) failed() bool { return a.ProcessState.ExitCode() == 2 }

// kill kills it from within a call that it makes.
func (a *applier) kill() {
	<-a.started
	a.Process.Kill()
	for a.Process.Signal(syscall.Signal(0)) == nil {
		time.Sleep(time.Millisecond) // until it is gone, and with it what it would do next
	}
}

func (s *scene) applier(names ...string) *applier {
	s.Helper()
	text, err := json.Marshal(job{s.journal.Path(), s.world.Account, names})
	if err != nil {
		s.Fatal(err)
	}
	command := exec.Command(os.Args[0])
	command.Env = []string{applierJob + "=" + string(text), "HOME=" + s.TempDir()}
	for name, value := range environment(s.proxy.URL) {
		command.Env = append(command.Env, name+"="+value)
	}
	return &applier{command, make(chan struct{})}
}

// TestAKillBetweenAnyTwoStepsLosesNothing kills an applier with SIGKILL between
// every two steps that it takes. Between reading and writing of the journal no
// call of AWS is made, so the steps are told apart by the calls around them:
// when a call arrives, what the journal was to hold before is there, and when
// it is done and not answered, nothing of what follows is.
func TestAKillBetweenAnyTwoStepsLosesNothing(t *testing.T) {
	before := func(kill func()) awstest.Fault {
		return func(http.ResponseWriter, *http.Request, func() []byte) { kill(); panic(http.ErrAbortHandler) }
	}
	after := func(kill func()) awstest.Fault {
		return func(_ http.ResponseWriter, _ *http.Request, sound func() []byte) {
			sound()
			kill()
			panic(http.ErrAbortHandler)
		}
	}
	for _, test := range []struct {
		name      string
		operation string
		nth       int
		fault     func(kill func()) awstest.Fault
		state     journal.State // empty when nothing is written
		shows     Shows
	}{
		{"before the role is read", get, 1, before, "", ShowsBefore},
		{"between reading and writing the intention", get, 1, after, "", ShowsBefore},
		{"between the intention and the update", update, 1, before, journal.Intended, ShowsBefore},
		{"between the update and its record", update, 1, after, journal.Intended, ShowsAfter},
		{"between the record and reading back", get, 2, before, journal.Sent, ShowsAfter},
		{"between reading back and the confirmation", get, 2, after, journal.Sent, ShowsAfter},
	} {
		for _, choice := range []Choice{Finish, Revert} {
			t.Run(test.name+", then "+string(choice), func(t *testing.T) {
				s := newScene(t)
				applier := s.applier("vendor")
				s.fault(func(call awstest.Call) awstest.Fault {
					if call.Operation == test.operation && call.Nth == test.nth {
						return test.fault(applier.kill)
					}
					return nil
				})
				applier.run(s)
				s.fault(nil)
				if test.state == "" {
					if len(s.entries()) > 0 {
						t.Errorf("the journal tells %+v", s.entries()[0])
					}
					s.shows(open)
					return
				}
				entry := s.entries()[0]
				if entry.State() != test.state || !entry.Open() {
					t.Errorf("the journal tells %s", entry.State())
				}
				if seen := Settled(context.Background(), session(t, awslive.Options{}), entry, s.options); seen.Shows != test.shows {
					t.Errorf("the role shows %d, want %d", seen.Shows, test.shows)
				}
				s.ends(s.recover(entry, choice), Done)
				s.shows(map[Choice]string{Finish: guarded, Revert: open}[choice])
				s.allEnded()
			})
		}
	}
}

func (s *scene) allEnded() {
	s.Helper()
	for _, entry := range s.entries() {
		if entry.Open() {
			s.Errorf("change %s is %s still", entry.ID, entry.State())
		}
	}
}

// TestAKillAtAnyTimeLosesNothing kills an applier of many roles at some time,
// again and again, and brings to an end what it left.
func TestAKillAtAnyTimeLosesNothing(t *testing.T) {
	s := newScene(t)
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("role-%02d", i))
		s.world.Role(s.world.Account, "/", names[i], open)
	}
	kills := 0
	for round := 0; ; round++ {
		applier := s.applier(names...)
		applier.Stderr = &bytes.Buffer{}
		if err := applier.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(150+37*round)*time.Millisecond, func() { applier.Process.Kill() })
		err := applier.Wait()
		timer.Stop()
		if err != nil && applier.failed() {
			t.Fatalf("%v: %s", err, applier.Stderr)
		}
		for _, entry := range s.entries() {
			if entry.Open() {
				s.ends(s.recover(entry, Finish), Done)
			}
		}
		s.allEnded()
		told := map[string]bool{}
		for _, entry := range s.entries() {
			if entry.State() == journal.Confirmed {
				if told[entry.Role.Name] {
					t.Errorf("%s is changed twice", entry.Role.Name)
				}
				told[entry.Role.Name] = true
			}
		}
		for _, name := range names {
			if got, want := s.world.Trust(s.world.Account, name), map[bool]string{true: guarded, false: open}[told[name]]; got != want {
				t.Errorf("after round %d %s shows %s", round, name, got)
			}
		}
		if len(told) == len(names) {
			t.Logf("%d kills", kills)
			return
		}
		kills++
		if round > 60 {
			t.Fatalf("%d of %d roles after %d rounds", len(told), len(names), round)
		}
	}
}

// TestAJournalThatWasCutOffAnywhereTellsTheTruth cuts the journal of a change
// that was made, and of one that was not, at the ends of its lines and within
// them.
func TestAJournalThatWasCutOffAnywhereTellsTheTruth(t *testing.T) {
	s := newScene(t)
	done := s.close()
	path := filepath.Join(s.journal.Path(), done.Entry.ID+".jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	first := len(lines[0])
	for _, cut := range []int{first, first + 5, first + len(lines[1]) - 1, first + len(lines[1]), first + len(lines[1]) + 9} {
		for shown, want := range map[string]Shows{guarded: ShowsAfter, open: ShowsBefore, foreign: ShowsOther} {
			if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			s.world.SetTrust(s.world.Account, "vendor", shown)
			entry := s.entries()[0]
			seen := Settled(context.Background(), session(t, awslive.Options{}), entry, s.options)
			if seen.Shows != want || !entry.Open() {
				t.Errorf("cut at %d, showing %d: seen %d, state %s", cut, want, seen.Shows, entry.State())
			}
			if got := s.recover(entry, Finish); shown == foreign {
				s.ends(got, Superseded)
				s.shows(foreign)
			} else {
				s.ends(got, Done)
				s.shows(guarded)
			}
			s.allEnded()
		}
	}
}

func TestAnApplierThatWasKilledLeavesTheLockToTheNext(t *testing.T) {
	s := newScene(t)
	applier := s.applier("vendor")
	held := make(chan error, 1)
	s.fault(func(call awstest.Call) awstest.Fault {
		if call.Operation == get && call.Nth == 1 {
			_, err := s.journal.Hold(context.Background(), false)
			held <- err
			return func(http.ResponseWriter, *http.Request, func() []byte) { applier.kill() }
		}
		return nil
	})
	applier.run(s)
	if err := <-held; err == nil || !strings.Contains(err.Error(), fmt.Sprint("process ", applier.Process.Pid)) {
		t.Errorf("while it was at work: %v", err)
	}
	s.fault(nil)
	s.ends(s.close(), Done)
}
