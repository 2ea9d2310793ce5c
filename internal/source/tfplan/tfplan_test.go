package tfplan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

const own = "111122223333"

// told is what a test expects of one role.
type told struct {
	Address, Name, Account, Verdict string
	DependsOn                       []string
	Sensitive                       bool
}

func read(t *testing.T, name string) ([]*role.Role, role.Kind, []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	roles, kind, err := Read(text, Place{Path: name, FromRoot: "infra/" + name})
	if err != nil {
		t.Fatal(err)
	}
	return roles, kind, text
}

func tell(t *testing.T, found *role.Role) told {
	t.Helper()
	tree := found.Trust.Tree
	if tree == nil {
		parsed, err := jsontree.Parse(&trust.File{Text: found.Trust.JSON})
		if err != nil {
			t.Fatalf("%s: %v", found.Source.Address, err)
		}
		tree = &parsed
	}
	policy, err := trust.Parse(*tree)
	if err != nil {
		t.Fatalf("%s: %v", found.Source.Address, err)
	}
	verdict := trust.Decide(policy, trust.Question{Subject: trust.Subject{ARN: found.ARN, Account: own, Name: found.Name}})
	return told{found.Source.Address, found.Name, found.Account, string(verdict.Outcome), verdict.DependsOn, found.Trust.Sensitive}
}

