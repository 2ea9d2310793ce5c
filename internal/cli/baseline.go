package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/baseline"
	"countersign/internal/revision"
	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/trust"
)

// baselines are the flags about what an earlier scan has found.
type baselines struct {
	read, write string
	renames     error // why renamed files are not known
}

func (b *baselines) register(flags *pflag.FlagSet) {
	group := inGroup(flags, "Run")
	group(&word{&b.read, "FILE", notEmpty}, "baseline", "findings that this file knows do not count; roles that open wider than it says do")
	group(&word{&b.write, "FILE", notEmpty}, "write-baseline", "write what was found to a file for --baseline; the exit code is the same")
}

// known opens the baseline; nil when none is asked for.
func (b *baselines) known(paths []string, found settings.Settings) (*baseline.Baseline, error) {
	if b.read == "" {
		return nil, nil
	}
	fail := func(err error) (*baseline.Baseline, error) {
		return nil, &misuse{fmt.Sprintf("--baseline: %s: %s", b.read, cause(err)), "it is a file of countersign scan --write-baseline"}
	}
	file, err := os.Open(b.read)
	if err != nil {
		return fail(err)
	}
	defer file.Close()
	read, err := baseline.Read(file)
	if err != nil {
		return fail(err)
	}
	renames := func(commit string) map[string]string {
		repository, err := repositoryOf(paths)
		if err != nil {
			b.renames = err
			return nil
		}
		renamed, err := repository.Renames(commit)
		b.renames = err
		return renamed
	}
	return baseline.New(read, baseline.Options{Zone: zoneOf(found), Renames: renames}), nil
}

// repositoryOf opens the repository that what is scanned lies in.
func repositoryOf(paths []string) (*revision.Repository, error) {
	directory := "."
	if len(paths) > 0 && paths[0] != stdout { // which is standard input here
		directory = paths[0]
		if info, err := os.Stat(directory); err == nil && !info.IsDir() {
			directory = filepath.Dir(directory)
		}
	}
	return revision.Open(directory)
}

// zoneOf writes down the zone of trust.
func zoneOf(found settings.Settings) baseline.Zone {
	var zone baseline.Zone
	for _, account := range found.Accounts {
		text := account.ID
		if len(account.Roles) > 0 {
			text += " for " + strings.Join(account.Roles, ", ")
		}
		zone.Accounts = append(zone.Accounts, text)
	}
	for _, organization := range found.Organizations {
		zone.Organizations = append(zone.Organizations, organization.ID)
	}
	for _, list := range []*[]string{&zone.Accounts, &zone.Organizations} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return zone
}

// recorder gathers findings for a baseline. It is an audit's sink.
type recorder struct {
	file baseline.File
	to   *destination
	path string
}

// recorder opens the file that a baseline is written to; nil when none is.
func (b *baselines) recorder(paths []string, found settings.Settings) (*recorder, error) {
	if b.write == "" {
		return nil, nil
	}
	to, err := createFor("--write-baseline", b.write)
	if err != nil {
		return nil, err
	}
	made := &recorder{file: baseline.File{Zone: zoneOf(found)}, to: to, path: b.write}
	switch repository, err := repositoryOf(paths); {
	case err == nil:
		made.file.Commit = repository.Head()
	case !errors.Is(err, revision.ErrNone):
		to.drop()
		return nil, err
	}
	return made, nil
}

// Finding implements audit.Sink. What is waived is not written: once the waiver
// ends, it is to be news.
func (r *recorder) Finding(finding *rule.Finding) error {
	switch finding.Verdict.Outcome {
	case trust.Fail, trust.Undecided:
		if finding.Waiver == nil {
			r.file.Entries = append(r.file.Entries, baseline.NewEntry(finding))
		}
	}
	return nil
}

// keep writes the file.
func (r *recorder) keep() error {
	err := r.file.Write(r.to)
	if err = errors.Join(err, r.to.Flush()); err == nil {
		err = r.to.keep()
	}
	if err != nil {
		return fmt.Errorf("writing %s: %s", r.path, cause(err))
	}
	return nil
}

// mostResolved is how many resolved entries are named on stderr.
const mostResolved = 10

// tellBaseline says on stderr what of a baseline is not found any more.
func (c *command) tellBaseline(b *baselines, summary audit.Summary) {
	if summary.Baseline == nil {
		return
	}
	if b.renames != nil {
		c.note("note: which files were renamed since the baseline is not known: %v", b.renames)
		c.hint("a shallow clone lacks the baseline's commit: fetch the whole history, or write the baseline anew")
	}
	resolved := summary.Baseline.Resolved
	for i := range resolved[:min(len(resolved), mostResolved)] {
		one := &resolved[i]
		name := one.Role
		if one.Path != "" {
			name += " in " + one.Path
		}
		c.note("note: no longer found: %s (%s, %s)", name, one.Verdict, one.Severity)
	}
	if more := len(resolved) - mostResolved; more > 0 {
		c.note("note: and %s; --format json lists all", plural(more, "more role"))
	}
	if len(resolved) > 0 {
		c.hint("what is not found is closed, gone, or was not scanned; --write-baseline writes the baseline anew")
	}
}
