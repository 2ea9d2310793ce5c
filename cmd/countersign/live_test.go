package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/fix/journal"
	"countersign/internal/report/schematest"
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
		Setup: func(env *testscript.Env) error {
			organization(t, env)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"mode":   mode,
			"schema": func(ts *testscript.TestScript, _ bool, args []string) { schema(t, ts, args) },
			"same":   same,
			"change": change,
			"trust":  trust,
			"observed": func(ts *testscript.TestScript, _ bool, args []string) {
				schematest.Evidence(t, []byte(ts.ReadFile(args[0])))
			},
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

	env.Values[worldKey] = world
	proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
		if call.Operation == "sts:AssumeRole" && call.Account == refusing {
			return awstest.Refuse(http.StatusForbidden, "AccessDenied", "not authorized")
		}
		return nil
	})
	proxy.Trail = trail(world.Account)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": proxy.URL, "ENDPOINT": proxy.URL, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": awstest.AccessKey, "AWS_SECRET_ACCESS_KEY": "secret",
		"MANAGEMENT": world.Account, "MEMBER": member, "REFUSING": refusing, "SUSPENDED": suspended,
		"ORG": id, "UNIT": unit,
	} {
		env.Setenv(name, value)
	}
}

// worldKey is where a script's world is kept.
const worldKey = "world"

// change ACCOUNT ROLE STEP... writes a change of a role into the journal, an
// hour ago and as far as it came: the role gets the policy that asks for an
// external ID. With the step "sent" the role is changed, too.
func change(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: change account role step...")
	}
	world := ts.Value(worldKey).(*awstest.World)
	account, name := args[0], args[1]
	directory := filepath.Join(ts.Getenv("XDG_STATE_HOME"), "countersign", "journal")
	hold, err := journal.At(directory).Hold(context.Background(), false)
	ts.Check(err)
	defer hold.Release()
	entry, err := hold.Intend(journal.Change{
		Tool: "countersign test", Caller: "arn:aws:iam::" + world.Account + ":user/alice", Partition: "aws", Account: account,
		Role:   journal.Role{Name: name, ARN: "arn:aws:iam::" + account + ":role/" + name, ID: world.RoleID(account, name)},
		Before: world.Trust(account, name), After: guards,
		VerdictBefore: journal.Verdict{Outcome: "fail", Reasons: []string{"no-condition"}},
		VerdictAfter:  journal.Verdict{Outcome: "pass", Protection: []string{"external-id"}},
	})
	ts.Check(err)
	for _, state := range args[2:] {
		if journal.State(state) == journal.Sent {
			world.SetTrust(account, name, guards)
		}
		ts.Check(hold.Step(entry, journal.Step{State: journal.State(state)}))
	}
	path := filepath.Join(directory, entry.ID+".jsonl")
	text, err := os.ReadFile(path)
	ts.Check(err)
	ago := fmt.Appendf(nil, `"at":%q`, time.Now().UTC().Add(-time.Hour).Format(time.RFC3339))
	ts.Check(os.WriteFile(path, regexp.MustCompile(`"at":"[^"]*"`).ReplaceAll(text, ago), 0o600))
	ts.Setenv("CHANGE", entry.ID)
}

// trust ACCOUNT ROLE FILE writes the trust policy that a role has now; with !
// before it, the role gets the one in the file.
func trust(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] trust account role file")
	}
	world := ts.Value(worldKey).(*awstest.World)
	if neg {
		world.SetTrust(args[0], args[1], ts.ReadFile(args[2]))
		return
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(world.Trust(args[0], args[1])), 0o600))
}

// trail is an event history in which a vendor assumes the role "guarded" of the
// account, with its external ID and once without, and the role "vendor" with one
// that the role does not ask for.
func trail(account string) awstest.Trail {
	const record = `{"eventVersion":"1.11","userIdentity":{"type":"AWSAccount","principalId":"AROAEXAMPLE0VENDOR01:sync","accountId":"999988887777"},"eventTime":"%s","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7","requestParameters":{"roleArn":"%s","roleSessionName":"sync"%s},"eventID":"%d","eventType":"AwsApiCall","recipientAccountId":"%s","resources":[{"ARN":"%s"}]}`
	var events []string
	for i, call := range []struct{ role, externalID string }{
		{"guarded", "Jw8rV2nq5TzK0cYx"}, {"guarded", "Jw8rV2nq5TzK0cYx"}, {"guarded", ""}, {"vendor", "k3-Vq8sT7xx"},
	} {
		external := ""
		if call.externalID != "" {
			external = fmt.Sprintf(`,"externalId":%q`, call.externalID)
		}
		arn := "arn:aws:iam::" + account + ":role/" + call.role
		at := time.Now().AddDate(0, 0, -i-1).UTC().Format(time.RFC3339)
		events = append(events, fmt.Sprintf(record, at, arn, external, i, account, arn))
	}
	return awstest.Trail{Enabled: []string{"eu-west-1", "us-east-1"}, Events: map[string][]string{"us-east-1": events}}
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