func TestRolesOfPlansAndStates(t *testing.T) {
	const vendor = `module.vendor["a"].`
	tests := []struct {
		file string
		kind role.Kind
		want []told
	}{
		{"plan.json", role.TerraformPlan, []told{
			{Address: "aws_iam_role.known", Name: "known", Verdict: "fail"},
			// The principals are not known, but each of them has to send x-1.
			{Address: "aws_iam_role.unk", Name: "unk", Verdict: "pass"},
			{Address: `module.many["m1"].aws_iam_role.this[0]`, Name: "m1", Verdict: "fail", Sensitive: true},
		}},
		{"state.json", role.TerraformState, []told{
			{Address: "aws_iam_role.a", Name: "a", Account: own, Verdict: "fail"},
		}},
		{"terraform.tfstate", role.TerraformState, []told{
			{Address: `module.vendor.aws_iam_role.this["scan"]`, Name: "scan", Account: own, Verdict: "fail"},
			{Address: `module.vendor.aws_iam_role.this["read"]`, Name: "read", Account: own, Verdict: "pass", Sensitive: true},
			{Address: "awscc_iam_role.cloud", Name: "cloud", Account: own, Verdict: "not-applicable"},
		}},
		{"deferred.json", role.TerraformPlan, []told{
			{Address: "aws_iam_role.joined", Name: "joined", Account: own, Verdict: "unknown", DependsOn: []string{"aws_iam_user.bot.arn"}},
			// Two conditions of one test and variable are one list of values:
			// the empty one beside "a-1" lets nobody else in.
			{Address: "aws_iam_role.twice", Name: "twice", Account: own, Verdict: "pass"},
			{Address: "aws_iam_role.overridden", Name: "overridden", Account: own, Verdict: "unknown", DependsOn: []string{"aws_ssm_parameter.extra.value"}},
			{Address: `aws_iam_role.each["x"]`, Name: "each-x", Account: own, Verdict: "fail"},
			{Address: `aws_iam_role.each["y"]`, Name: "each-y", Account: own, Verdict: "not-applicable"},
			{Address: "aws_iam_role.local", Name: "from-local", Account: own, Verdict: "unknown", DependsOn: []string{"local.policy"}},
			{Address: "aws_iam_role.output", Name: "from-output", Account: own, Verdict: "fail"},
			// A secret external ID whatever its value.
			{Address: vendor + "aws_iam_role.this", Name: "secret", Account: own, Verdict: "pass"},
			{Address: `module.vendor["b"].aws_iam_role.this`, Name: "open", Account: own, Verdict: "fail"},
			{Address: "module.given.aws_iam_role.this", Name: "given", Account: own, Verdict: "pass"},
		}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			roles, kind, _ := read(t, test.file)
			if kind != test.kind {
				t.Errorf("kind %q", kind)
			}
			var got []told
			for _, one := range roles {
				got = append(got, tell(t, one))
			}
			if difference := cmp.Diff(test.want, got); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestAPolicyIsPlacedWhereItsTextStands(t *testing.T) {
	for _, file := range []string{"plan.json", "terraform.tfstate", "deferred.json"} {
		roles, _, text := read(t, file)
		lines := strings.Split(string(text), "\n")
		for _, one := range roles {
			at := lines[one.Source.Line-1][one.Source.Column-1:]
			want := `"{`
			if one.Trust.Tree != nil {
				want = "{" // not known: the resource
			}
			if !strings.HasPrefix(at, want) {
				t.Errorf("%s: %s is placed at %.20q", file, one.Source.Address, at)
			}
		}
		for i, one := range roles[1:] {
			before := roles[i].Source
			if one.Source.Line < before.Line || one.Source.Line == before.Line && one.Source.Column <= before.Column {
				t.Errorf("%s: %s is placed before %s", file, one.Source.Address, before.Address)
			}
		}
	}
}

func TestOtherDocumentsAreNeitherPlanNorState(t *testing.T) {
	for _, text := range []string{
		"", "[]", "{}", `"text"`, `{"version":4}`, `{"version":3,"terraform_version":"0.11.0","resources":[]}`,
		`{"format_version":"1.0"}`, `{"Resources":{}}`, `{"values":{}}`, `{"format_version"`,
	} {
		if roles, kind, err := Read([]byte(text), Place{}); len(roles) > 0 || kind != "" || err != nil {
			t.Errorf("%s: %v, %q, %v", text, roles, kind, err)
		}
	}
}

func TestABrokenDocumentIsToldWithItsPlaceAndTheRolesBeforeIt(t *testing.T) {
	_, _, text := read(t, "plan.json")
	cut := strings.Index(string(text), `"resource_changes"`) + len(`"resource_changes": [{`)
	roles, kind, err := Read(text[:cut], Place{})
	if kind != role.TerraformPlan || len(roles) != 3 || err == nil || !strings.Contains(err.Error(), "the file ends in the middle of a JSON value") {
		t.Errorf("%d roles, %q, %v", len(roles), kind, err)
	}
	deep := `{"format_version":"1.2","planned_values":{"root_module":` + strings.Repeat(`{"child_modules":[`, 100)
	if _, kind, err := Read([]byte(deep), Place{}); kind != role.TerraformPlan || err == nil {
		t.Errorf("%q, %v", kind, err)
	}
}

func TestTheAccountComesFromTheProviderOrTheCaller(t *testing.T) {
	const head = `{"format_version":"1.2","planned_values":{"root_module":{"resources":[` +
		`{"address":"aws_iam_role.a","mode":"managed","type":"aws_iam_role","values":{"name":"a","assume_role_policy":"{}"}}]}},`
	caller := func(name, account string) string {
		return `{"address":"data.aws_caller_identity.` + name + `","mode":"data","type":"aws_caller_identity","values":{"account_id":"` + account + `","arn":"arn:aws-us-gov:iam::` + account + `:root"}}`
	}
	prior := func(callers ...string) string {
		return head + `"prior_state":{"values":{"root_module":{"resources":[` + strings.Join(callers, ",") + `]}}},`
	}
	configuration := func(provider string, others ...string) string {
		resources := append([]string{`{"address":"aws_iam_role.a","type":"aws_iam_role","provider_config_key":"` + provider + `"}`}, others...)
		return `"configuration":{"provider_config":{"aws":{},"aws.other":{},"aws.only":{"expressions":{"allowed_account_ids":{"constant_value":["777788889999"]}}},` +
			`"aws.assumed":{"expressions":{"assume_role":[{"role_arn":{"constant_value":"arn:aws:iam::555566667777:role/x"}}]}}},` +
			`"root_module":{"resources":[` + strings.Join(resources, ",") + `]}}}`
	}
	of := func(name, provider string) string {
		return `{"address":"data.aws_caller_identity.` + name + `","type":"aws_caller_identity","provider_config_key":"` + provider + `"}`
	}
	tests := []struct{ name, text, want string }{
		{"the only caller, where no configuration tells more", prior(caller("x", own)) + `"timestamp":""}`, own},
		{"two callers that differ", prior(caller("x", own), caller("y", "444455556666")) + `"timestamp":""}`, ""},
		{"the caller of the same provider", prior(caller("x", own), caller("y", "444455556666")) + configuration("aws", of("x", "aws"), of("y", "aws.other")), own},
		{"no caller of the same provider", prior(caller("y", "444455556666")) + configuration("aws.other", of("y", "aws")), ""},
		{"the only account that the provider allows", head + configuration("aws.only"), "777788889999"},
		{"the role that the provider assumes", head + configuration("aws.assumed"), "555566667777"},
		{"nobody", head + configuration("aws"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			roles, _, err := Read([]byte(test.text), Place{})
			if err != nil || len(roles) != 1 {
				t.Fatalf("%v, %v", roles, err)
			}
			if roles[0].Account != test.want {
				t.Errorf("account %q, want %q", roles[0].Account, test.want)
			}
		})
	}
}

func TestInstanceKeysOfAddresses(t *testing.T) {
	tests := []struct{ address, plain, module string }{
		{"aws_iam_role.a", "aws_iam_role.a", ""},
		{"aws_iam_role.a[0]", "aws_iam_role.a", ""},
		{`module.m["x.y]\"[z"].aws_iam_role.a["b.c"]`, "module.m.aws_iam_role.a", `module.m["x.y]\"[z"].`},
		{"module.a.module.b[1].data.aws_iam_policy_document.c", "module.a.module.b.data.aws_iam_policy_document.c", "module.a.module.b[1]."},
		{`module.`, `module.`, ""},
		{`module.a["`, `module.a`, ""},
	}
	for _, test := range tests {
		module, rest := moduleOf(test.address)
		if plain := withoutIndexes(test.address); plain != test.plain || module != test.module || module+rest != test.address {
			t.Errorf("%s: %s in %s", test.address, plain, module)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"plan.json", "state.json", "terraform.tfstate", "deferred.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		roles, kind, _ := Read(text, Place{})
		if len(roles) > 0 && kind == "" {
			t.Error("roles of no kind")
		}
		for _, one := range roles {
			if one.Source.Line == 0 || one.Source.Column == 0 {
				t.Errorf("%s has no place", one.Source.Address)
			}
		}
	})
}
