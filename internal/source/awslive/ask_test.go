package awslive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"countersign/internal/audit"
	"countersign/internal/source/awslive/awstest"
	"countersign/internal/source/awslive/snapshot"
)

// stub answers every call with a text of its own, by operation.
func stub(t *testing.T, answers map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		operation := r.Form.Get("Action")
		if _, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
			operation = name
		}
		if operation == "GetRole" {
			fmt.Fprintf(w, one, r.Form.Get("RoleName"))
			return
		}
		_, _ = w.Write([]byte(answers[operation]))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The answers below are HAND-WRITTEN after the API References of STS and IAM.
const (
	identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%s</Arn><UserId>AIDAEXAMPLE</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	twoRoles = `<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult><IsTruncated>false</IsTruncated><UserDetailList/><GroupDetailList/><RoleDetailList>` +
		`<member><Path>/</Path><RoleName>one</RoleName><Arn>arn:aws:iam::111122223333:role/one</Arn><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument><RoleLastUsed><LastUsedDate>2026-01-02T03:04:05Z</LastUsedDate><Region>eu-west-1</Region></RoleLastUsed></member>` +
		`<member><Path>/</Path><RoleName>two</RoleName><Arn>arn:aws:iam::111122223333:role/two</Arn></member>` +
		`</RoleDetailList><Policies/></GetAccountAuthorizationDetailsResult><ResponseMetadata><RequestId>7a62c49f</RequestId></ResponseMetadata></GetAccountAuthorizationDetailsResponse>`
	listed = `<ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult><IsTruncated>false</IsTruncated><Roles>` +
		`<member><Path>/</Path><RoleName>one</RoleName><RoleId>AROA1</RoleId><CreateDate>2026-01-02T03:04:05Z</CreateDate><Arn>arn:aws:iam::111122223333:role/one</Arn></member>` +
		`<member><Path>/</Path><RoleName>two</RoleName><RoleId>AROA2</RoleId><CreateDate>2026-01-02T03:04:05Z</CreateDate><Arn>arn:aws:iam::111122223333:role/two</Arn></member>` +
		`</Roles></ListRolesResult></ListRolesResponse>`
	one = `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><RoleName>%s</RoleName></Role></GetRoleResult></GetRoleResponse>`
)

func caller(arn string) string { return fmt.Sprintf(identity, arn, "111122223333") }

// TestAnAnswerCutAnywhereIsWholeOrAFault cuts sound answers at every byte, in a
// way that leaves the connection in order.
func TestAnAnswerCutAnywhereIsWholeOrAFault(t *testing.T) {
	t.Parallel()
	once := tempo{answer: time.Second, attempts: 1, first: time.Microsecond, longest: time.Microsecond, floor: 1000}
	answers := map[string]string{"GetCallerIdentity": caller("arn:aws:iam::111122223333:user/auditor")}
	session, err := openAt(stub(t, answers), Options{tempo: &once})
	if err != nil {
		t.Fatal(err)
	}
	l := &listing{line: session.line("111122223333", session.config.Credentials), iam: iam.NewFromConfig(session.config)}
	for _, test := range []struct {
		operation, answer string
		list              func(context.Context, func(snapshot.Page) error) error
	}{
		{"GetAccountAuthorizationDetails", twoRoles, l.details},
		{"ListRoles", listed, l.roles},
	} {
		t.Run(test.operation, func(t *testing.T) {
			faults := 0
			for length := range len(test.answer) + 1 {
				answers[test.operation] = test.answer[:length]
				roles := 0
				err := test.list(context.Background(), func(page snapshot.Page) error {
					roles += len(page.RoleDetailList) + len(page.Roles)
					return nil
				})
				var fault *Fault
				switch {
				case err == nil && roles != 2:
					t.Fatalf("cut at byte %d of %d the answer has %d roles and no fault", length, len(test.answer), roles)
				case err != nil && !errors.As(err, &fault):
					t.Fatalf("cut at byte %d: %v is no fault", length, err)
				case err != nil:
					faults++
				}
			}
			if end := strings.Index(test.answer, "</"+test.operation+"Result>"); faults < end {
				t.Errorf("%d cuts are faults, want all %d within the result", faults, end)
			}
		})
	}
}

