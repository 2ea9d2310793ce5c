package snapshot_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/awslive/snapshot"
)

const account = "111122223333"

var rolesSource = role.Source{Kind: role.Saved, Path: "roles.jsonl"}

func TestDocumentsAreDecodedAsIAMEncodesThem(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, test := range []struct {
		name   string
		policy *string
		want   string
		fault  string
	}{
		{"percent-encoded", text("%7B%22Sid%22%3A%22a%2Bb%20c%22%7D"), `{"Sid":"a+b c"}`, ""},
		{"a plus stands for itself", text("%7B%22Sid%22%3A%22a+b%22%7D"), `{"Sid":"a+b"}`, ""},
		{"an encoder that leaves braces alone", text(`{%22Sid%22:%22a%25b%22}`), `{"Sid":"a%b"}`, ""},
		{"plain, with a percent sign in it", text(` { "Sid":"100%25 %zz"}`), ` { "Sid":"100%25 %zz"}`, ""},
		{"plain and empty", text("{}"), "{}", ""},
		{"a broken escape", text("%7B%2"), "", "cannot be decoded"},
		{"empty", text(""), "", "no trust policy"},
		{"none", nil, "", "no trust policy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := snapshot.Page{Roles: []snapshot.Role{{Arn: "arn:aws:iam::111122223333:role/r", RoleName: "r", AssumeRolePolicyDocument: test.policy}}}
			found, err := page.Items(rolesSource, nil)[0].Role()
			if err != nil {
				t.Fatal(err)
			}
			if test.fault != "" {
				if found.Trust.Err == nil || !strings.Contains(found.Trust.Err.Error(), test.fault) {
					t.Errorf("fault %v, want one with %q", found.Trust.Err, test.fault)
				}
				return
			}
			if found.Trust.Err != nil || string(found.Trust.JSON) != test.want {
				t.Errorf("got %s, fault %v; want %s", found.Trust.JSON, found.Trust.Err, test.want)
			}
		})
	}
}

func TestARoleWithoutANameIsAFault(t *testing.T) {
	page := snapshot.Page{RoleDetailList: []snapshot.Role{{RoleName: "r"}, {Arn: "arn:aws:iam::111122223333:role/r"}}}
	for _, item := range page.Items(rolesSource, nil) {
		if found, err := item.Role(); err == nil {
			t.Errorf("got %+v", found)
		}
	}
}

// FuzzSnapshot reads directories that anybody may have written.
func FuzzSnapshot(f *testing.F) {
	f.Add(`{"schema":"countersign.snapshot/v1","accounts":["111122223333"]}`,
		`{"id":"o-1","accounts":[{"id":"111122223333","parents":["r-1"]}],"rcps":[{"id":"p-1","content":"{}","targets":["r-1"]}]}`,
		`{"account":"111122223333","roles":1}`, `{"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:role/r","RoleName":"r"}]}`)
	f.Add(`{"schema":"countersign.snapshot/v1","accounts":["../../x"]}`, `[]`, `null`, "{}\n\n{}")
	f.Fuzz(func(t *testing.T, manifest, organization, status, roles string) {
		directory := t.TempDir()
		for name, text := range map[string]string{
			"manifest.json": manifest, "organization.json": organization,
			"accounts/" + account + ".json": status, "accounts/" + account + ".jsonl": roles,
		} {
			path := filepath.Join(directory, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := snapshot.Open(directory)
		if err != nil {
			return
		}
		defer kept.Close()
		if kept.Organization != nil {
			kept.Organization.Controls()
		}
		yield := func(item audit.Item) error { _, _ = item.Role(); return nil }
		if err := kept.Roles(context.Background(), yield, func(audit.Incomplete) {}); err != nil {
			t.Errorf("a damaged directory ended the source: %v", err)
		}
	})
}
