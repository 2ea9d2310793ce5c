package awslive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/source/awslive/awstest"
)

// at commits a fault in the calls of an operation for an account, as long as
// when holds for their number; an empty account means all of them.
func at(operation, account string, when func(nth int) bool, fault awstest.Fault) func(awstest.Call) awstest.Fault {
	return func(call awstest.Call) awstest.Fault {
		if call.Operation == operation && (account == "" || call.Account == account) && when(call.Nth) {
			return fault
		}
		return nil
	}
}

func always(int) bool { return true }

func once(nth int) func(int) bool { return func(n int) bool { return n == nth } }

func from(nth int) func(int) bool { return func(n int) bool { return n >= nth } }

func everyThird(n int) bool { return n%3 == 1 }

// often commits a fault in a share of all calls, the same ones in every run.
func often(share uint32, fault awstest.Fault, json awstest.Fault) func(awstest.Call) awstest.Fault {
	return func(call awstest.Call) awstest.Fault {
		sum := sha256.Sum256(fmt.Append(nil, call.Operation, call.Nth))
		switch {
		case binary.BigEndian.Uint32(sum[:])%100 >= share:
			return nil
		case strings.HasPrefix(call.Operation, "organizations:"):
			return json
		}
		return fault
	}
}

const (
	details = "iam:GetAccountAuthorizationDetails"
	html    = "<!doctype html><html><body><h1>It works!</h1>"
)

var (
	denied  = awstest.Refuse(http.StatusForbidden, "AccessDenied", "not authorized")
	throttl = awstest.Refuse(http.StatusBadRequest, "Throttling", "Rate exceeded")
	tooMany = awstest.RefuseJSON(http.StatusBadRequest, "TooManyRequestsException", "slow down")
	stale   = awstest.Refuse(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	trouble = awstest.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "try later")
)

// endless is a listing that says that it goes on, but not where.
const endless = `<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult><RoleDetailList/><IsTruncated>true</IsTruncated>%s</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>`

// TestNoFaultLosesARoleSilently reads an organization of four accounts with
// 120 roles each while faults are committed. Every role is read with the policy
// it was made with, or its account is reported; run with -v for the table.
func TestNoFaultLosesARoleSilently(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 120)
	impatient, hasty := brisk, brisk
	impatient.patience = 200 * time.Millisecond
	hasty.answer, hasty.attempts = 3*time.Second, 2
	for _, test := range []struct {
		name   string
		fault  func(awstest.Call) awstest.Fault
		tempo  *tempo
		lost   int    // accounts of which roles are missing
		reason string // what the report of the first says
		hint   string
	}{
		{name: "none but percent-encoded documents and pages of 100"},
		{name: "60% of all calls throttled", fault: often(60, throttl, tooMany)},
		{name: "60% of all calls answered with 503", fault: often(60, trouble, awstest.RefuseJSON(503, "ServiceException", "")), tempo: &tempo{time.Minute, 30 * time.Second, 40, time.Millisecond, 10 * time.Millisecond, 200, 200}},
		{name: "every third page: connection cut before the answer", fault: at(details, "", everyThird, awstest.Cut(0))},
		{name: "every third page: connection cut in mid-answer", fault: at(details, "", everyThird, awstest.Cut(0.6))},
		{name: "every third page: half an answer as if whole", fault: at(details, "", everyThird, awstest.Short(0.5))},
		{name: "every third page: an empty answer", fault: at(details, "", everyThird, awstest.Say(200, ""))},
		{name: "every third page: garbage", fault: at(details, "", everyThird, awstest.Say(200, html))},
		{name: "first page hangs once", fault: at(details, "", once(1), awstest.Hang), tempo: &hasty},
		{name: "credentials expire between two pages", fault: at(details, "", once(2), stale)},
		{name: "AssumeRole throttled 60%", fault: func(c awstest.Call) awstest.Fault {
			if c.Operation == "sts:AssumeRole" && c.Nth%5 < 3 {
				return throttl
			}
			return nil
		}},
		{name: "one account refuses AssumeRole", fault: at("sts:AssumeRole", m.atOuter, always, denied), lost: 1, reason: "sts:AssumeRole is refused", hint: "deploy the audit role"},
		{name: "one account throttled without end", fault: at(details, m.atInner, always, throttl), tempo: &impatient, lost: 1, reason: "throttled", hint: "--concurrency"},
		{name: "one account: second page always cut", fault: at(details, m.atRoot, from(2), awstest.Cut(0.5)), lost: 1, reason: "got no answer in 4 attempts", hint: "--resume"},
		{name: "one account: always half an answer", fault: at(details, m.atRoot, always, awstest.Short(0.5)), lost: 1, reason: "no sound answer", hint: "AWS_ENDPOINT_URL"},
		{name: "one account: always an empty answer", fault: at(details, m.atRoot, always, awstest.Say(200, "")), lost: 1, reason: "no list of roles", hint: "AWS_ENDPOINT_URL"},
		{name: "one account: always garbage", fault: at(details, m.atRoot, always, awstest.Say(200, html)), lost: 1, reason: "no sound answer", hint: "AWS_ENDPOINT_URL"},
		{name: "one account: always 500 with garbage", fault: at(details, m.atRoot, always, awstest.Say(500, html)), lost: 1, reason: "got no answer", hint: "--resume"},
		{name: "one account: listing without a way on", fault: at(details, m.atRoot, always, awstest.Say(200, fmt.Sprintf(endless, ""))), lost: 1, reason: "breaks off", hint: "AWS_ENDPOINT_URL"},
		{name: "one account: listing in a circle", fault: at(details, m.atRoot, always, awstest.Say(200, fmt.Sprintf(endless, "<Marker>again</Marker>"))), lost: 1, reason: "circle", hint: "AWS_ENDPOINT_URL"},
		{name: "one account hangs", fault: at(details, m.atRoot, always, awstest.Hang), tempo: &hasty, lost: 1, reason: "the time for it ran out", hint: "--resume"},
		{name: "one account: credentials expired for good", fault: at(details, m.atRoot, from(2), stale), lost: 1, reason: "expired or invalid", hint: "aws sso login"},
		{name: "GetAccountAuthorizationDetails refused everywhere", fault: at(details, "", always, denied)},
		{name: "one account refuses every listing", fault: func(c awstest.Call) awstest.Fault {
			if c.Account == m.atOuter && (c.Operation == details || c.Operation == "iam:ListRoles") {
				return denied
			}
			return nil
		}, lost: 1, reason: "iam:ListRoles is refused", hint: "allow iam:ListRoles"},
	} {
		t.Run(test.name, func(t *testing.T) {
			proxy := awstest.NewProxy(t, m.world, test.fault)
			got, _ := m.read(t, open(t, proxy, Options{tempo: test.tempo}))
			read := got.policies()
			wrong, silent, accounts := 0, 0, map[string]bool{}
			for arn, policy := range m.want {
				found, ok := read[arn]
				account := strings.Split(arn, ":")[4]
				switch {
				case ok && found != policy:
					wrong++
				case !ok && strings.Contains(got.said(), account):
					accounts[account] = true
				case !ok:
					silent++
				}
			}
			if wrong > 0 || silent > 0 || len(read) > len(m.want) || len(read) != len(got.roles) {
				t.Errorf("%d roles wrong, %d lost silently, %d read, %d of them distinct", wrong, silent, len(got.roles), len(read))
			}
			if got.err != nil || len(accounts) != test.lost || len(got.gaps) != test.lost {
				t.Errorf("error %v; %d accounts incomplete, want %d:\n%s", got.err, len(accounts), test.lost, got.said())
			}
			message := ""
			if len(got.gaps) > 0 {
				message = got.gaps[0].Reason + " | hint: " + got.gaps[0].Hint
				if !strings.Contains(got.gaps[0].Reason, test.reason) || !strings.Contains(got.gaps[0].Hint, test.hint) {
					t.Errorf("reported %q, want a reason with %q and a hint with %q", message, test.reason, test.hint)
				}
			}
			t.Log(row(test.name, len(m.want), len(read), silent, wrong, message))
		})
	}
}