func TestTheCallerTellsAccountAndPartition(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		"arn:aws:iam::111122223333:user/auditor":                   "aws",
		"arn:aws-cn:iam::111122223333:user/auditor":                "aws-cn",
		"arn:aws-us-gov:sts::111122223333:assumed-role/auditor/me": "aws-us-gov",
	} {
		session, err := openAt(stub(t, map[string]string{"GetCallerIdentity": caller(arn)}), Options{})
		if err != nil || session.Caller != (Caller{"111122223333", arn, want}) {
			t.Errorf("caller %+v, error %v; want partition %s", session, err, want)
		}
	}
	for name, answer := range map[string]string{
		"empty": "", "no ARN": caller("somebody"), "garbage": html,
	} {
		hasty := brisk
		hasty.attempts = 2
		_, err := openAt(stub(t, map[string]string{"GetCallerIdentity": answer}), Options{tempo: &hasty})
		if fault := (*Fault)(nil); !errors.As(err, &fault) || fault.Attempts != 2 || !strings.Contains(fault.Error(), "no sound answer") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestRolesOfOddAnswersAreNotPassedOver(t *testing.T) {
	t.Parallel()
	answers := map[string]string{"GetCallerIdentity": caller("arn:aws:iam::111122223333:user/auditor"), "GetAccountAuthorizationDetails": twoRoles}
	session, err := openAt(stub(t, answers), Options{})
	if err != nil {
		t.Fatal(err)
	}
	source, err := session.Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := drain(context.Background(), t, source)
	if len(got.roles) != 2 {
		t.Fatalf("roles %v", got.arns())
	}
	if first := got.roles[0]; string(first.Trust.JSON) != `{"Version":"2012-10-17"}` || !first.LastUsed.At.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("first role %+v", first)
	}
	if second := got.roles[1]; second.Trust.Err == nil || second.LastUsed.Known || second.Tags == nil {
		t.Errorf("a role without a policy: %+v", second)
	}
}

func TestExternalIDsShowInNoFault(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 1)
	const secret = "Jw8rV2nq5TzK0cYx"
	proxy := awstest.NewProxy(t, m.world, at("sts:AssumeRole", m.atOuter, always,
		awstest.Refuse(http.StatusForbidden, "AccessDenied", "not with "+secret+", says\x7fthe \r\n server")))
	got, _ := m.read(t, open(t, proxy, Options{RoleExternalID: secret}))
	if said := got.said(); strings.Contains(said, secret) || !strings.Contains(said, "(redacted)") || strings.ContainsAny(said, "\x7f\r\n") {
		t.Errorf("gaps: %q", said)
	}
	if proxy.Good("sts:AssumeRole") != 2 {
		t.Errorf("%d roles assumed", proxy.Good("sts:AssumeRole"))
	}
}

