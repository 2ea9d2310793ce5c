package export

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/walk"
)

// accessOf writes a text to a file, has it read, and returns what its roles may
// do, by name.
func accessOf(t *testing.T, text []byte) map[string]*role.Access {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	found := map[string]*role.Access{}
	walker := &walk.Walker{}
	t.Cleanup(func() { _ = walker.Close() })
	if err := walker.Paths(t.Context(), []string{path}, visitor(func(file walk.File) error {
		content, err := file.Open()
		if err != nil {
			return err
		}
		defer content.Close()
		plain := content
		if bytes.HasPrefix(text, []byte("\x1F\x8B")) {
			if plain, err = gzip.NewReader(content); err != nil {
				return err
			}
		}
		for _, one := range readFile(t, file, plain).Roles {
			found[one.Name] = one.Access
		}
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	return found
}

type visitor func(walk.File) error

func (v visitor) Visit(file walk.File) error        { return v(file) }
func (v visitor) PassedOver(string)                 {}
func (v visitor) Unreadable(path string, err error) {}

func withDocument(text string) *role.Document { return &role.Document{JSON: []byte(text)} }

const (
	reads  = `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	writes = `{"Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}`
)

// full is an export as get-account-authorization-details without a filter
// gives it: the documents of managed policies stand behind the roles.
func full(document func(string) string) string {
	return `{"UserDetailList":[],"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + policy + `,
  "RolePolicyList":[{"PolicyName":"say \"Policies\": [","PolicyDocument":` + document(reads) + `},{"PolicyName":"empty"}],
  "AttachedManagedPolicies":[{"PolicyName":"own","PolicyArn":"arn:aws:iam::111122223333:policy/own"},{"PolicyName":"gone","PolicyArn":"arn:aws:iam::111122223333:policy/gone"}],
  "PermissionsBoundary":{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::111122223333:policy/team/limit"}}],
 "Policies" : [
  {"PolicyName":"own","Arn":"arn:aws:iam::111122223333:policy/own","DefaultVersionId":"v2","PolicyVersionList":[
    {"VersionId":"v1","IsDefaultVersion":false,"Document":` + document(writes) + `},{"VersionId":"v2","IsDefaultVersion":true,"Document":` + document(reads) + `}]},
  {"PolicyName":"limit","Arn":"arn:aws:iam::111122223333:policy/team/limit","DefaultVersionId":"v1","PolicyVersionList":[{"VersionId":"v1","Document":` + document(writes) + `}]}
 ]}`
}

func plainDocument(text string) string { return text }
func encodedDocument(text string) string {
	return `"` + strings.ReplaceAll(url.QueryEscape(text), "+", "%20") + `"`
}

func wantFull() *role.Access {
	return &role.Access{
		Inline: []role.InlinePolicy{
			{Name: `say "Policies": [`, Document: *withDocument(reads)},
			{Name: "empty", Document: role.Document{Err: fmt.Errorf("it carries no document")}},
		},
		Attached: []role.ManagedPolicy{
			{ARN: "arn:aws:iam::111122223333:policy/own", Name: "own", Document: withDocument(reads)},
			{ARN: "arn:aws:iam::111122223333:policy/gone", Name: "gone"},
		},
		Boundary: &role.ManagedPolicy{ARN: "arn:aws:iam::111122223333:policy/team/limit", Name: "limit", Document: withDocument(writes)},
	}
}

func TestAFullExportTellsWhatARoleMayDo(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(full(plainDocument))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"as the AWS CLI prints it":   []byte(full(plainDocument)),
		"as the API answers":         []byte(full(encodedDocument)),
		"gzipped":                    zipped.Bytes(),
		"page after page":            []byte(`{"RoleDetailList":[],"Policies":[{"Arn":"x"}]}` + full(plainDocument)),
		"with much between the keys": []byte(`{"UserDetailList":["` + strings.Repeat("x", 700_000) + `"]}` + full(plainDocument)),
	} {
		t.Run(name, func(t *testing.T) { equal(t, wantFull(), accessOf(t, text)["r"]) })
	}
}

func TestStandardInputTellsNoManagedPolicies(t *testing.T) {
	got := readFile(t, walk.File{Path: "-", Named: true}, strings.NewReader(full(plainDocument))).Roles[0].Access
	if len(got.Inline) != 2 || got.Attached[0].Document != nil || !strings.Contains(got.Attached[0].Missing, "cannot be read twice") {
		t.Errorf("got %+v", got)
	}
}

func TestOtherExportsTellAsMuchAsTheyHave(t *testing.T) {
	const boundary = `"PermissionsBoundary":{"PermissionsBoundaryArn":"arn:aws:iam::111122223333:policy/limit"}`
	limit := &role.ManagedPolicy{ARN: "arn:aws:iam::111122223333:policy/limit", Name: "limit"}
	of := func(members string) string {
		return `{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + policy + members + `}`
	}
	item := func(kind, configuration string) string {
		return `{"resourceType":"AWS::IAM::` + kind + `","awsAccountId":"111122223333","configuration":` + configuration + `}`
	}
	configured := item("Role", `{"roleName":"r","arn":"arn:aws:iam::111122223333:role/r","assumeRolePolicyDocument":"`+encoded+`",
		"rolePolicyList":[{"policyName":"in","policyDocument":`+encodedDocument(reads)+`}],
		"attachedManagedPolicies":[{"policyName":"own","policyArn":"arn:aws:iam::111122223333:policy/own"}],
		"permissionsBoundary":{"permissionsBoundaryType":"Policy","permissionsBoundaryArn":"arn:aws:iam::111122223333:policy/limit"}}`)
	managed := item("Policy", `{"arn":"arn:aws:iam::111122223333:policy/own","policyVersionList":[{"versionId":"v1","isDefaultVersion":true,"document":`+encodedDocument(writes)+`}]}`)
	config := &role.Access{
		Inline:   []role.InlinePolicy{{Name: "in", Document: *withDocument(reads)}},
		Attached: []role.ManagedPolicy{{ARN: "arn:aws:iam::111122223333:policy/own", Name: "own", Document: withDocument(writes)}},
		Boundary: limit,
	}
	for _, test := range []struct {
		name, text string
		want       *role.Access
	}{
		{"list-roles", `{"Roles":[` + of("") + `]}`, nil},
		{"get-role without a boundary", `{"Role":` + of("") + `}`, nil},
		{"get-role with a boundary", `{"Role":` + of(","+boundary) + `}`, &role.Access{Boundary: limit, Lacks: []string{"the inline policies", "the attached policies"}}},
		{"details without inline policies", `{"RoleDetailList":[` + of(`,"AttachedManagedPolicies":[]`) + `]}`, &role.Access{Lacks: []string{"the inline policies"}}},
		{"configuration items of a role and a policy", `{"configurationItems":[` + configured + `,` + managed + `]}`, config},
		{"configuration items, one a line", managed + "\n" + configured, config},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, test.want, accessOf(t, []byte(test.text))["r"]) })
	}
}

func TestADamagedListOfPoliciesIsSaid(t *testing.T) {
	text := `{"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + policy +
		`,"AttachedManagedPolicies":[{"PolicyArn":"arn:aws:iam::111122223333:policy/own"}]}],"Policies":[{"Arn":"arn:aws:iam::1`
	got := accessOf(t, []byte(text))["r"]
	if got == nil || !strings.Contains(got.Attached[0].Missing, "a second time") {
		t.Errorf("got %+v", got)
	}
}

func TestWhatNobodyWantsIsNotReadTwice(t *testing.T) {
	opened := 0
	file := walk.File{Path: "-"}
	var reader Reader
	_, err := reader.Read(t.Context(), file, strings.NewReader(full(plainDocument)), Output{
		Yield: func(item audit.Item) error {
			subject, err := item.Role()
			if err != nil {
				return err
			}
			subject.Complete()
			if subject.Access != nil || subject.AccessDetails == nil {
				opened++
			}
			return nil
		},
		Incomplete: func(what audit.Incomplete) { t.Error(what) },
	})
	if err != nil || opened != 0 {
		t.Error(err, opened)
	}
}

func FuzzLibrary(f *testing.F) {
	f.Add([]byte(full(plainDocument)))
	f.Add([]byte(`{"Policies":[{"Arn":"a","PolicyVersionList":[{"IsDefaultVersion":true,"Document":"%7B%2"}]}]}"Policies":["Policies":`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s shelf
		s.documents, s.texts = map[string]string{}, map[string]string{}
		_ = readPolicies(walk.File{}, bytes.NewReader(text), s.add) // any text may be broken
		for arn := range s.documents {
			if !bytes.Contains(text, []byte(`"Policies"`)) {
				t.Errorf("%q was found where no list is", arn)
			}
		}
	})
}
