// Package internal_test holds the packages to the way that data flows:
// source → document tree → trust → rule → audit → report, command line.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is a package of the project with what its files import, those for other
// systems included and tests left out.
type listed struct {
	ImportPath string
	Imports    []string
}

// packages reads the imports from the files themselves: what another program
// said would be remembered by the test cache when the files are no longer so.
func packages(t *testing.T) (all []listed) {
	t.Helper()
	const root = ".."
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case name == "testdata", strings.HasPrefix(name, ".") && path != root:
			return fs.SkipDir
		}
		imports, err := importsOf(path)
		if len(imports) > 0 {
			all = append(all, listed{strings.Replace(filepath.ToSlash(path), root, "countersign", 1), imports})
		}
		return err
	})
	if err != nil || len(all) < 50 {
		t.Fatalf("%d packages, %v", len(all), err)
	}
	return all
}

func importsOf(directory string) (imports []string, err error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, one := range parsed.Imports {
			imports = append(imports, strings.Trim(one.Path.Value, `"`))
		}
	}
	return imports, nil
}

const (
	trust    = "countersign/trust"
	role     = "countersign/internal/role"
	rights   = "countersign/internal/privilege"
	rule     = "countersign/internal/rule"
	audit    = "countersign/internal/audit"
	source   = "countersign/internal/source"
	report   = "countersign/internal/report"
	fix      = "countersign/internal/fix"
	textdiff = "countersign/internal/fix/textdiff"
	journal  = "countersign/internal/fix/journal"
	apply    = "countersign/internal/fix/apply"
	patch    = "countersign/internal/fix/patch"
	render   = "countersign/internal/fix/render"
	remedy   = "countersign/internal/fix/remedy"
	diff     = "countersign/internal/diff"
	revision = "countersign/internal/revision"
	staged   = "countersign/internal/staged"
	settings = "countersign/internal/settings"
	parties  = "countersign/internal/thirdparty"
	controls = "countersign/internal/compliance"
	rcp      = "countersign/internal/rcp"
	evidence = "countersign/internal/evidence"
	waivers  = "countersign/internal/waiver"
	known    = "countersign/internal/baseline"
	spelling = "countersign/internal/spelling"
	heap     = "countersign/internal/heap"
	worktree = "countersign/internal/worktree"
	publish  = "countersign/internal/publish"
	docs     = "countersign/docs"
	cli      = "countersign/internal/cli"
	program  = "countersign/cmd"
)

// mayImport says which packages of the project a package may import, beside
// those below itself. Tests may import what they like.
var mayImport = map[string][]string{
	docs:     {},
	spelling: {},
	heap:     {},
	worktree: {},
	trust:    {},
	role:     {trust},
	rights:   {trust, role},
	rule:     {trust, role, rights},
	rcp:      {trust},
	evidence: {trust},
	waivers:  {trust, role, rule, spelling},
	known:    {trust, role, rule, rights},
	settings: {trust, role, rule, spelling, worktree, waivers},
	parties:  {trust, role, rights, rule},
	controls: {spelling},
	audit:    {trust, role, rights, rule, parties, waivers, known},
	source:   {trust, role, rule, rcp, audit, evidence, worktree},
	diff:     {trust, role, rule, audit},
	report:   {trust, role, rights, rule, audit, waivers, known, parties, controls, diff, evidence, spelling, docs},
	revision: {},
	staged:   {trust, role, audit, source, revision},
	textdiff: {},
	journal:  {},
	fix:      {trust, role, rule, audit, evidence, source},
	apply:    {trust, journal, textdiff, source},
	patch:    {trust, role, source},
	render:   {trust},
	remedy:   {trust, role, render, source},
	publish:  {trust, rule, audit, report, source},
	program:  {cli, heap},
}

// within reports whether path is a package or below it.
func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func TestImportsPointOneWay(t *testing.T) {
	all := packages(t)
	for parent, allowed := range mayImport {
		held := 0
		for _, one := range all {
			if !within(one.ImportPath, parent) {
				continue
			}
			held++
			for _, path := range one.Imports {
				permitted := func(other string) bool { return within(path, other) }
				if within(path, "countersign") && !within(path, parent) && !slices.ContainsFunc(allowed, permitted) {
					t.Errorf("%s imports %s", one.ImportPath, path)
				}
			}
		}
		if held == 0 {
			t.Errorf("there is no package %s: the table is out of date", parent)
		}
	}
}

func TestOnlyTheProgramImportsTheCommandLine(t *testing.T) {
	for _, one := range packages(t) {
		if slices.Contains(one.Imports, cli) && !within(one.ImportPath, program) {
			t.Errorf("%s imports the command line", one.ImportPath)
		}
	}
}

func TestThePublicLibraryNeedsTheStandardLibraryOnly(t *testing.T) {
	for _, one := range packages(t) {
		if !within(one.ImportPath, trust) {
			continue
		}
		for _, path := range one.Imports {
			first, _, _ := strings.Cut(path, "/")
			if strings.Contains(first, ".") {
				t.Errorf("%s imports %s", one.ImportPath, path)
			}
			if doesIO := []string{"os", "net", "net/http", "os/exec", "syscall", "log"}; slices.Contains(doesIO, path) {
				t.Errorf("%s imports %s: the library does no input or output", one.ImportPath, path)
			}
		}
	}
}

// What reads a stranger's file starts no process and opens no connection.
func TestReadersOfUntrustedFilesHaveNoWayOut(t *testing.T) {
	for _, one := range packages(t) {
		if !within(one.ImportPath, source) && !within(one.ImportPath, rcp) && !within(one.ImportPath, settings) || strings.Contains(one.ImportPath, "live") {
			continue
		}
		for _, path := range one.Imports {
			if wayOut := []string{"os/exec", "net", "net/http", "plugin"}; slices.Contains(wayOut, path) {
				t.Errorf("%s imports %s", one.ImportPath, path)
			}
		}
	}
}
