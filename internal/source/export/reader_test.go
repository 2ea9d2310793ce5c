package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/walk"

	"github.com/google/go-cmp/cmp"
)

// outcome is everything a reader says of a file.
type outcome struct {
	Roles      []*role.Role
	Incomplete []audit.Incomplete
	Known      bool
}

func readFile(t testing.TB, file walk.File, content io.Reader) outcome {
	t.Helper()
	var got outcome
	var reader Reader
	known, err := reader.Read(context.Background(), file, content, Output{
		Yield: func(found audit.Item) error {
			subject, err := found.Role()
			if err != nil {
				return err
			}
			subject.Complete()
			subject.CompleteAccess()
			resolve(subject.Access)
			got.Roles = append(got.Roles, subject)
			return nil
		},
		Incomplete: func(what audit.Incomplete) { got.Incomplete = append(got.Incomplete, what) },
	})
	if err != nil {
		t.Fatal(err)
	}
	got.Known = known
	return got
}

// resolve takes the documents of managed policies from the library, and leaves
// it.
func resolve(access *role.Access) {
	if access == nil {
		return
	}
	for i := range access.Attached {
		access.Resolve(&access.Attached[i])
	}
	if access.Boundary != nil {
		access.Resolve(access.Boundary)
	}
	access.Library = nil
}

func named(path string) walk.File { return walk.File{Path: path, FromRoot: path, Named: true} }

func met(path string) walk.File { return walk.File{Path: path, FromRoot: path} }

