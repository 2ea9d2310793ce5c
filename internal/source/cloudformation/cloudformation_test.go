package cloudformation

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/trust"
)

const own = "111122223333"

// found is what a test looks at of a role.
type found struct {
	*role.Role
	verdict trust.Verdict
}

// result is everything that was read of a file.
type result struct {
	roles      []found
	incomplete []audit.Incomplete
	used       []string
	isTemplate bool
}

// read reads a text as the only file of a directory.
func read(t testing.TB, text string, options Options) result {
	t.Helper()
	return readInput(t, template.Input{Path: "template.yaml", FromRoot: "template.yaml", Text: []byte(text)}, options)
}

// readFile reads a file of testdata, whose directory is the root.
func readFile(t testing.TB, directory, name string, options Options) result {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return readInput(t, template.Input{Path: directory + "/" + name, FromRoot: name, Text: text, FS: root.FS(), Name: name}, options)
}

func readInput(t testing.TB, input template.Input, options Options) result {
	t.Helper()
	var r result
	var err error
	r.isTemplate, err = Read(input, options, template.Output{
		Role: func(one *role.Role) error {
			r.roles = append(r.roles, found{one, decide(one)})
			return nil
		},
		Incomplete: func(i audit.Incomplete) { r.incomplete = append(r.incomplete, i) },
		Used:       func(name string) { r.used = append(r.used, name) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func decide(one *role.Role) trust.Verdict {
	if one.Trust.Err != nil {
		return trust.Verdict{Outcome: trust.Broken, Problem: one.Trust.Err.Error()}
	}
	policy, err := trust.Parse(*one.Trust.Tree)
	if err != nil {
		return trust.Verdict{Outcome: trust.Broken, Problem: err.Error()}
	}
	return trust.Decide(policy, trust.Question{Subject: trust.Subject{Account: one.Account, Partition: one.Partition}})
}

// said is a verdict in one line: the outcome, and what it depends on.
func (f found) said() string {
	text := f.Source.Address + " " + string(f.verdict.Outcome)
	if len(f.verdict.DependsOn) > 0 {
		text += " on " + strings.Join(f.verdict.DependsOn, "; ")
	}
	if f.DefaultAssumed {
		text += " (default)"
	}
	return text
}

// at is where a role's first reason stands, and the text there.
func (f found) at() string {
	if len(f.verdict.Reasons) == 0 {
		return ""
	}
	reason := f.verdict.Reasons[0]
	return fmt.Sprintf("%d:%d %s", reason.Range.Line(), reason.Range.Column(), reason.Range.Text())
}

func TestTemplatesGiveTheirRolesWithVerdictsAndPlaces(t *testing.T) {
	type want struct {
		said   string
		line   int
		column int
		at     string
	}
	tests := []struct {
		file string
		want []want
	}{
		{"cfn-json/template.json", []want{
			// Both principals, one of them our own account, need MFA; the third
			// is federated. Off has a condition that is false.
			{"A pass (default)", 6, 3, ""},
			{"Imported unknown on export VendorArn", 24, 3, `27:46 {"Fn::ImportValue": "VendorArn"}`},
		}},
		{"cfn-yaml/template.yaml", []want{
			{"VendorRole fail (default)", 22, 3, `32:20 !Sub "arn:${AWS::Partition}:iam::${VendorAccountId}:root"`},
			// The external ID has no default, and is a secret whatever it is.
			{"MonitorRole pass (default)", 40, 3, ""},
		}},
		{"cfn-yaml-hard/crlf.yaml", []want{
			{"VendorRole fail (default)", 22, 3, `32:20 !Sub "arn:${AWS::Partition}:iam::${VendorAccountId}:root"`},
			{"MonitorRole pass (default)", 40, 3, ""},
		}},
		{"cfn-yaml-hard/template.yaml", []want{
			{"One fail", 10, 3, `7:22 "arn:aws:iam::222233334444:root"`}, // at the anchor
			{"Two fail", 11, 3, `7:22 "arn:aws:iam::222233334444:root"`}, // through a merge key
			{"Three fail", 20, 3, `25:59 "222233334444"`},                // in a folded text
			{"Four unknown on AWS::Include s3://b/trust.yaml", 26, 3, ""},
		}},
		{"sam/template.yaml", []want{
			{"FnRole unknown on parameter Partner (SSM parameter /partner/arn)", 13, 3, "26:20 !Ref Partner"},
			{"RedReader fail", 34, 7, "41:34 'arn:aws:iam::777788889999:root'"},
			{"BlueReader fail", 34, 7, "41:34 'arn:aws:iam::777788889999:root'"},
		}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			r := readFile(t, "testdata/iac", test.file, Options{Account: own})
			if !r.isTemplate || len(r.incomplete) > 0 || len(r.roles) != len(test.want) {
				t.Fatalf("template: %v, incomplete: %v, roles: %d", r.isTemplate, r.incomplete, len(r.roles))
			}
			for i, want := range test.want {
				got := r.roles[i]
				if got.said() != want.said || got.Source.Line != want.line || got.Source.Column != want.column || got.at() != want.at {
					t.Errorf("got  %q at %d:%d, because of %q\nwant %q at %d:%d, because of %q", got.said(), got.Source.Line,
						got.Source.Column, got.at(), want.said, want.line, want.column, want.at)
				}
			}
		})
	}
}

func TestTheManifestOfACDKOutTellsAccountAndConstructPath(t *testing.T) {
	r := readFile(t, "testdata/iac/cdk", "cdk.out/VendorStack.template.json", Options{})
	if len(r.roles) != 1 {
		t.Fatalf("%d roles, want 1", len(r.roles))
	}
	one := r.roles[0]
	if want := "Role1ABCC5F0 (VendorStack/Role/Resource) fail"; one.said() != want || one.Account != own {
		t.Errorf("got %q in account %s, want %q in %s", one.said(), one.Account, want, own)
	}
	if principal := one.verdict.Reasons[0].Range; principal.Line() != 12 || !strings.HasSuffix(principal.Text(), `222233334444:root"`+"\n          ]\n         ]\n        }") {
		t.Errorf("the principal is at line %d: %s", principal.Line(), principal.Text())
	}
}
