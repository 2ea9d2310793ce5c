package journal

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// Hold is the right to change roles and to write down what is changed. One
// process at a time has it; it ends with the process, however that ends.
type Hold struct {
	journal *Journal
	lock    *os.File
}

// Holder is who has the hold.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// HeldError says that somebody else is changing roles.
type HeldError struct{ Holder Holder }

func (h *HeldError) Error() string {
	if h.Holder.PID == 0 {
		return "another process is changing roles with this journal"
	}
	return fmt.Sprintf("process %d on host %s is changing roles with this journal since %s",
		h.Holder.PID, h.Holder.Host, h.Holder.Since.UTC().Format(time.DateTime+" UTC"))
}

// Hint says what to do.
func (h *HeldError) Hint() string {
	return "let it end, or give --wait to go on as soon as it has"
}

// again is how often a hold that somebody else has is asked for.
const again = 200 * time.Millisecond

// Hold takes the hold, making the directory where there is none. While another
// process has it the error is a *[HeldError]; with wait it is taken as soon as
// it is free, or the context ends.
func (j *Journal) Hold(ctx context.Context, wait bool) (*Hold, error) {
	if err := j.prepare(); err != nil {
		return nil, err
	}
	path := filepath.Join(j.path, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the journal: %w", err)
	}
	for {
		err := lockFile(file)
		if err == nil {
			if err := sign(file); err != nil {
				file.Close()
				return nil, err
			}
			j.sweep()
			return &Hold{j, file}, nil
		}
		if !errors.Is(err, errLocked) {
			file.Close()
			return nil, fmt.Errorf("locking the journal: %w", err)
		}
		if !wait {
			holder := holderOf(file)
			file.Close()
			return nil, &HeldError{holder}
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(again):
		}
	}
}

var errLocked = errors.New("it is locked")

// sign says in the lock who has it. It tells and does not lock: what it says of
// a process that has ended means nothing.
func sign(file *os.File) error {
	host, _ := os.Hostname() // empty where it has no name
	text, err := json.Marshal(Holder{os.Getpid(), host, time.Now()})
	if err == nil {
		err = errors.Join(file.Truncate(0), writeAt(file, text))
	}
	if err != nil {
		return fmt.Errorf("locking the journal: %w", err)
	}
	return nil
}

func writeAt(file *os.File, text []byte) error {
	_, err := file.WriteAt(append(text, '\n'), 0)
	return err
}

func holderOf(file *os.File) (holder Holder) {
	text := make([]byte, 4096)
	n, _ := file.ReadAt(text, 0)
	if json.Unmarshal(bytes.TrimSpace(text[:n]), &holder) != nil {
		return Holder{} // it has not signed yet
	}
	return holder
}

// Release gives the hold back.
func (h *Hold) Release() {
	_ = h.lock.Truncate(0) // what it said holds no longer
	h.lock.Close()
}

// Journal is the one that is held.
func (h *Hold) Journal() *Journal { return h.journal }

// Intend writes down a change. Once it returns, the change is on the disk and
// may be made.
func (h *Hold) Intend(change Change) (*Entry, error) {
	for _, policy := range []string{change.Before, change.After} {
		if !utf8.ValidString(policy) {
			return nil, errors.New("the journal cannot keep a policy that is not UTF-8")
		}
	}
	for {
		now := time.Now().UTC()
		entry := &Entry{ID: newID(now), Change: change, Steps: []Step{{At: now, State: Intended}}}
		line, err := encode(first{schema, entry.ID, now, Intended, change})
		if err != nil {
			return nil, err
		}
		err = h.create(h.journal.file(entry.ID), line)
		if errors.Is(err, os.ErrExist) {
			continue // another one of the same second has the same id
		}
		if err != nil {
			return nil, fmt.Errorf("writing the journal: %w", err)
		}
		return entry, nil
	}
}

func (j *Journal) file(id string) string { return filepath.Join(j.path, id+suffix) }

// newID makes an id that can be typed and sorts by time.
func newID(now time.Time) string {
	var random [2]byte
	_, _ = rand.Read(random[:]) // it never fails
	return now.Format("20060102-150405-") + hex.EncodeToString(random[:])
}

func encode(line any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return nil, fmt.Errorf("writing the journal: %w", err)
	}
	return text.Bytes(), nil
}

// unfinished ends the name of an entry that is being made.
const unfinished = ".new"

// create makes the file of an entry, whole or not at all. Nobody else makes
// one meanwhile.
func (h *Hold) create(path string, line []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return os.ErrExist
	}
	file, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(line)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(path+unfinished, path)
	}
	if err != nil {
		_ = os.Remove(path + unfinished) // the next hold does it otherwise
		return err
	}
	return syncDirectory(h.journal.path)
}

// sweep removes what processes left that ended while they made an entry.
// Nothing was sent to AWS for it.
func (j *Journal) sweep() {
	names, _ := os.ReadDir(j.path) // what is left harms nobody
	for _, name := range names {
		if strings.HasSuffix(name.Name(), suffix+unfinished) {
			_ = os.Remove(filepath.Join(j.path, name.Name()))
		}
	}
}

// Step writes down a step of a change. Once it returns the step is on the disk.
func (h *Hold) Step(entry *Entry, step Step) error {
	if !entry.Open() {
		return fmt.Errorf("writing the journal: change %s has ended as %s", entry.ID, entry.State())
	}
	if step.At.IsZero() {
		step.At = time.Now().UTC()
	}
	line, err := encode(step)
	if err != nil {
		return err
	}
	if err := appendLine(h.journal.file(entry.ID), line); err != nil {
		return fmt.Errorf("writing the journal: change %s: %w", entry.ID, err)
	}
	entry.Steps = append(entry.Steps, step)
	return nil
}

func appendLine(path string, line []byte) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if cutOff(file) {
		// It may be all but whole. It has counted as not written, and stays so.
		line = append([]byte("(cut off)\n"), line...)
	}
	_, err = file.Write(line)
	return errors.Join(err, file.Sync(), file.Close())
}

// cutOff reports whether a file ends within a line.
func cutOff(file *os.File) bool {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false
	}
	var last [1]byte
	_, err = file.ReadAt(last[:], size-1)
	return err == nil && last[0] != '\n'
}
