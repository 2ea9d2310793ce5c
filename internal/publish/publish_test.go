package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"countersign/internal/audit"
	"countersign/internal/report"
	"countersign/internal/rule"
	"countersign/internal/source"
	"countersign/internal/source/awslive"
	"countersign/internal/source/awslive/awstest"
)

const (
	open    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole"}]}`
	guarded = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"5b1d3f77-9c4e-4a3a-8a54-0b5a1f0c7e21"}}}]}`
)

// session opens a session with a proxy in the place of AWS.
func session(t *testing.T, proxy *awstest.Proxy, options awslive.Options) *awslive.Session {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": proxy.URL, "AWS_ACCESS_KEY_ID": awstest.AccessKey, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-east-1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	opened, err := awslive.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// publishLive scans the caller's account, or with whole its organization, and
// publishes what it finds.
func publishLive(t *testing.T, s *awslive.Session, whole bool) (audit.Summary, Outcome) {
	t.Helper()
	var from *awslive.Source
	var err error
	if whole {
		organization, gaps, failed := s.Organization(context.Background())
		if failed != nil {
			t.Fatal(failed)
		}
		from, err = s.Members(organization, gaps)
	} else {
		from, err = s.Account(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return publishFrom(t, s, from, true)
}

func publishFrom(t *testing.T, s *awslive.Session, from audit.Source, whole bool) (audit.Summary, Outcome) {
	t.Helper()
	publisher := New(context.Background(), s, report.Options{Version: "1.2.3"})
	summary, err := audit.Run(context.Background(), []audit.Source{from}, audit.Options{
		Now: time.Now(), Keep: func(*rule.Finding) bool { return true },
	}, publisher)
	if err != nil {
		t.Fatal(err)
	}
	return summary, publisher.Close(summary, whole)
}

// states tells each finding's state, by the name of its role.
func states(world *awstest.World, account string) map[string]string {
	found := map[string]string{}
	for _, one := range world.Findings(account) {
		resource := one["Resources"].([]any)[0].(map[string]any)["Id"].(string)
		status := one["Compliance"].(map[string]any)["Status"].(string)
		found[resource[strings.LastIndexAny(resource, "/#")+1:]] = one.Text("RecordState") + " " + status
	}
	return found
}

func expect(t *testing.T, got, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsAreOpenedAndArchivedOnceTheyAreResolved(t *testing.T) {
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/", "vendor", open)
	world.Role(world.Account, "/", "second", open)
	world.Role(world.Account, "/", "fine", guarded)
	s := session(t, awstest.NewProxy(t, world, nil), awslive.Options{})

	_, outcome := publishLive(t, s, false)
	if outcome.Published != 2 || outcome.Archived != 0 || outcome.Gaps != nil {
		t.Errorf("%+v", outcome)
	}
	expect(t, states(world, world.Account), map[string]string{"vendor": "ACTIVE FAILED", "second": "ACTIVE FAILED"})
	first := world.Findings(world.Account)[0]
	if product := "arn:aws:securityhub:us-east-1:" + world.Account + ":product/" + world.Account + "/default"; first.Text("ProductArn") != product {
		t.Errorf("the product is %s", first.Text("ProductArn"))
	}

	world.SetTrust(world.Account, "vendor", guarded)
	_, outcome = publishLive(t, s, false)
	if outcome.Published != 1 || outcome.Archived != 1 {
		t.Errorf("%+v", outcome)
	}
	expect(t, states(world, world.Account), map[string]string{"vendor": "ARCHIVED PASSED", "second": "ACTIVE FAILED"})

	world.SetTrust(world.Account, "vendor", open)
	publishLive(t, s, false)
	expect(t, states(world, world.Account), map[string]string{"vendor": "ACTIVE FAILED", "second": "ACTIVE FAILED"})

	// A role that is gone is resolved.
	world.Delete(world.Account, "second")
	publishLive(t, s, false)
	expect(t, states(world, world.Account), map[string]string{"vendor": "ACTIVE FAILED", "second": "ARCHIVED PASSED"})
}

func TestAnOpenFindingKeepsTheDayOnWhichItWasMade(t *testing.T) {
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/", "vendor", open)
	s := session(t, awstest.NewProxy(t, world, nil), awslive.Options{})
	publishLive(t, s, false)
	before := world.Findings(world.Account)[0]
	time.Sleep(2 * time.Millisecond)
	publishLive(t, s, false)
	after := world.Findings(world.Account)
	if len(after) != 1 || after[0].Text("CreatedAt") != before.Text("CreatedAt") || after[0].Text("UpdatedAt") <= before.Text("UpdatedAt") {
		t.Errorf("before %v, after %v", before, after)
	}
}

// foreign is what others have in Security Hub, and what a scan of files has.
func foreign(world *awstest.World) map[string]string {
	for id, with := range map[string][2]string{
		"other":    {"guardduty/IAM-050", "arn:aws:iam::" + world.Account + ":role/other"},
		"template": {"countersign/IAM-050", "infra/main.tf#template"},
	} {
		world.Import(world.Account, awstest.HubFinding{
			"Id": id, "GeneratorId": with[0], "AwsAccountId": world.Account, "RecordState": "ACTIVE", "CreatedAt": "2026-01-01T00:00:00Z",
			"Compliance": map[string]any{"Status": "FAILED"},
			"Resources":  []any{map[string]any{"Type": "AwsIamRole", "Id": with[1]}},
		})
	}
	return map[string]string{"other": "ACTIVE FAILED", "template": "ACTIVE FAILED"}
}

func TestFindingsOfOthersAndOfFilesStay(t *testing.T) {
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/", "fine", guarded)
	want := foreign(world)
	_, outcome := publishLive(t, session(t, awstest.NewProxy(t, world, nil), awslive.Options{}), false)
	if outcome.Archived != 0 {
		t.Errorf("%+v", outcome)
	}
	expect(t, states(world, world.Account), want)
}

func TestEachAccountOfAnOrganizationGetsItsOwnFindings(t *testing.T) {
	world := awstest.NewWorld(t)
	_, root := world.Organization()
	one, two := world.Member(root, root, "one"), world.Member(root, root, "two")
	world.Role(one, "/", "vendor-one", open)
	world.Role(two, "/", "vendor-two", open)
	broken := ""
	proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
		if call.Account == broken && strings.HasPrefix(call.Operation, "iam:") {
			return awstest.Refuse(http.StatusForbidden, "AccessDenied", "no")
		}
		return nil
	})
	s := session(t, proxy, awslive.Options{RoleName: "OrganizationAccountAccessRole"})
	_, outcome := publishLive(t, s, true)
	if outcome.Gaps != nil {
		t.Errorf("%+v", outcome)
	}
	of := func(account, role string) string { return states(world, account)[role] }
	if of(one, "vendor-one") != "ACTIVE FAILED" || of(two, "vendor-two") != "ACTIVE FAILED" || of(one, "vendor-two") != "" {
		t.Errorf("%v, %v", states(world, one), states(world, two))
	}

	// An account that cannot be read keeps its findings; the other does not.
	world.SetTrust(one, "vendor-one", guarded)
	broken = two
	summary, outcome := publishLive(t, s, true)
	if len(summary.Incomplete) == 0 || outcome.Archived != 1 {
		t.Errorf("%v, %+v", summary.Incomplete, outcome)
	}
	if of(one, "vendor-one") != "ARCHIVED PASSED" || of(two, "vendor-two") != "ACTIVE FAILED" {
		t.Errorf("%v, %v", states(world, one), states(world, two))
	}
}

// noWhole is a source of which something is missing that may be of any account.
type noWhole struct{ audit.Source }

func (n noWhole) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	incomplete(audit.Incomplete{Source: "aws", Reason: "interrupted"})
	return n.Source.Roles(ctx, yield, incomplete)
}

func TestNothingIsArchivedUnlessEverythingWasSeen(t *testing.T) {
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/", "vendor", open)
	s := session(t, awstest.NewProxy(t, world, nil), awslive.Options{})
	publishLive(t, s, false)
	world.SetTrust(world.Account, "vendor", guarded)

	live, err := s.Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, outcome := publishFrom(t, s, noWhole{live}, true); outcome.Archived != 0 {
		t.Errorf("%+v", outcome)
	}
	live, err = s.Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, outcome := publishFrom(t, s, live, false); outcome.Archived != 0 || !outcome.Kept {
		t.Errorf("%+v", outcome)
	}
	expect(t, states(world, world.Account), map[string]string{"vendor": "ACTIVE FAILED"})
}

func TestManyFindingsGoInFewCallsAndNotTooFast(t *testing.T) {
	world := awstest.NewWorld(t)
	for i := range 230 {
		world.Role(world.Account, "/", fmt.Sprintf("vendor-%03d", i), open)
	}
	proxy := awstest.NewProxy(t, world, nil)
	s := session(t, proxy, awslive.Options{})
	begin := time.Now()
	_, outcome := publishLive(t, s, false)
	if calls := proxy.All("securityhub:BatchImportFindings"); calls != 3 || outcome.Published != 230 {
		t.Errorf("%d calls, %+v", calls, outcome)
	}
	// Of three calls at 10 a second the last begins 200 ms after the first.
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Errorf("three calls took %v", took)
	}
	// All of them are resolved: 20 are asked for by id, and archived, at a time.
	for i := range 230 {
		world.Delete(world.Account, fmt.Sprintf("vendor-%03d", i))
	}
	world.Role(world.Account, "/", "fine", guarded)
	if _, outcome := publishLive(t, s, false); outcome.Archived != 230 {
		t.Errorf("%+v", outcome)
	}
}

func TestWhatSecurityHubRefusesIsTold(t *testing.T) {
	world := awstest.NewWorld(t)
	for i := range 10 {
		world.Role(world.Account, "/", fmt.Sprintf("bad-%d", i), open)
		world.Role(world.Account, "/", fmt.Sprintf("good-%d", i), open)
	}
	proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
		if call.Operation == "securityhub:BatchImportFindings" {
			return awstest.HubPart("role/bad-")
		}
		return nil
	})
	_, outcome := publishLive(t, session(t, proxy, awslive.Options{}), false)
	if outcome.Published != 10 || len(outcome.Gaps) != 6 || outcome.Gaps[5].Reason != "5 more findings were refused" {
		t.Errorf("%+v", outcome)
	}
	if first := outcome.Gaps[0]; !strings.HasSuffix(first.Reason, "was refused: InvalidInput: the finding is refused") || first.Account != world.Account {
		t.Errorf("%+v", first)
	}
}

func TestFaultsOfSecurityHub(t *testing.T) {
	for _, test := range []struct {
		name, operation string
		fault           awstest.Fault
		times           int
		published       int
		says, hint      string
	}{
		{"throttled for a while", "BatchImportFindings", awstest.RefuseJSON(429, "TooManyRequestsException", "Too Many Requests"), 2, 1, "", ""},
		{"no answer at first", "GetFindings", awstest.Say(503, ""), 1, 1, "", ""},
		{
			"not allowed", "GetFindings", awstest.RefuseJSON(403, "AccessDeniedException", "not authorized"), 1000, 0,
			"securityhub:GetFindings is refused: AccessDeniedException: not authorized", "allow securityhub:GetFindings (docs/publish.md)",
		},
		{
			"not enabled", "GetFindings", awstest.RefuseJSON(401, "InvalidAccessException", "Account is not subscribed to AWS Security Hub"), 1000, 0,
			"securityhub:GetFindings failed: InvalidAccessException: Account is not subscribed to AWS Security Hub",
			"enable Security Hub in the account and the Region (--region), or leave the account out",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			world := awstest.NewWorld(t)
			world.Role(world.Account, "/", "vendor", open)
			proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
				if call.Operation == "securityhub:"+test.operation && call.Nth <= test.times {
					return test.fault
				}
				return nil
			})
			_, outcome := publishLive(t, session(t, proxy, awslive.Options{}), false)
			if outcome.Published != test.published {
				t.Errorf("%+v", outcome)
			}
			if test.says == "" {
				if outcome.Gaps != nil {
					t.Errorf("%+v", outcome.Gaps)
				}
				return
			}
			if gap := outcome.Gaps[0]; gap.Reason != test.says || gap.Hint != test.hint || gap.Account != world.Account {
				t.Errorf("%+v", gap)
			}
			if last := outcome.Gaps[len(outcome.Gaps)-1]; last.Reason != "1 finding was not published" {
				t.Errorf("%+v", last)
			}
		})
	}
}

func TestRolesOfFilesArePublishedWhereTheirAccountIsKnown(t *testing.T) {
	world := awstest.NewWorld(t)
	s := session(t, awstest.NewProxy(t, world, nil), awslive.Options{})
	path := t.TempDir() + "/roles.json"
	exported := fmt.Sprintf(`{"Roles": [{"RoleName": "vendor", "Arn": "arn:aws:iam::%s:role/vendor", "AssumeRolePolicyDocument": %s}]}`, world.Account, open)
	if err := os.WriteFile(path, []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}
	_, outcome := publishFrom(t, s, source.NewFiles([]string{path}, nil, source.Options{}), false)
	if outcome.Published != 1 || outcome.Gaps != nil {
		t.Errorf("%+v", outcome)
	}
	if err := os.WriteFile(path, []byte(open), 0o600); err != nil {
		t.Fatal(err)
	}
	_, outcome = publishFrom(t, s, source.NewFiles([]string{path}, nil, source.Options{}), false)
	if outcome.Published != 0 || len(outcome.Gaps) != 1 || !strings.Contains(outcome.Gaps[0].Hint, "--account") {
		t.Errorf("%+v", outcome)
	}
}

func TestBatchesHoldWhatOneCallTakesAndNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var documents []json.RawMessage
		for range rapid.IntRange(0, 300).Draw(t, "documents") {
			documents = append(documents, make(json.RawMessage, rapid.SampledFrom([]int{10, 5_000, 240_000}).Draw(t, "size")))
		}
		seen := 0
		for batch := range batches(documents) {
			size := 0
			for i, one := range batch {
				size += len(one)
				if &one[0] != &documents[seen+i][0] {
					t.Fatal("the order is another")
				}
			}
			seen += len(batch)
			if len(batch) == 0 || len(batch) > awslive.HubBatch || size > awslive.HubBatchBytes {
				t.Fatalf("%d findings of %d bytes", len(batch), size)
			}
		}
		if seen != len(documents) {
			t.Fatalf("%d of %d", seen, len(documents))
		}
	})
}