const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`

// encoded is policy as IAM's API gives it.
const encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22" +
	"%3A%7B%22AWS%22%3A%22444455556666%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D"

func TestAuthorizationDetailsTellEverythingOfARole(t *testing.T) {
	text := `{
  "UserDetailList": [{"UserName": "Roles", "Path": "/"}],
  "RoleDetailList": [
    {
      "Path": "/vendor/",
      "RoleName": "reader",
      "RoleId": "AROAEXAMPLE",
      "Arn": "arn:aws-us-gov:iam::111122223333:role/vendor/reader",
      "CreateDate": "2024-01-02T03:04:05+00:00",
      "AssumeRolePolicyDocument": ` + policy + `,
      "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}],
      "AttachedManagedPolicies": [],
      "Tags": [{"Key": "team", "Value": "däta"}, {"Key": "env", "Value": ""}],
      "RoleLastUsed": {"LastUsedDate": "2026-10-02T03:04:05+00:00", "Region": "eu-west-1"}
    }
  ],
  "Policies": []
}`
	want := outcome{Known: true, Roles: []*role.Role{{
		ARN: "arn:aws-us-gov:iam::111122223333:role/vendor/reader", Name: "reader", Path: "/vendor/",
		Account: "111122223333", Partition: "aws-us-gov",
		Tags:     map[string]string{"team": "däta", "env": ""},
		LastUsed: role.LastUsed{Known: true, At: time.Date(2026, 10, 2, 3, 4, 5, 0, time.UTC)},
		Access:   &role.Access{Inline: []role.InlinePolicy{{Name: "p", Document: role.Document{JSON: []byte(`{"Statement": []}`)}}}},
		Trust:    role.Document{JSON: []byte(policy), Line: 10, Column: 35},
		Source: role.Source{
			Kind: role.AuthorizationDetails, Path: "x.json", FromRoot: "x.json", Line: 4, Column: 5,
		},
	}}}
	equal(t, want, readFile(t, named("x.json"), strings.NewReader(text)))
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	times := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	errs := cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error()) })
	if difference := cmp.Diff(want, got, times, errs); difference != "" {
		t.Errorf("want -, got +:\n%s", difference)
	}
}

// summary says in a line what a test of many kinds looks at.
func summary(subject *role.Role) string {
	subject.Trust.Decode()
	document := string(subject.Trust.JSON)
	switch {
	case subject.Trust.Err != nil:
		document = "error: " + subject.Trust.Err.Error()
	case document == policy:
		document = "policy"
	}
	return strings.Join([]string{string(subject.Source.Kind), subject.Name, subject.Account, document}, "|")
}

func TestKindsAreToldByContent(t *testing.T) {
	quoted := `"` + strings.ReplaceAll(policy, `"`, `\"`) + `"`
	roleOf := func(document string) string {
		return `{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + document + `}`
	}
	configuration := `{"path":"/","roleName":"r","arn":"arn:aws:iam::111122223333:role/r","assumeRolePolicyDocument":"` + encoded + `"}`
	configItem := func(configuration string) string {
		return `{"version":"1.3","awsAccountId":"111122223333","resourceType":"AWS::IAM::Role","resourceName":"r",` +
			`"arn":"arn:aws:iam::111122223333:role/r","configuration":` + configuration + `}`
	}
	bucket := `{"awsAccountId":"111122223333","resourceType":"AWS::S3::Bucket","configuration":"{}"}`
	deleted := `{"awsAccountId":"111122223333","resourceType":"AWS::IAM::Role","configurationItemStatus":"ResourceDeleted"}`
	const (
		details = "account-authorization-details|r|111122223333|policy"
		listed  = "list-roles|r|111122223333|policy"
		single  = "get-role|r|111122223333|policy"
		config  = "config-item|r|111122223333|policy"
		bare    = "trust-policy|x||policy"
	)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"account details with a plain document", `{"RoleDetailList":[` + roleOf(policy) + `]}`, []string{details}},
		{"account details with a string of JSON", `{"RoleDetailList":[` + roleOf(quoted) + `]}`, []string{details}},
		{"account details with a percent-encoded document", `{"RoleDetailList":[` + roleOf(`"`+encoded+`"`) + `]}`, []string{details}},
		{"list-roles", `{"Roles":[` + roleOf(policy) + "," + roleOf(policy) + `]}`, []string{listed, listed}},
		{"list-roles without any role", `{"Roles":[]}`, nil},
		{"get-role", `{"Role":` + roleOf(policy) + `}`, []string{single}},
		{"a role cut out of an answer", roleOf(policy), []string{single}},
		{"concatenated documents", `{"Role":` + roleOf(policy) + `}{"Roles":[` + roleOf(policy) + `]}`, []string{single, listed}},
		{"JSON Lines", `{"Role":` + roleOf(policy) + "}\n{\"Role\":" + roleOf(policy) + "}\n", []string{single, single}},
		{"an array of documents", `[{"Role":` + roleOf(policy) + `},{"Roles":[` + roleOf(policy) + `]},` + policy + `]`, []string{single, listed, "trust-policy|x#3||policy"}},
		{"an array of roles", `[` + roleOf(policy) + `,` + roleOf(policy) + `]`, []string{single, single}},
		{"a configuration item with an object", configItem(configuration), []string{config}},
		{"a configuration item with a string", configItem(`"` + strings.ReplaceAll(configuration, `"`, `\"`) + `"`), []string{config}},
		{"a snapshot of several resources", `{"fileVersion":"1.0","configurationItems":[` + bucket + `,` + deleted + `,` + configItem(configuration) + `]}`, []string{config}},
		{"configuration items as JSON Lines", bucket + "\n" + configItem(configuration), []string{config}},
		{"a configuration item without configuration", configItem(`null`), []string{"config-item|r|111122223333|error: the item carries no configuration"}},
		{"a configuration item with broken JSON in its string", configItem(`"{\"arn\":"`), []string{"config-item|r|111122223333|error: the item's configuration is no JSON object"}},
		{"a bare trust policy", policy, []string{bare}},
		{"two bare trust policies", policy + "\n" + policy, []string{bare, "trust-policy|x#2||policy"}},
		{"a role without a trust policy", `{"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:role/r"}]}`, []string{"account-authorization-details|r|111122223333|error: the role carries no trust policy"}},
		{"a role whose trust policy stands twice", `{"Role":{"AssumeRolePolicyDocument":{},"Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + policy + `}}`, []string{"get-role|r|111122223333|error: the role carries AssumeRolePolicyDocument twice"}},
		{"a malformed percent escape", `{"Role":` + roleOf(`"%7B%2"`) + `}`, []string{"get-role|r|111122223333|error: the trust policy cannot be decoded: malformed percent escape at its byte 3"}},
		{"a key spelt with escapes", `{"\u0052oles":[` + strings.Replace(roleOf(policy), "RoleName", `\u0052oleName`, 1) + `]}`, []string{listed}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, content := range map[string]io.Reader{
				"at once":      strings.NewReader(test.text),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.text)),
			} {
				got := readFile(t, met("dir/x.json"), content)
				var lines []string
				for _, subject := range got.Roles {
					lines = append(lines, summary(subject))
				}
				equal(t, test.want, lines)
				if !got.Known || got.Incomplete != nil {
					t.Errorf("%s: known %v, incomplete %v", name, got.Known, got.Incomplete)
				}
			}
		})
	}
}

func TestOtherDocumentsAreNotExports(t *testing.T) {
	tests := map[string]string{
		"an empty file":                         "",
		"an object without members":             "{}",
		"a number":                              "12",
		"a list of names called Roles":          `{"Roles":["admin","reader"]}`,
		"a list of other objects called Roles":  `{"Roles":[{"id":1},{"AssumeRolePolicyDocument":{}}]}`,
		"an object of another kind called Role": `{"Role":{"kind":"ClusterRole"}}`,
		"a template":                            `{"Resources":{"R":{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":` + policy + `}}}}`,
		"an identity policy":                    `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`,
		"a bucket policy":                       `{"Statement":{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","s3:GetObject"]}}`,
		"a policy where one statement names nobody": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Action":"sts:AssumeRole"}]}`,
		"a statement that is text":  `{"Statement":"none"}`,
		"nested arrays of policies": `[[` + policy + `]]`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			equal(t, outcome{}, readFile(t, met("x.json"), strings.NewReader(text)))
		})
	}
}

