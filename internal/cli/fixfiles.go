package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/fix"
	"countersign/internal/fix/patch"
	"countersign/internal/fix/textdiff"
	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/internal/source"
	"countersign/internal/source/awslive"
	"countersign/internal/thirdparty"
)

// repairing is a run of fix over files.
type repairing struct {
	settings settings.Settings
	all      []*rule.Finding
	repairs  []*fix.Repair
	options  audit.Options
	paths    []string
	summary  audit.Summary
	files    *fix.Files
	session  *awslive.Session // nil unless AWS is read
	owners   *thirdparty.Directory
	seen     sightings
}

// mostText bounds a file that is edited, in bytes.
const mostText = 64 << 20

func readText(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.New(cause(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostText+1))
	if err == nil && len(text) > mostText {
		err = fmt.Errorf("more than %d MB", mostText>>20)
	}
	return text, err
}

func namesIn(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, errors.New(cause(err))
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// repairFiles makes the edits, reads them again, and prints or writes them.
func (c *command) repairFiles(ctx context.Context, f *fixing, wanted outputs, r *repairing) error {
	var err error
	r.files, err = fix.Edit(r.all, r.repairs, patch.Options{Read: readText, List: namesIn, Declare: f.demand.declare}, func(edited map[string][]byte) ([]*rule.Finding, error) {
		return f.rejudge(ctx, r, edited)
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing was written")
	}
	if err := c.weigh(ctx, f, r); err != nil {
		return err
	}
	r.tellIDs(c)
	if err := c.writeFix(f, wanted, r); err != nil {
		return err
	}
	if f.write {
		if err := c.writeFiles(r.files); err != nil {
			return err
		}
	}
	c.code = r.code(f)
	return nil
}

// rejudge judges all paths again with some files edited.
func (f *fixing) rejudge(ctx context.Context, r *repairing, edited map[string][]byte) ([]*rule.Finding, error) {
	options, err := f.sourceOptions()
	if err != nil {
		return nil, err
	}
	options.Over = fix.Over(edited)
	paths, err := named(r.paths)
	if err != nil {
		return nil, err
	}
	all := &judged{}
	_, err = audit.Run(ctx, []audit.Source{source.NewFiles(paths, nil, options)}, r.options, all)
	return all.all, err
}

// tellIDs tells the external IDs that were made, each once and nowhere else.
func (r *repairing) tellIDs(c *command) {
	told := map[string]bool{}
	for _, repair := range r.repairs {
		for _, made := range repair.Made {
			if repair.Repaired() && !told[made.ID] {
				told[made.ID] = true
				c.note("external ID for %s, told this once: %s", made.Party, made.ID)
			}
		}
	}
}

// code is what a run is worth.
func (r *repairing) code(f *fixing) int {
	open := false
	for _, repair := range r.repairs {
		open = open || !repair.Repaired()
	}
	switch {
	case open, f.check && len(r.files.After) > 0:
		return exitFindings
	case r.summary.Error > 0 || len(r.summary.Incomplete) > 0:
		return exitIncomplete
	}
	return exitClean
}

// diff is the change of all files.
func (r *repairing) diff() string {
	var text strings.Builder
	for _, path := range r.files.Paths() {
		text.WriteString(r.diffOf(path))
	}
	return text.String()
}

// diffOf is the change of one file, named as git names it.
func (r *repairing) diffOf(path string) string {
	if strings.HasPrefix(path, "arn:") {
		return liveDiff(path, r.files.Before[path], r.files.After[path])
	}
	name := strings.TrimPrefix(filepath.ToSlash(path), "/")
	return textdiff.Unified("a/"+name, "b/"+name, r.files.Before[path], r.files.After[path], diffContext)
}

// diffContext is how many lines stand round a change, as diff -u has it.
const diffContext = 3

// writeFiles replaces the files, each at once, if they are still what was read.
func (c *command) writeFiles(files *fix.Files) error {
	for _, path := range files.Paths() {
		if err := replace(path, files.Before[path], files.After[path]); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		c.note("wrote %s", path)
	}
	return nil
}

// replace puts another text in the place of a file, with its mode.
func replace(path string, before, after []byte) error {
	if linked, err := filepath.EvalSymlinks(path); err == nil {
		path = linked
	}
	now, err := readText(path)
	if err != nil {
		return err
	}
	if string(now) != string(before) {
		return errors.New("it has changed since it was read; nothing was written there")
	}
	info, err := os.Stat(path)
	if err != nil {
		return errors.New(cause(err))
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".countersign-*")
	if err != nil {
		return errors.New(cause(err))
	}
	defer func() { _ = os.Remove(file.Name()) }() // it is gone once it was renamed
	_, err = file.Write(after)
	err = errors.Join(err, file.Chmod(info.Mode().Perm()), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.New(cause(err))
	}
	return nil
}
