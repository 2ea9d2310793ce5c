package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/source/awslive/awstest"
)

// TestLiveScripts runs the program against an organization of its own for each
// script, in a moto server behind the proxy of awstest, with nothing but the
// standard environment of the AWS SDK.
func TestLiveScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/live",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { organization(t, env); return nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"mode":   mode,
			"schema": func(ts *testscript.TestScript, _ bool, args []string) { schema(t, ts, args) },
			"same":   same,
		},
	})
}

const (
	trusts    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole"}]}`
	guards    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"Jw8rV2nq5TzK0cYx"}}}]}`
	perimeter = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"%s"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`
)

// organization makes the organization of a script: a management account with
// three roles, a member with one in a unit whose resource control policy keeps
// strangers out, a member that refuses the audit role, and a suspended one. The
// members have the role OrganizationAccountAccessRole besides.
func organization(t *testing.T, env *testscript.Env) {
	world := awstest.NewWorld(t)
	id, root := world.Organization()
	unit := world.Unit(root, "workloads")
	member := world.Member(root, unit, "workload")
	refusing := world.Member(root, root, "refusing")
	suspended := world.Member(root, root, "suspended")
	world.Suspend(suspended)
	world.RCP("perimeter", fmt.Sprintf(perimeter, id), unit)
	world.Role(world.Account, "/", "vendor", fmt.Sprintf(trusts, "999988887777"))
	world.Role(world.Account, "/", "guarded", guards)
	world.Role(world.Account, "/", "sibling", fmt.Sprintf(trusts, member))
	world.Role(member, "/", "vendor", fmt.Sprintf(trusts, "999988887777"))

	proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
		if call.Operation == "sts:AssumeRole" && call.Account == refusing {
			return awstest.Refuse(http.StatusForbidden, "AccessDenied", "not authorized")
		}
		return nil
	})
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": proxy.URL, "ENDPOINT": proxy.URL, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": awstest.AccessKey, "AWS_SECRET_ACCESS_KEY": "secret",
		"MANAGEMENT": world.Account, "MEMBER": member, "REFUSING": refusing, "SUSPENDED": suspended,
		"ORG": id, "UNIT": unit,
	} {
		env.Setenv(name, value)
	}
}

// same A B compares two JSON reports but for where roles were found.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same report report")
	}
	var reports [2]map[string]any
	for i, name := range args {
		ts.Check(json.NewDecoder(strings.NewReader(ts.ReadFile(name))).Decode(&reports[i]))
		for _, result := range reports[i]["results"].([]any) {
			delete(result.(map[string]any), "source")
		}
	}
	if diff := cmp.Diff(reports[0], reports[1]); diff != "" {
		ts.Fatalf("the reports differ:\n%s", diff)
	}
}
