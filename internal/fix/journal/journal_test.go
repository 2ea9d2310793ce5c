package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func sample() Change {
	return Change{
		Tool: "countersign test", Caller: "arn:aws:iam::111122223333:user/alice", Through: "arn:aws:iam::444455556666:role/countersign-fix",
		Partition: "aws", Account: "444455556666", Role: Role{"vendor", "arn:aws:iam::444455556666:role/vendor", "AROAEXAMPLE"},
		Before: "{\n\t\"a\": \"<é&> \\u0041\"}", After: `{"a":"b"}`,
		VerdictBefore: Verdict{Outcome: "fail", Reasons: []string{"no-condition"}},
		VerdictAfter:  Verdict{Outcome: "pass", Protection: []string{"external-id"}},
	}
}

func hold(t *testing.T, j *Journal) *Hold {
	t.Helper()
	h, err := j.Hold(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Release)
	return h
}

func intend(t *testing.T, h *Hold, change Change, steps ...Step) *Entry {
	t.Helper()
	entry, err := h.Intend(change)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if err := h.Step(entry, step); err != nil {
			t.Fatal(err)
		}
	}
	return entry
}

func newJournal(t *testing.T) *Journal {
	t.Helper()
	return At(filepath.Join(t.TempDir(), "state", "journal"))
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	j := newJournal(t)
	if entries, damages, err := j.Entries(); len(entries)+len(damages) > 0 || err != nil {
		t.Fatalf("an absent journal holds %v, %v, %v", entries, damages, err)
	}
	h := hold(t, j)
	live := `{"a": "b"}`
	want := []*Entry{
		intend(t, h, sample(), Step{State: Sent}, Step{State: Confirmed, Live: &live}),
		intend(t, h, sample(), Step{State: Failed, Reason: "AccessDenied"}),
		intend(t, h, sample()),
	}
	got, damages, err := j.Entries()
	if err != nil || len(damages) > 0 || len(got) != len(want) {
		t.Fatalf("%d entries, %v, %v", len(got), damages, err)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("read    %+v\nwritten %+v", got[i], want[i])
		}
	}
	if got[0].Before != sample().Before || got[0].Live() != live || got[1].Live() != sample().After {
		t.Errorf("policies %q, %q, %q", got[0].Before, got[0].Live(), got[1].Live())
	}
	for i, open := range []bool{false, false, true} {
		if got[i].Open() != open {
			t.Errorf("entry %d is open: %v", i, got[i].Open())
		}
	}
	if err := h.Step(got[0], Step{State: Failed}); err == nil {
		t.Error("a change that has ended takes another step")
	}
}

