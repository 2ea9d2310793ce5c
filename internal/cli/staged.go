package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"countersign/internal/audit"
	"countersign/internal/revision"
	"countersign/internal/source"
	"countersign/internal/staged"
	"countersign/internal/worktree"
)

// fromIndex opens what is staged in the git repository of the current directory.
func (c *command) fromIndex(j *judgement, paths []string) (*supply, error) {
	if j.live.wanted {
		return nil, &misuse{"--staged reads what is staged in git, and --live reads from AWS", "scan them in two runs"}
	}
	if j.baselines.write != "" {
		return nil, &misuse{"--staged judges what a commit changes, and --write-baseline writes what all has to be known", "write the baseline in a run without --staged"}
	}
	options, err := j.sourceOptions()
	if err != nil {
		return nil, err
	}
	found, err := openStaged(paths, options)
	if err != nil {
		return nil, err
	}
	return &supply{sources: []audit.Source{found}, bytes: found.Progress}, nil
}

func openStaged(paths []string, options source.Options) (*staged.Source, error) {
	outside := &misuse{"--staged: the current directory is in no git repository", "run it in the work tree, or scan the files as they are: countersign scan ."}
	repository, err := revision.Open(".")
	if errors.Is(err, revision.ErrNone) {
		return nil, outside
	}
	if err != nil {
		return nil, err
	}
	top, found := topOfWorkTree()
	if !found {
		return nil, outside
	}
	change, err := repository.Staged(indexFile(top))
	if err != nil {
		return nil, err
	}
	below, err := askedFor(change, top, paths)
	if err != nil {
		return nil, err
	}
	return staged.New(change, below, options), nil
}

// askedFor gives the paths as the index has them; none stand for all of it.
func askedFor(change *revision.Staged, top string, paths []string) (below []string, err error) {
	for _, path := range paths {
		inside, err := fromTop(top, path)
		switch {
		case err != nil:
			return nil, err
		case inside == ".":
			return nil, nil
		case !change.Has(inside) && change.Unread[inside] == "":
			return nil, &misuse{path + " is not in the git index", "git add " + path + " stages it"}
		}
		below = append(below, inside)
	}
	return below, nil
}

// indexFile is the index that git names to its hooks, which is not that of the
// work tree in "git commit -a" and "git commit FILE". Git counts its path from
// the top of the work tree.
func indexFile(top string) string {
	file := os.Getenv("GIT_INDEX_FILE")
	if file != "" && !filepath.IsAbs(file) {
		file = filepath.Join(top, file)
	}
	return file
}

// topOfWorkTree is where the paths in the index count from, links resolved.
func topOfWorkTree() (string, bool) {
	directory, err := resolved(".")
	if err != nil {
		return "", false
	}
	return worktree.Top(directory)
}

func resolved(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// fromTop gives a path as the index has it. A file that is gone from the work
// tree may be staged all the same.
func fromTop(top, path string) (string, error) {
	if path == stdout {
		return "", &misuse{"--staged reads what is staged in git, not standard input", `leave "-" out`}
	}
	whole, err := resolved(path)
	if errors.Is(err, os.ErrNotExist) {
		directory, name := filepath.Split(filepath.Clean(path))
		if whole, err = resolved(either(directory, ".")); err == nil {
			whole = filepath.Join(whole, name)
		}
	}
	if err != nil {
		return "", &misuse{fmt.Sprintf("cannot read %s: %s", path, cause(err)), ""}
	}
	inside, err := filepath.Rel(top, whole)
	if err != nil || !filepath.IsLocal(inside) {
		return "", &misuse{fmt.Sprintf("%s is outside of the git repository at %s", path, top), ""}
	}
	return filepath.ToSlash(inside), nil
}
