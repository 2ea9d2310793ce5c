package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

const (
	schema = "countersign.change/v1"
	suffix = ".jsonl"
	// largest bounds what is read of a file. IAM takes policies of at most
	// 131,072 characters (API Reference, "UpdateAssumeRolePolicy").
	largest = 8 << 20
)

// first is the first line of an entry.
type first struct {
	Schema string    `json:"schema"`
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	State  State     `json:"state"`
	Change
}

var idForm = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$`)

func read(path, id string) (*Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err != nil {
		return nil, err
	}
	if len(text) > largest {
		return nil, fmt.Errorf("it has more than %d MB, which no change has", largest>>20)
	}
	return parse(text, id)
}

// parse reads the file of the change with that id.
func parse(text []byte, id string) (*Entry, error) {
	if !idForm.MatchString(id) {
		return nil, errors.New("its name is not that of a change")
	}
	line, rest, whole := bytes.Cut(text, []byte{'\n'})
	if !whole {
		return nil, errors.New("it was cut off while its first line was written; nothing was sent to AWS")
	}
	var begin first
	if err := json.Unmarshal(line, &begin); err != nil {
		return nil, fmt.Errorf("its first line cannot be read: %w", err)
	}
	switch {
	case begin.Schema != schema:
		return nil, fmt.Errorf("its first line is not of %s; another version of countersign may read it", schema)
	case begin.ID != id:
		return nil, errors.New("its first line tells another change")
	case begin.State != Intended:
		return nil, errors.New("its first line tells no intention")
	}
	entry := &Entry{ID: id, Change: begin.Change, Steps: []Step{{At: begin.At, State: begin.State}}}
	for number := 2; len(rest) > 0; number++ {
		line, rest, whole = bytes.Cut(rest, []byte{'\n'})
		var step Step
		err := json.Unmarshal(line, &step)
		_, known := ends[step.State]
		switch {
		case !whole || err != nil:
			// A line without its end, or one that a later step had to go on
			// behind.
			entry.Notes = append(entry.Notes, fmt.Sprintf("line %d was cut off while it was written, and counts as not written", number))
		case !known || step.State == Intended:
			entry.Notes = append(entry.Notes, fmt.Sprintf("line %d has the state %q, which this version does not know, and counts as not written", number, step.State))
		default:
			entry.Steps = append(entry.Steps, step)
		}
	}
	return entry, nil
}
