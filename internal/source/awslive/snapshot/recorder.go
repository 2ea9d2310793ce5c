package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"countersign/internal/audit"
)

// Recorder keeps the answers of a run. A nil Recorder keeps none. Its methods
// may be called by several goroutines at once, for different accounts.
type Recorder struct {
	path     string
	root     *os.Root
	manifest manifest
	finished map[string]bool
}

// Create begins a directory, which must be absent or empty.
func Create(path string, plan Plan) (*Recorder, error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keeping the answers in %s: %w", path, cause(err))
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("keeping the answers in %s: the directory is not empty (--resume goes on with an earlier run)", path)
	}
	return begin(path, plan)
}

// Resume goes on with the run that a directory keeps, or begins one where
// there is none yet. The run must have asked with credentials of the same
// account, for the same organization and through the same role.
func Resume(path string, plan Plan) (*Recorder, error) {
	root, err := os.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Create(path, plan)
	}
	if err != nil {
		return nil, fmt.Errorf("going on with %s: %w", path, cause(err))
	}
	defer root.Close()
	var earlier manifest
	if err := load(root, manifestFile, &earlier); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Create(path, plan)
		}
		return nil, fmt.Errorf("going on with %s: %w", path, err)
	}
	var organization Organization
	if err := load(root, organizationFile, &organization); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("going on with %s: %w", path, err)
	}
	if err := sameRun(earlier, organization.ID, plan); err != nil {
		return nil, fmt.Errorf("going on with %s: %w", path, err)
	}
	r, err := begin(path, plan)
	if err != nil {
		return nil, err
	}
	for _, account := range plan.Accounts {
		var reached status
		if load(r.root, statusFile(account), &reached) == nil && reached.Account == account && reached.Gap == nil {
			r.finished[account] = true
		}
	}
	return r, nil
}

// sameRun says in what an earlier run differs, if it does.
func sameRun(earlier manifest, organization string, plan Plan) error {
	present := ""
	if plan.Organization != nil {
		present = plan.Organization.ID
	}
	for _, setting := range []struct{ name, then, now string }{
		{"schema", earlier.Schema, Schema},
		{"caller's account", earlier.Caller.Account, plan.Caller.Account},
		{"partition", earlier.Caller.Partition, plan.Caller.Partition},
		{"organization", organization, present},
		{"role name", earlier.RoleName, plan.RoleName},
	} {
		if setting.then != setting.now {
			return fmt.Errorf("it keeps another run: its %s was %q and is %q now", setting.name, setting.then, setting.now)
		}
	}
	return nil
}

// begin writes what is known before any account is read.
func begin(path string, plan Plan) (*Recorder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("keeping the answers in %s: %w", path, cause(err))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("keeping the answers in %s: %w", path, cause(err))
	}
	r := &Recorder{path: path, root: root, finished: map[string]bool{}, manifest: manifest{
		Schema: Schema, Began: time.Now().UTC().Truncate(time.Second),
		Caller: plan.Caller, RoleName: plan.RoleName, Accounts: slices.Clone(plan.Accounts),
	}}
	for _, lack := range plan.Gaps {
		r.manifest.Gaps = append(r.manifest.Gaps, keptGap(lack))
	}
	err = r.root.Mkdir(accountsFolder, 0o700)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err == nil && plan.Organization != nil {
		err = keep(root, organizationFile, plan.Organization)
	}
	if err == nil {
		err = keep(root, manifestFile, r.manifest)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keeping the answers in %s: %w", path, cause(err)), root.Close())
	}
	return r, nil
}

// Path returns the directory.
func (r *Recorder) Path() string {
	if r == nil {
		return ""
	}
	return r.path
}

// Finished reports whether an earlier run read an account to its end.
func (r *Recorder) Finished(account string) bool { return r != nil && r.finished[account] }

// Pages hands on what is kept of an account.
func (r *Recorder) Pages(account string, emit func(Page) error) error {
	return pages(r.root, rolesFile(account), "the roles of account "+account, func(page Page, _ int) error { return emit(page) })
}

// KeepPolicies keeps the managed policies of an account. A nil Recorder keeps
// none.
func (r *Recorder) KeepPolicies(account string, policies []Page) error {
	if r == nil {
		return nil
	}
	file, err := draft(r.root, policiesFile(account))
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(file)
	for i := range policies {
		if err = encoder.Encode(&policies[i]); err != nil {
			break
		}
	}
	return errors.Join(err, settle(r.root, file, policiesFile(account), err == nil))
}

// Policies hands on what is kept of the managed policies of an account, and
// reports whether anything is.
func (r *Recorder) Policies(account string, emit func(Page) error) (kept bool, err error) {
	if !r.Finished(account) {
		return false, nil
	}
	if _, err := r.root.Stat(policiesFile(account)); err != nil {
		return false, nil //nolint:nilerr // nothing is kept
	}
	return true, pages(r.root, policiesFile(account), policiesOf(account), func(page Page, _ int) error { return emit(page) })
}

// Finish says that the run came to its end.
func (r *Recorder) Finish() error {
	now := time.Now().UTC().Truncate(time.Second)
	r.manifest.Ended = &now
	return errors.Join(keep(r.root, manifestFile, r.manifest), r.root.Close())
}

// Draft is an account that is being kept. A nil Draft keeps nothing.
type Draft struct {
	recorder *Recorder
	account  string
	file     *os.File
	roles    int
}

// Begin begins to keep an account anew.
func (r *Recorder) Begin(account string) (*Draft, error) {
	if r == nil {
		return nil, nil
	}
	_ = r.root.Remove(statusFile(account))
	_ = r.root.Remove(policiesFile(account))
	file, err := draft(r.root, rolesFile(account))
	if err != nil {
		return nil, err
	}
	return &Draft{recorder: r, account: account, file: file}, nil
}

// Page adds a page.
func (d *Draft) Page(page Page) error {
	if d == nil {
		return nil
	}
	text, err := json.Marshal(page)
	if err == nil {
		_, err = d.file.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keeping account %s: %w", d.account, cause(err))
	}
	d.roles += len(page.RoleDetailList) + len(page.Roles)
	return nil
}

// Close ends the account. lack is what could not be read of it, or nil.
func (d *Draft) Close(lack *audit.Incomplete) error {
	if d == nil {
		return nil
	}
	r := d.recorder
	if err := settle(r.root, d.file, rolesFile(d.account), true); err != nil {
		return err
	}
	reached := status{Account: d.account, Read: time.Now().UTC().Truncate(time.Second), Roles: d.roles}
	if lack != nil {
		what := keptGap(*lack)
		reached.Gap = &what
	}
	return keep(r.root, statusFile(d.account), reached)
}

// Drop forgets what was kept of the account.
func (d *Draft) Drop() {
	if d != nil {
		_ = settle(d.recorder.root, d.file, rolesFile(d.account), false)
	}
}

func rolesFile(account string) string  { return accountsFolder + "/" + account + ".jsonl" }
func statusFile(account string) string { return accountsFolder + "/" + account + ".json" }

func policiesFile(account string) string { return accountsFolder + "/" + account + ".policies.jsonl" }
func policiesOf(account string) string   { return "the managed policies of account " + account }
