package fix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/audit"
	"countersign/internal/fix/patch"
	"countersign/internal/rule"
	"countersign/internal/source"
	"countersign/trust"
)

const issued = "k3-Vq8sT7xx"

// tree is a directory of files that roles are read from.
type tree struct {
	t         fataler
	directory string
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func plant(t fataler, directory string, files map[string]string) *tree {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &tree{t, directory}
}

// findings are all the findings of a run.
type findings struct{ all []*rule.Finding }

// Finding implements audit.Sink.
func (f *findings) Finding(finding *rule.Finding) error {
	f.all = append(f.all, finding)
	return nil
}

var options = audit.Options{Keep: func(*rule.Finding) bool { return true }, Account: "111122223333"}

// judge judges all roles, with some files edited.
func (f *tree) judge(edited map[string][]byte) ([]*rule.Finding, error) {
	from := source.NewFiles([]string{f.directory}, nil, source.Options{Account: options.Account, Over: Over(edited)})
	found := &findings{}
	_, err := audit.Run(context.Background(), []audit.Source{from}, options, found)
	return found.all, err
}

// repair plans the change of the open roles that are wanted, and edits the files.
func (f *tree) repair(wanted func(name string) bool, rejudge Rejudge) (*Files, map[string]*Repair) {
	f.t.Helper()
	all, err := f.judge(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	demand := Demand{Require: trust.RequireExternalID, Issuer: &Issuer{Value: issued}}
	var repairs []*Repair
	byName := map[string]*Repair{}
	for _, finding := range all {
		if finding.Verdict.Outcome == trust.Fail && wanted(finding.Role.Name) {
			repair := Plan(finding, options, demand)
			repairs = append(repairs, repair)
			byName[finding.Role.Name] = repair
		}
	}
	if rejudge == nil {
		rejudge = f.judge
	}
	files, err := Edit(all, repairs, patch.Options{Read: os.ReadFile}, rejudge)
	if err != nil {
		f.t.Fatal(err)
	}
	return files, byName
}

func everyone(string) bool { return true }

// changed are the names of the files that change.
func (f *tree) changed(files *Files) (names []string) {
	for _, path := range files.Paths() {
		name, err := filepath.Rel(f.directory, path)
		if err != nil {
			f.t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(name))
	}
	return names
}

// chunk is a role in a CloudFormation template.
func chunk(name, principal, condition string) string {
	return fmt.Sprintf(`  %s:
    Type: AWS::IAM::Role # of %s
    Properties:
      RoleName: %s
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: "%s"}   # who
            Action: sts:AssumeRole
%s`, name, name, name, principal, condition)
}

const guarded = `            Condition: {StringEquals: {sts:ExternalId: "zq-81Lm2nB4cc"}}
`

const openPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`

// both are two Terraform roles with one policy document, the second as it is given.
func both(second string) string {
	return `data "aws_iam_policy_document" "vendor" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["444455556666"]
    }
  }
}

resource "aws_iam_role" "first" {
  name               = "first"
  assume_role_policy = data.aws_iam_policy_document.vendor.json
}