// row spells a line of the fault table.
func row(name string, want, read, silent, wrong int, message string) string {
	return fmt.Sprintf("FAULT %-52s | roles %d | reported missing %3d | lost %d | wrong %d | %s", name, want, want-read-silent, silent, wrong, message)
}

func TestTheFallbackSaysWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	world := awstest.NewWorld(t)
	want := filled(world, world.Account, 120)
	for _, test := range []struct {
		name    string
		refuses []string
		tags    bool
		notes   []string
		singles int // GetRole calls that succeed
	}{
		{"with GetRole tags and last use are known", []string{details}, true,
			[]string{"iam:GetAccountAuthorizationDetails is refused"}, 120},
		{"without GetRole they are not", []string{details, "iam:GetRole"}, false,
			[]string{"iam:GetAccountAuthorizationDetails is refused", "iam:GetRole is refused"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			proxy := awstest.NewProxy(t, world, func(call awstest.Call) awstest.Fault {
				for _, operation := range test.refuses {
					if call.Operation == operation {
						return denied
					}
				}
				return nil
			})
			var told notes
			session := open(t, proxy, Options{Note: told.add})
			source, err := session.Account(nil)
			if err != nil {
				t.Fatal(err)
			}
			got := drain(context.Background(), t, source)
			if len(got.gaps) > 0 || len(got.roles) != len(want) {
				t.Errorf("%d roles, gaps:\n%s", len(got.roles), got.said())
			}
			for arn, policy := range got.policies() {
				if want[arn] != policy {
					t.Errorf("%s: policy %s", arn, policy)
				}
			}
			for _, found := range got.roles {
				if known := found.Tags != nil; known != test.tags || found.LastUsed.Known != test.tags {
					t.Errorf("tags %v, last use %+v", found.Tags, found.LastUsed)
				}
				var number int
				_, _ = fmt.Sscanf(found.Name, "role-%d", &number)
				if test.tags && found.Tags["owner"] != fmt.Sprint("team ", number) {
					t.Errorf("%s has the tags %v", found.Name, found.Tags)
				}
			}
			if len(told.said) != len(test.notes) {
				t.Errorf("notes %+v", told.said)
			}
			for i := range min(len(told.said), len(test.notes)) {
				if !strings.Contains(told.said[i].Text, test.notes[i]) {
					t.Errorf("note %q, want one with %q", told.said[i].Text, test.notes[i])
				}
			}
			if lists, singles := proxy.Good("iam:ListRoles"), proxy.Good("iam:GetRole"); lists != 2 || singles != test.singles {
				t.Errorf("%d ListRoles and %d GetRole, want 2 and %d", lists, singles, test.singles)
			}
		})
	}
}