func TestAnExternalIDIsSentAlong(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 1)
	sent := make(chan string, 8)
	proxy := awstest.NewProxy(t, m.world, func(call awstest.Call) awstest.Fault {
		if call.Operation == "sts:AssumeRole" {
			sent <- call.Form.Get("RoleArn") + " " + call.Form.Get("ExternalId")
		}
		return nil
	})
	m.read(t, open(t, proxy, Options{RoleName: "audit/reader", RoleExternalID: "x y", Accounts: []string{m.atRoot}}))
	if got, want := <-sent, "arn:aws:iam::"+m.atRoot+":role/audit/reader x y"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestThePaceFallsWhenAWSThrottlesAndRisesAgain(t *testing.T) {
	t.Parallel()
	p := newPacer(2)
	for range 16 {
		if err := p.wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if p.limiter.Limit() != rate.Inf {
		t.Fatal("there is a limit before AWS throttles")
	}
	p.slower()
	first := p.limiter.Limit()
	if first > 1000*cutBy || first < 2 {
		t.Errorf("after 16 calls a millisecond or more apart the limit is %v", first)
	}
	p.slower()
	if p.limiter.Limit() != first {
		t.Error("calls that were under way together lower the pace more than once")
	}
	for range 50 {
		p.cut = time.Time{} // as if the last cut were long ago
		p.slower()
	}
	if p.limiter.Limit() != 2 {
		t.Errorf("the limit is %v, want the floor", p.limiter.Limit())
	}
	calls := 0
	for ; p.limiter.Limit() != rate.Inf && calls < 1000; calls++ {
		p.faster()
	}
	if calls == 0 || calls > 300 {
		t.Errorf("%d calls until there is no limit again", calls)
	}
}

// TestThePaceSettlesBelowTheRateOfAWS asks a bucket of tokens, which is how AWS
// throttles, for more than it gives.
func TestThePaceSettlesBelowTheRateOfAWS(t *testing.T) {
	t.Parallel()
	const allowed, calls = 200, 500
	bucket := rate.NewLimiter(allowed, 20)
	pace := brisk
	pace.floor, pace.longest = 10, 50*time.Millisecond
	l := &line{tempo: pace, pace: newPacer(pace.floor), meter: &meter{}, renew: func() {}}
	var group errgroup.Group
	group.SetLimit(8)
	began := time.Now()
	for range calls {
		group.Go(func() error {
			_, err := ask(context.Background(), l, "iam:GetRole",
				func(context.Context) (int, error) {
					time.Sleep(time.Millisecond)
					if !bucket.Allow() {
						return 0, &smithy.GenericAPIError{Code: "Throttling"}
					}
					return 1, nil
				},
				func(int) error { return nil })
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Errorf("a call was lost: %v", err)
	}
	throttled := l.meter.throttled.Load()
	t.Logf("%d calls at %d/s took %v, AWS throttled %d", calls, allowed, time.Since(began), throttled)
	if throttled > calls/2 {
		t.Errorf("AWS throttled %d calls for %d that it answered", throttled, calls)
	}
}

func TestPausesGrowAndStayBounded(t *testing.T) {
	t.Parallel()
	for nth := 1; nth < 200; nth++ {
		full := min(steady.longest, steady.first<<min(nth-1, 20))
		if pause := steady.pause(nth); pause < full/2 || pause > full {
			t.Errorf("pause %v after failure %d, want between %v and %v", pause, nth, full/2, full)
		}
	}
}

// TestAnAccountThatIsAheadWaitsAndTheOneInTurnDoesNot holds the bound on what
// is held.
func TestAnAccountThatIsAheadWaitsAndTheOneInTurnDoesNot(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	order := newSequence(2, 10)
	page := make([]audit.Item, 8)
	ahead := make(chan error, 1)
	go func() {
		for range 5 {
			if err := order.put(ctx, 1, page); err != nil {
				ahead <- err
				return
			}
		}
		order.finish(1, nil)
		ahead <- nil
	}()
	for range 20 { // more than the bound
		if err := order.put(ctx, 0, page); err != nil {
			t.Fatal(err)
		}
	}
	order.finish(0, nil)
	select {
	case err := <-ahead:
		t.Fatalf("the account ahead did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	pages := 0
	for done := 0; done < 2; {
		page, _, err := order.take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if page == nil {
			done++
			continue
		}
		pages++
	}
	if pages != 25 || order.held != 0 {
		t.Errorf("%d pages came through, %d roles are still held", pages, order.held)
	}
	if err := <-ahead; err != nil {
		t.Error(err)
	}
}

func TestKeptPagesHaveTheFormOfTheAWSCLI(t *testing.T) {
	t.Parallel()
	policy := "%7B%7D"
	text, err := json.Marshal(snapshot.Page{RoleDetailList: []snapshot.Role{{
		Path: "/", RoleName: "r", RoleID: "AROA", Arn: "arn:aws:iam::111122223333:role/r", AssumeRolePolicyDocument: &policy,
		Tags: []snapshot.Tag{}, RoleLastUsed: &snapshot.LastUsed{},
		AttachedManagedPolicies: []snapshot.AttachedPolicy{{PolicyName: "p", PolicyArn: "arn:aws:iam::aws:policy/p"}},
	}}})
	want := `{"RoleDetailList":[{"Path":"/","RoleName":"r","RoleId":"AROA","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":"%7B%7D","AttachedManagedPolicies":[{"PolicyName":"p","PolicyArn":"arn:aws:iam::aws:policy/p"}],"Tags":[],"RoleLastUsed":{}}]}`
	if err != nil || string(text) != want {
		t.Errorf("error %v\n got %s\nwant %s", err, text, want)
	}
}