resource "aws_iam_role" "second" {
  name               = "second"
  assume_role_policy = ` + second + `
}
`
}

func TestATextThatFeedsTwoRolesIsEditedOnce(t *testing.T) {
	dir := plant(t, t.TempDir(), map[string]string{"main.tf": both("data.aws_iam_policy_document.vendor.json")})
	files, repairs := dir.repair(everyone, nil)
	if len(repairs) != 2 || !repairs["first"].Repaired() || !repairs["second"].Repaired() {
		t.Fatalf("repairs %v", repairs)
	}
	text := string(files.After[filepath.Join(dir.directory, "main.tf")])
	if n := strings.Count(text, issued); n != 1 {
		t.Errorf("the external ID is written %d times:\n%s", n, text)
	}
}

func TestATextThatFeedsARoleWhichIsNotMeantStaysAsItIs(t *testing.T) {
	dir := plant(t, t.TempDir(), map[string]string{"main.tf": both("data.aws_iam_policy_document.vendor.json"), "other.json": openPolicy})
	files, repairs := dir.repair(func(name string) bool { return name != "second" }, nil)
	if repair := repairs["first"]; repair.Repaired() || !strings.Contains(repair.Reason, "second") {
		t.Errorf("changed with the second: %+v", repair)
	}
	if got := dir.changed(files); !slices.Equal(got, []string{"other.json"}) {
		t.Errorf("files %v", got)
	}
}

// spoilt judges as the tree does, and then changes what it found.
func (f *tree) spoilt(spoil func(all []*rule.Finding) []*rule.Finding) Rejudge {
	return func(edited map[string][]byte) ([]*rule.Finding, error) {
		all, err := f.judge(edited)
		return spoil(all), err
	}
}

func TestARoleThatWouldNotPassStaysAndTheOthersAreClosed(t *testing.T) {
	template := "Resources:\n" + chunk("Stays", "444455556666", "") + chunk("Closes", "444455556666", "")
	for name, spoil := range map[string]func(*rule.Finding) *rule.Finding{
		"is gone": func(*rule.Finding) *rule.Finding { return nil },
		"would be judged unknown": func(found *rule.Finding) *rule.Finding {
			found.Verdict.Outcome = trust.Undecided
			return found
		},
		"has another policy": func(found *rule.Finding) *rule.Finding {
			tree := parsed(t, asking(`{"AWS":"444455556666"}`, `"StringEquals":{"sts:ExternalId":"not-it"}`)).Document()
			found.Role.Trust.Tree = &tree
			return found
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := plant(t, t.TempDir(), map[string]string{"t.yaml": template})
			files, repairs := dir.repair(everyone, dir.spoilt(func(all []*rule.Finding) (left []*rule.Finding) {
				for _, found := range all {
					// As long as it is edited it is not what it should be.
					if found.Role.Name == "Stays" && found.Verdict.Outcome == trust.Pass {
						if found = spoil(found); found == nil {
							continue
						}
					}
					left = append(left, found)
				}
				return left
			}))
			if repairs["Stays"].Repaired() || repairs["Stays"].Reason == "" || repairs["Stays"].Safety != nil {
				t.Errorf("it does not stay: %+v", repairs["Stays"])
			}
			if !repairs["Closes"].Repaired() {
				t.Errorf("the other is not closed: %s", repairs["Closes"].Reason)
			}
			text := string(files.After[filepath.Join(dir.directory, "t.yaml")])
			if !strings.Contains(text, chunk("Stays", "444455556666", "")) || strings.Count(text, issued) != 1 {
				t.Errorf("the text is\n%s", text)
			}
		})
	}
}

func TestWhereJudgingAgainFailsNothingIsEdited(t *testing.T) {
	dir := plant(t, t.TempDir(), map[string]string{"t.yaml": "Resources:\n" + chunk("One", "444455556666", "")})
	all, err := dir.judge(nil)
	if err != nil {
		t.Fatal(err)
	}
	repairs := []*Repair{Plan(all[0], options, Demand{Require: trust.RequireExternalID, Issuer: &Issuer{Value: issued}})}
	broken := errors.New("the disk is gone")
	files, err := Edit(all, repairs, patch.Options{Read: os.ReadFile}, func(map[string][]byte) ([]*rule.Finding, error) { return nil, broken })
	if !errors.Is(err, broken) || files != nil {
		t.Errorf("%v, %v", files, err)
	}
}

func TestAnEditThatChangesAnotherRoleIsTakenBack(t *testing.T) {
	template := "Resources:\n" + chunk("One", "444455556666", "") + chunk("Bystander", "222233334444", guarded)
	dir := plant(t, t.TempDir(), map[string]string{"t.yaml": template, "p.json": openPolicy})
	files, repairs := dir.repair(everyone, dir.spoilt(func(all []*rule.Finding) []*rule.Finding {
		edited := slices.ContainsFunc(all, func(found *rule.Finding) bool {
			return found.Role.Name == "One" && found.Verdict.Outcome == trust.Pass
		})
		return slices.DeleteFunc(all, func(found *rule.Finding) bool { return edited && found.Role.Name == "Bystander" })
	}))
	if repair := repairs["One"]; repair.Repaired() || !strings.Contains(repair.Reason, "Bystander") {
		t.Errorf("%+v", repair)
	}
	if got := dir.changed(files); !slices.Equal(got, []string{"p.json"}) {
		t.Errorf("files %v", got)
	}
}

func TestWhatNeverComesOutAsItShouldIsGivenUp(t *testing.T) {
	// In each round another role is not what it should be.
	template, names := "Resources:\n", []string{}
	for i := range rounds + 2 {
		names = append(names, fmt.Sprint("R", i))
		template += chunk(names[i], "444455556666", "")
	}
	dir := plant(t, t.TempDir(), map[string]string{"t.yaml": template})
	files, repairs := dir.repair(everyone, dir.spoilt(func(all []*rule.Finding) []*rule.Finding {
		at := slices.IndexFunc(all, func(found *rule.Finding) bool { return found.Verdict.Outcome == trust.Pass })
		return slices.Delete(all, at, at+1)
	}))
	if len(files.After) != 0 {
		t.Errorf("files %v", dir.changed(files))
	}
	for name, repair := range repairs {
		if repair.Repaired() || repair.Reason == "" {
			t.Errorf("%s: %+v", name, repair)
		}
	}
}

// Whatever roles are meant, in whatever files: those that say so are closed, and
// all other text is as it was, to the byte.
func TestNothingOutsideOfTheEditsIsTouched(t *testing.T) {
	root := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		files, chunks, open := map[string]string{}, map[string]map[string]string{}, map[string]string{}
		for i := range rapid.IntRange(1, 4).Draw(t, "files") {
			name := fmt.Sprintf("d%d/t%d.yaml", i%2, i)
			text := "# kept\nResources:\n"
			chunks[name] = map[string]string{}
			for j := range rapid.IntRange(1, 3).Draw(t, "roles") {
				role := fmt.Sprintf("R%dx%d", i, j)
				condition := rapid.SampledFrom([]string{"", "", guarded}).Draw(t, "condition")
				principal := rapid.SampledFrom([]string{"444455556666", "111122223333"}).Draw(t, "principal")
				if condition == "" && principal == "444455556666" {
					open[role] = name
				}
				chunks[name][role] = chunk(role, principal, condition)
				text += chunks[name][role] + rapid.SampledFrom([]string{"", "\n", "  # a note\n"}).Draw(t, "between")
			}
			if rapid.Bool().Draw(t, "CRLF") {
				text = strings.ReplaceAll(text, "\n", "\r\n")
				for role, part := range chunks[name] {
					chunks[name][role] = strings.ReplaceAll(part, "\n", "\r\n")
				}
			}
			files[name] = text
		}
		files["notes.md"] = "AWS: 444455556666\n"
		meant := map[string]bool{}
		for _, role := range slices.Sorted(maps.Keys(open)) {
			meant[role] = rapid.Bool().Draw(t, "meant")
		}
		dir := plant(t, filepath.Join(root, fmt.Sprint(run)), files)
		made, repairs := dir.repair(func(name string) bool { return meant[name] }, nil)

		want := map[string]bool{}
		for role, name := range open {
			if meant[role] {
				want[name] = true
				if repair := repairs[role]; !repair.Repaired() {
					t.Fatalf("%s stays open: %s", role, repair.Reason)
				}
			}
		}
		if got := dir.changed(made); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("files %v, want %v", got, want)
		}
		for name := range want {
			path := filepath.Join(dir.directory, name)
			text := string(made.After[path])
			if string(made.Before[path]) != files[name] {
				t.Fatalf("%s before is not what it was", name)
			}
			rest := files[name]
			for role, part := range chunks[name] {
				if meant[role] {
					// Its own lines stand, with those that were added behind them.
					text, rest = strings.Replace(text, part, "", 1), strings.Replace(rest, part, "", 1)
				} else if !strings.Contains(text, part) {
					t.Fatalf("%s of %s is not as it was:\n%s", role, name, text)
				}
			}
			added := strings.Count(text, issued)
			for _, line := range strings.SplitAfter(text, "\n") {
				if strings.Contains(line, issued) {
					text = strings.Replace(text, line, "", 1)
				}
			}
			if text != rest || added == 0 {
				t.Fatalf("%s is not as it was beside its %d edits:\n%q\n%q", name, added, text, rest)
			}
		}
	})
}
