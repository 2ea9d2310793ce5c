package docs_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the outputs in README.md, usage.md and fix.md")

// Pages whose console blocks are run, from this directory.
var shown = []string{"../README.md", "usage.md", "fix.md"}

// A console block holds commands and what they print:
//
//	$ countersign scan - < examples/account.json
//	output, both streams
//	$ echo $?
//	1
//
// A line "..." stands for any lines. A command whose block shows no output may
// print anything. Every command is run, with the examples in the working
// directory, and its exit code is the one shown, or 0 or 1 where none is.
func TestEveryCommandInTheDocumentsPrintsWhatTheyShow(t *testing.T) {
	for _, path := range shown {
		t.Run(filepath.Base(path), func(t *testing.T) {
			path, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(workingDirectory(t))
			blocks := consoleBlock.FindAllStringSubmatchIndex(string(text), -1)
			if len(blocks) == 0 {
				t.Fatal("the page shows no command")
			}
			written := bytes.Clone(text[:0])
			from := 0
			for _, at := range blocks {
				written = append(written, text[from:at[2]]...)
				written = append(written, runBlock(t, string(text[at[2]:at[3]]))...)
				from = at[3]
			}
			written = append(written, text[from:]...)
			if *update {
				if err := os.WriteFile(path, written, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// workingDirectory holds the examples, and no settings file or repository above
// them that would change the results.
func workingDirectory(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := os.CopyFS(filepath.Join(directory, "examples"), os.DirFS("../examples")); err != nil {
		t.Fatal(err)
	}
	return directory
}

// runBlock runs the commands of a block and returns the block with the outputs
// that they have now.
func runBlock(t *testing.T, block string) (now string) {
	t.Helper()
	code := 0
	for _, part := range strings.SplitAfter("\n"+block, "\n$ ")[1:] {
		part = strings.TrimSuffix(part, "$ ")
		line, want, _ := strings.Cut(part, "\n")
		now += "$ " + line + "\n"
		if line == "echo $?" {
			if got := strconv.Itoa(code); strings.TrimSpace(want) != got {
				t.Errorf("$ %s\nexits with %s, the page shows %s", line, got, strings.TrimSpace(want))
			}
			now += strconv.Itoa(code) + "\n"
			continue
		}
		var output string
		output, code = run(t, line)
		if code > 1 && !strings.Contains(block, "\n$ echo $?") {
			t.Errorf("$ %s\nexits with %d:\n%s", line, code, output)
		}
		if strings.TrimSpace(want) == "" {
			continue
		}
		if !agrees(output, want) && !*update {
			t.Errorf("$ %s\nprints\n%s\nthe page shows\n%s", line, output, want)
		}
		now += elided(t, output, want)
	}
	return now
}

// run runs one command line of the documents: countersign or its long form from
// a clone, arguments without blanks, and at most one redirection.
func run(t *testing.T, line string) (output string, code int) {
	t.Helper()
	arguments := strings.Fields(strings.Replace(line, "go run ./cmd/countersign", "countersign", 1))
	if len(arguments) == 0 || arguments[0] != "countersign" {
		t.Fatalf("$ %s\nis no command of ours: use another kind of block", line)
	}
	arguments = arguments[1:]
	var stdin bytes.Reader
	if at := slices.Index(arguments, "<"); at >= 0 {
		text, err := os.ReadFile(arguments[at+1])
		if err != nil {
			t.Fatal(err)
		}
		stdin.Reset(text)
		arguments = slices.Delete(arguments, at, at+2)
	}
	for i := range arguments {
		arguments[i] = strings.Trim(arguments[i], "'")
	}
	var terminal bytes.Buffer
	code = cli.Run(context.Background(), arguments, cli.Streams{In: &stdin, Out: &terminal, Err: &terminal})
	return terminal.String(), code
}

const anyLines = "...\n"

// agrees compares an output with what a page shows of it.
func agrees(output, want string) bool {
	return agree(slices.Collect(strings.Lines(output)), slices.Collect(strings.Lines(want)))
}

func agree(output, want []string) bool {
	switch {
	case len(want) == 0:
		return len(output) == 0
	case want[0] == anyLines:
		return agree(output, want[1:]) || len(output) > 0 && agree(output[1:], want)
	}
	return len(output) > 0 && output[0] == want[0] && agree(output[1:], want[1:])
}

// elided cuts an output down to the stretches that the page shows of the old
// one: as many lines at the beginning and at the end, and between them as many
// from the first line on that is still the same.
func elided(t *testing.T, output, want string) (now string) {
	t.Helper()
	stretches := strings.Split("\n"+want, "\n"+anyLines)
	lines := slices.Collect(strings.Lines(output))
	for i, stretch := range stretches {
		shown := slices.Collect(strings.Lines(strings.TrimPrefix(stretch, "\n")))
		n := min(len(shown), len(lines))
		switch {
		case i > 0 && i == len(stretches)-1:
			lines = lines[len(lines)-n:]
		case i > 0 && n > 0:
			first := strings.TrimSuffix(shown[0], "\n") + "\n"
			at := slices.Index(lines, first)
			if at < 0 {
				t.Fatalf("cannot update: no line %q is printed any more", first)
			}
			lines = lines[at:]
			n = min(n, len(lines))
		}
		if i > 0 {
			now += anyLines
		}
		if len(stretches) == 1 {
			n = len(lines)
		}
		now += strings.Join(lines[:n], "")
		lines = lines[n:]
	}
	return now
}

func TestAnOutputAgreesWithWhatAPageShowsOfIt(t *testing.T) {
	const output = "one\ntwo\nthree\nfour\n"
	tests := []struct {
		name, shown string
		agrees      bool
	}{
		{"all of it", output, true},
		{"the first and the last line", "one\n...\nfour\n", true},
		{"the first lines", "one\ntwo\n...\n", true},
		{"the last lines", "...\nthree\nfour\n", true},
		{"a line from between", "...\nthree\n...\n", true},
		{"a line is missing", "one\ntwo\nfour\n", false},
		{"a line is another", "one\n...\nfive\n", false},
		{"the end is missing", "one\ntwo\n", false},
		{"the beginning is missing", "two\n...\nfour\n", false},
		{"half a line", "one\n...\nour\n", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := agrees(output, test.shown); got != test.agrees {
				t.Errorf("agrees is %v", got)
			}
		})
	}
}

func TestEveryFlagAndCommandIsInTheUsagePage(t *testing.T) {
	text, err := os.ReadFile("usage.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"scan", "explain", "diff", "third-parties", "evidence", "undo", "rules", "compliance", "version", "completion"} {
		if !strings.Contains(string(text), "\n## countersign "+command) {
			t.Errorf("no section for the command %s", command)
		}
		help, code := run(t, "countersign "+command+" --help")
		if code != 0 {
			t.Errorf("help of %s exits with %d", command, code)
		}
		if command == "completion" {
			continue // its flags are those of the shells
		}
		for _, name := range regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(help, -1) {
			if !strings.Contains(string(text), "`"+name[1]) {
				t.Errorf("%s of %s is not in the page", name[1], command)
			}
		}
	}
}
