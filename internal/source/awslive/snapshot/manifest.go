// Package snapshot keeps what AWS answered in a directory, so that it can be
// audited again without AWS, and so that a run that was cut off can go on.
//
//	manifest.json               what was to be read, by whom and when
//	organization.json           accounts with their state, control policies with what they bind
//	accounts/ID.jsonl           the roles of an account, a page a line, as the AWS CLI would print them
//	accounts/ID.policies.jsonl  its managed policies, where a finding wanted one
//	accounts/ID.json            written last: what became of reading the account
//
// Answers are kept as they came, external IDs included, so directories have
// mode 0700 and files 0600. Every file appears whole or not at all.
package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"countersign/internal/audit"
)

// Schema names the form of the directory.
const Schema = "countersign.snapshot/v1"

const (
	manifestFile     = "manifest.json"
	organizationFile = "organization.json"
	accountsFolder   = "accounts"
)

// Caller is whose credentials asked.
type Caller struct {
	Account   string `json:"account"`
	ARN       string `json:"arn"`
	Partition string `json:"partition"`
}

// Plan is what a run is going to read.
type Plan struct {
	Caller       Caller
	RoleName     string             // assumed in other accounts
	Accounts     []string           // in the order of the results
	Gaps         []audit.Incomplete // known before any account is read
	Organization *Organization      // nil where there is none, or it was not asked for
}

// manifest is the form of manifest.json.
type manifest struct {
	Schema   string     `json:"schema"`
	Began    time.Time  `json:"began"`
	Ended    *time.Time `json:"ended,omitempty"` // absent when the run was cut off
	Caller   Caller     `json:"caller"`
	RoleName string     `json:"role_name"`
	Accounts []string   `json:"accounts"`
	Gaps     []gap      `json:"incomplete,omitempty"`
}

// status is the form of accounts/ID.json.
type status struct {
	Account string    `json:"account"`
	Read    time.Time `json:"read"`
	Roles   int       `json:"roles"`
	Gap     *gap      `json:"incomplete,omitempty"`
}

// gap is an audit.Incomplete as it is kept.
type gap struct {
	Source  string `json:"source"`
	Account string `json:"account,omitempty"`
	Reason  string `json:"reason"`
	Hint    string `json:"hint,omitempty"`
}

// largestFile bounds what is read of a file other than one of roles.
const largestFile = 64 << 20

// load reads a JSON file of the directory.
func load(root *os.Root, name string, into any) error {
	file, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, cause(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largestFile))
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, cause(err))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// keep writes a JSON file of the directory.
func keep(root *os.Root, name string, content any) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	file, err := draft(root, name)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	return errors.Join(err, settle(root, file, name, err == nil))
}

// draft opens the file in which name is written until it is whole.
func draft(root *os.Root, name string) (*os.File, error) {
	file, err := root.OpenFile(name+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, cause(err))
	}
	return file, nil
}

// settle closes a draft and, when it is whole, puts it in the place of name.
func settle(root *os.Root, file *os.File, name string, whole bool) error {
	var err error
	if whole {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil && whole {
		err = root.Rename(name+".part", name)
	} else {
		_ = root.Remove(name + ".part")
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, cause(err))
	}
	return nil
}

// cause drops the path that the system's errors repeat.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func keptGap(g audit.Incomplete) gap       { return gap(g) }
func (g gap) incomplete() audit.Incomplete { return audit.Incomplete(g) }
