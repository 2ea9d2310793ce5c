package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/source/awslive/awstest"
)

// ranAt runs a command line with a proxy in the place of AWS.
func ranAt(t *testing.T, proxy *awstest.Proxy, args ...string) (out, messages string, code int) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": proxy.URL, "AWS_ACCESS_KEY_ID": awstest.AccessKey, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-east-1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir()) // no settings
	var stdout, stderr bytes.Buffer
	code = Run(context.Background(), args, Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), code
}

const (
	vendorPolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole"}]}`
	servicePolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

func TestALiveScanPublishesAndArchives(t *testing.T) {
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/", "vendor", vendorPolicy)
	world.Role(world.Account, "/", "service", servicePolicy)
	proxy := awstest.NewProxy(t, world, nil)
	out, messages, code := ranAt(t, proxy, "scan", "--live", "--publish", "security-hub")
	if code != exitFindings || !strings.Contains(messages, "note: published to Security Hub: 1 finding; archived: 0\n") {
		t.Errorf("exit code %d:\n%s", code, messages)
	}
	if !strings.Contains(out, "vendor") || strings.Contains(out, "service") {
		t.Errorf("the report is another when the findings are published:\n%s", out)
	}
	if got := world.Findings(world.Account); len(got) != 1 || got[0].Text("RecordState") != "ACTIVE" {
		t.Errorf("%v", got)
	}
	world.SetTrust(world.Account, "vendor", servicePolicy)
	_, messages, code = ranAt(t, proxy, "scan", "--live", "--publish", "security-hub")
	if code != exitClean || !strings.Contains(messages, "note: published to Security Hub: 0 findings; archived: 1\n") {
		t.Errorf("exit code %d:\n%s", code, messages)
	}
	if got := world.Findings(world.Account); len(got) != 1 || got[0].Text("RecordState") != "ARCHIVED" {
		t.Errorf("%v", got)
	}
}

func TestWhatIsNotPublishedIsToldAndMakesTheRunIncomplete(t *testing.T) {
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/", "service", servicePolicy)
	proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
		if strings.HasPrefix(call.Operation, "securityhub:") {
			return awstest.RefuseJSON(403, "AccessDeniedException", "no")
		}
		return nil
	})
	_, messages, code := ranAt(t, proxy, "scan", "--live", "--publish", "security-hub", "--quiet")
	want := "not published: account " + world.Account + ": securityhub:GetFindings is refused: AccessDeniedException: no\n" +
		"hint: allow securityhub:GetFindings (docs/publish.md)\n"
	if code != exitIncomplete || messages != want {
		t.Errorf("exit code %d:\n%s", code, messages)
	}
}

func TestFilesArePublishedAndArchiveNothing(t *testing.T) {
	world := awstest.NewWorld(t)
	path := filepath.Join(t.TempDir(), "role.json")
	if err := os.WriteFile(path, []byte(vendorPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	_, messages, code := ranAt(t, awstest.NewProxy(t, world, nil), "scan", "--account", world.Account, "--region", "us-east-1", "--publish", "security-hub", path)
	if code != exitFindings || !strings.Contains(messages, "note: published to Security Hub: 1 finding; none archived, for files do not tell whether they hold all roles\n") {
		t.Errorf("exit code %d:\n%s", code, messages)
	}
}