func TestAChangeThatWasUndoneSaysByWhich(t *testing.T) {
	j := newJournal(t)
	h := hold(t, j)
	done := intend(t, h, sample(), Step{State: Sent}, Step{State: Confirmed})
	undo := sample()
	undo.Undoes = done.ID
	tried := intend(t, h, undo, Step{State: Failed})
	if found, err := j.Find(done.ID); err != nil || found.State() != Confirmed {
		t.Errorf("after an undo that failed (%s): %v, %v", tried.ID, found, err)
	}
	second := intend(t, h, undo, Step{State: Sent}, Step{State: Confirmed})
	found, err := j.Find(done.ID)
	if err != nil || found.State() != Reverted || found.RevertedBy != second.ID || found.Open() {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestAnEntryIsThereAsAWholeOrNotAtAll(t *testing.T) {
	j := newJournal(t)
	h := hold(t, j)
	intend(t, h, sample())
	left := j.file("20261125-193012-4f2a") + unfinished
	if err := os.WriteFile(left, []byte(`{"schema":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if entries, damages, err := j.Entries(); len(entries) != 1 || len(damages) > 0 || err != nil {
		t.Errorf("%d entries, %v, %v", len(entries), damages, err)
	}
	h.Release()
	hold(t, j)
	if _, err := os.Lstat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the next hold leaves it: %v", err)
	}
}

func TestOnlyTheOwnerReadsTheJournal(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // which has no modes
	}
	j := newJournal(t)
	entry := intend(t, hold(t, j), sample(), Step{State: Sent})
	for path, want := range map[string]os.FileMode{
		j.path: 0o700, filepath.Dir(j.path): 0o700, j.file(entry.ID): 0o600, filepath.Join(j.path, "lock"): 0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %o", path, info.Mode(), err, want)
		}
	}
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	var open *OpenError
	if _, err := At(shared).Hold(context.Background(), false); !errors.As(err, &open) || !strings.Contains(open.Hint(), "chmod 700") {
		t.Errorf("a directory that others may read: %v", err)
	}
}

func TestAChangeIsFoundByAnyPartOfItsIDThatIsItsAlone(t *testing.T) {
	j := newJournal(t)
	h := hold(t, j)
	entry := intend(t, h, sample())
	intend(t, h, sample())
	for _, ref := range []string{entry.ID, entry.ID[len(entry.ID)-4:]} {
		if found, err := j.Find(ref); err != nil || found.ID != entry.ID {
			t.Errorf("%q: %v, %v", ref, found, err)
		}
	}
	for _, ref := range []string{"", "zzzz", entry.ID[:8]} {
		var wrong *RefError
		if _, err := j.Find(ref); !errors.As(err, &wrong) || wrong.Hint() == "" {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

// TestALineThatWasCutOffCountsAsNotWritten cuts an entry at every byte, reads
// it, and goes on writing behind the cut.
func TestALineThatWasCutOffCountsAsNotWritten(t *testing.T) {
	j := newJournal(t)
	h := hold(t, j)
	entry := intend(t, h, sample(), Step{State: Sent}, Step{State: Unconfirmed, Reason: "not seen"})
	whole, err := os.ReadFile(j.file(entry.ID))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for cut := range len(whole) {
		if err := os.WriteFile(j.file(entry.ID), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		entries, damages, err := j.Entries()
		if err != nil {
			t.Fatal(err)
		}
		written := strings.Count(string(whole[:cut]), "\n")
		if written == 0 {
			if len(entries) != 0 || len(damages) != 1 || !strings.Contains(damages[0].Reason, "nothing was sent") {
				t.Fatalf("cut at %d: %v, %v", cut, entries, damages)
			}
			continue
		}
		within := cut != len(strings.Join(lines[:written], ""))
		if len(entries) != 1 || len(entries[0].Steps) != written || len(entries[0].Notes) > 0 != within {
			t.Fatalf("cut at %d: %+v, %v", cut, entries, damages)
		}
		if err := h.Step(entries[0], Step{State: Confirmed}); err != nil {
			t.Fatal(err)
		}
		again, err := j.Find(entry.ID)
		if err != nil || again.State() != Confirmed || len(again.Steps) != written+1 || len(again.Notes) > 0 != within {
			t.Fatalf("cut at %d and gone on: %+v, %v", cut, again, err)
		}
	}
}

func TestWhatIsNoChangeIsToldAndTheOthersAreRead(t *testing.T) {
	j := newJournal(t)
	h := hold(t, j)
	entry := intend(t, h, sample())
	text, err := os.ReadFile(j.file(entry.ID))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"20260101-000000-0000.jsonl": "garbage\n",
		"20260101-000000-0001.jsonl": string(text), // another change's
		"20260101-000000-0002.jsonl": `{"schema":"countersign.change/v9"}` + "\n",
		"20260101-000000-0003.jsonl": "",
		"notes.jsonl":                string(text),
		"README":                     "not ours",
	} {
		if err := os.WriteFile(filepath.Join(j.path, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, damages, err := j.Entries()
	if err != nil || len(entries) != 1 || len(damages) != 5 {
		t.Errorf("%d entries, %v, %v", len(entries), damages, err)
	}
	if err := os.WriteFile(j.file(entry.ID), append(text, `{"state":"exploded"}`+"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := j.Find(entry.ID); err != nil || found.State() != Intended || len(found.Notes) != 1 {
		t.Errorf("a state of a later version: %+v, %v", found, err)
	}
}

const holdFor = "COUNTERSIGN_TEST_HOLD"

// TestMain is a process that takes a hold and keeps it, where it is asked for.
func TestMain(m *testing.M) {
	if path := os.Getenv(holdFor); path != "" {
		hold, err := At(path).Hold(context.Background(), false)
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("held")
		time.Sleep(time.Hour)
		hold.Release()
	}
	os.Exit(m.Run())
}

func TestOneProcessAtATimeHasTheHold(t *testing.T) {
	j := newJournal(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), holdFor+"="+j.path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { child.Process.Kill(); child.Wait() }()
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || said != "held\n" {
		t.Fatalf("the child says %q, %v", said, err)
	}

	var held *HeldError
	if _, err := j.Hold(context.Background(), false); !errors.As(err, &held) {
		t.Fatalf("two processes have the hold: %v", err)
	}
	host, _ := os.Hostname()
	if held.Holder.PID != child.Process.Pid || held.Holder.Host != host || time.Since(held.Holder.Since) > time.Minute {
		t.Errorf("the holder is %+v, want process %d on %s", held.Holder, child.Process.Pid, host)
	}
	if said := held.Error(); !strings.Contains(said, fmt.Sprint("process ", child.Process.Pid, " on host ", host)) || !strings.Contains(held.Hint(), "--wait") {
		t.Errorf("it says %q, hint %q", said, held.Hint())
	}
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := j.Hold(short, true); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting beyond the context: %v", err)
	}

	// Killed, it leaves the hold to the next.
	time.AfterFunc(300*time.Millisecond, func() { child.Process.Kill() })
	waiting, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	h, err := j.Hold(waiting, true)
	if err != nil {
		t.Fatalf("after the holder's death: %v", err)
	}
	h.Release()
	h, err = j.Hold(context.Background(), false)
	if err != nil {
		t.Fatalf("after its release: %v", err)
	}
	h.Release()
}

func TestTheUsersOwnJournalIsWithTheStateOfPrograms(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	if got, err := DefaultPath(); err != nil || got != filepath.Join(state, "countersign", "journal") {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DefaultPath(); err != nil || got != filepath.Join(home, ".local", "state", "countersign", "journal") {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzParse: a damaged entry is read or refused, and what is read tells no more
// than the lines that are whole.
func FuzzParse(f *testing.F) {
	const id = "20261125-193012-4f2a"
	line, err := encode(first{schema, id, time.Unix(1, 0), Intended, sample()})
	if err != nil {
		f.Fatal(err)
	}
	begin := string(line)
	f.Add(begin)
	f.Add(begin + `{"at":"2026-11-25T19:30:12Z","state":"sent"}` + "\n" + `{"state":"confirmed","live":"{}"}` + "\n")
	f.Add(begin + `{"state":"se`)
	f.Add(begin + `{"state":"se(cut off)` + "\n" + `{"state":"failed","reason":"x"}` + "\n")
	f.Add(begin[:40])
	f.Add("\n\n\n")
	f.Add(`{"schema":"countersign.change/v1","id":"` + id + `","state":"intended","role":null,"verdict_before":[]}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		entry, err := parse([]byte(text), id)
		if (entry == nil) == (err == nil) {
			t.Fatalf("%v, %v", entry, err)
		}
		if err != nil {
			return
		}
		if lines := strings.Count(text, "\n"); len(entry.Steps) > lines || entry.ID != id || entry.Steps[0].State != Intended {
			t.Errorf("%d steps from %d lines: %+v", len(entry.Steps), lines, entry)
		}
		_, _, _ = entry.State(), entry.Live(), entry.Open()
	})
}