func TestBareTrustPolicies(t *testing.T) {
	tests := map[string]string{
		"a single statement":               `{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`,
		"NotPrincipal":                     `{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`,
		"NotAction":                        `{"Statement":[{"Effect":"Allow","Principal":"*","NotAction":"s3:GetObject"}]}`,
		"an action in other letter case":   `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"STS:assumerole"}]}`,
		"an action without a service":      `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"}]}`,
		"several STS actions":              `{"Statement":[{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","Sts:TagSession"]}]}`,
		"a statement list without entries": `{"Version":"2012-10-17","Statement":[]}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got := readFile(t, named("roles/build.server.json"), strings.NewReader(text))
			want := outcome{Known: true, Roles: []*role.Role{{
				Name:  "build.server",
				Trust: role.Document{JSON: []byte(text), Line: 1, Column: 1},
				Source: role.Source{
					Kind: role.TrustPolicy, Path: "roles/build.server.json", FromRoot: "roles/build.server.json", Line: 1, Column: 1,
				},
			}}}
			equal(t, want, got)
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	complete := `{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + policy + `}`
	tests := []struct {
		name, text string
		file       walk.File
		roles      int
		known      bool
		reason     string
	}{
		{
			"an export that ends too early keeps the roles before the break",
			"{\"RoleDetailList\": [\n" + complete + ",\n  {\"RoleName\": \"ä", met("x.json"), 1, true,
			"line 3, column 18: the file ends in the middle of a JSON value",
		},
		{
			"a stray character",
			"{\"Roles\": [\n" + complete + "\n  ; ]}", met("x.json"), 1, true,
			"line 3, column 3: not valid JSON: invalid character ';' after array element (expecting ',' or ']')",
		},
		{
			"a bare policy that ends too early", `{"Version":"2012-10-17","Statement":[`, met("x.json"), 0, true,
			"line 1, column 38: the file ends in the middle of a JSON value",
		},
		{
			"a policy with comments", "{ // AssumeRole for the vendor\n", met("x.json"), 0, true,
			"line 1, column 3: not valid JSON: invalid character '/' at start of value",
		},
		{"a broken file that speaks of no role, met in a directory", `{ // editor settings`, met("x.json"), 0, false, ""},
		{
			"a broken file that speaks of no role, named", `{ // editor settings`, named("x.json"), 0, true,
			"line 1, column 3: not valid JSON: invalid character '/' at start of value",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := readFile(t, test.file, strings.NewReader(test.text))
			hint := "correct the file or make the export again"
			if test.roles > 0 {
				hint = "the roles before this place are judged; " + hint
			}
			var want []audit.Incomplete
			if test.reason != "" {
				want = []audit.Incomplete{{Source: "x.json", Reason: test.reason, Hint: hint}}
			}
			equal(t, want, got.Incomplete)
			if len(got.Roles) != test.roles || got.Known != test.known {
				t.Errorf("%d roles, known %v; want %d, %v", len(got.Roles), got.Known, test.roles, test.known)
			}
		})
	}
}

func TestAFileOfOnePageOfSeveralIsIncomplete(t *testing.T) {
	page := func(truncated string) string {
		return `{"Roles":[{"Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":{}}],"IsTruncated":` + truncated + `}`
	}
	if got := readFile(t, named("x.json"), strings.NewReader(page("true")+page("false"))); got.Incomplete != nil {
		t.Errorf("with its last page: %v", got.Incomplete)
	}
	got := readFile(t, named("x.json"), strings.NewReader(page("true")))
	if len(got.Incomplete) != 1 || !strings.Contains(got.Incomplete[0].Reason, "more pages") || len(got.Roles) != 1 {
		t.Errorf("without its last page: %v", got)
	}
}

// TestALineOfJSONLinesThatIsBrokenLosesNoOther reads roles one a line, of which
// some lines are broken.
func TestALineOfJSONLinesThatIsBrokenLosesNoOther(t *testing.T) {
	line := func(name string) string {
		return `{"RoleName":"` + name + `","Arn":"arn:aws:iam::111122223333:role/` + name + `","AssumeRolePolicyDocument":{}}`
	}
	long := `{"RoleName":"` + strings.Repeat("x", 3*blockSize) + `","Arn":}`
	for _, test := range []struct {
		name, file string
		lines      []string
		roles      string
		places     []int // lines that are told of
	}{
		{"an object that is cut off", "x.jsonl", []string{line("a"), `{"RoleName":"b",`, line("c")}, "a c", []int{3}},
		{"no JSON", "x.json", []string{line("a"), line("b"), "oops", line("c"), "{]", line("d")}, "a b c d", []int{3, 5}},
		{"the first line, by the file's name", "x.ndjson", []string{"oops", line("a")}, "a", []int{1}},
		{"a long line", "x.jsonl", []string{line("a"), long, line("b")}, "a b", []int{2}},
		{"a long line without an end", "x.jsonl", []string{line("a"), strings.Replace(long, `"}`, "", 1)}, "a", []int{2}},
		{"the last line", "x.jsonl", []string{line("a"), `{"RoleName":"b"`}, "a", []int{2}},
		{"a document of several lines is no line", "x.json", []string{line("a"), "{", `"RoleName":}`, line("b")}, "a", []int{3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readFile(t, named(test.file), strings.NewReader(strings.Join(test.lines, "\n")))
			var names []string
			for _, found := range got.Roles {
				names = append(names, found.Name)
			}
			if strings.Join(names, " ") != test.roles {
				t.Errorf("roles %v, want %s", names, test.roles)
			}
			if len(got.Incomplete) != len(test.places) {
				t.Fatalf("%+v, want %v", got.Incomplete, test.places)
			}
			for i, what := range got.Incomplete {
				if want := fmt.Sprintf("line %d, ", test.places[i]); !strings.HasPrefix(what.Reason, want) {
					t.Errorf("%q, want %q", what.Reason, want)
				}
			}
		})
	}
}

func TestAReaderReadsFileAfterFile(t *testing.T) {
	var reader Reader
	for range 3 {
		count := 0
		out := Output{Yield: func(audit.Item) error { count++; return nil }, Incomplete: func(audit.Incomplete) {}}
		for _, text := range []string{`{"Roles":[{`, policy + "\n" + policy} {
			if _, err := reader.Read(context.Background(), named("x"), strings.NewReader(text), out); err != nil {
				t.Fatal(err)
			}
		}
		if count != 2 {
			t.Errorf("%d roles, want 2", count)
		}
	}
}

func TestValuesBeyondTheLimitAreRefused(t *testing.T) {
	long := strings.Repeat("x", maxValue+maxValue/2)
	tests := []struct {
		name, text, reason string
	}{
		{
			"a role", `{"Roles":[{"Arn":"arn:aws:iam::111122223333:role/r","Path":"` + long + `"}]}`,
			"line 1, column 11: cannot read on: a single value of more than 4 MiB",
		},
		{
			"a policy", `{"Statement":[` + strings.Repeat(`{"Sid":"`+long[:1<<20]+`"},`, 6) + `{}]}`,
			"line 1, column 1: an object of more than 4 MiB is no role",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var reader Reader
			var reasons []string
			out := Output{
				Yield:      func(audit.Item) error { t.Error("a role"); return nil },
				Incomplete: func(what audit.Incomplete) { reasons = append(reasons, what.Reason) },
			}
			if _, err := reader.Read(context.Background(), named("x"), strings.NewReader(test.text), out); err != nil {
				t.Fatal(err)
			}
			equal(t, []string{test.reason}, reasons)
			if len(reader.text.block) > 4*maxValue {
				t.Errorf("holds %d bytes", len(reader.text.block))
			}
		})
	}
}

func TestReadingEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var reader Reader
	out := Output{Yield: func(audit.Item) error { return nil }, Incomplete: func(what audit.Incomplete) { t.Error(what) }}
	if _, err := reader.Read(ctx, named("x"), strings.NewReader(policy), out); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
