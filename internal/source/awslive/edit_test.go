package awslive

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/source/awslive/awstest"
)

const updateRole = "iam:UpdateAssumeRolePolicy"

func TestAnUpdateIsSentAgainOnlyWhereNothingWasDone(t *testing.T) {
	t.Parallel()
	impatient := brisk
	impatient.patience, impatient.answer = 200*time.Millisecond, 2*time.Second
	for _, test := range []struct {
		name      string
		fault     func(awstest.Call) awstest.Fault
		changed   bool
		ambiguous bool
		calls     int // of the update; 0 where their number is not settled
		says      string
		hint      string
	}{
		{"no fault", nil, true, false, 1, "", ""},
		{"throttled twice", at(updateRole, "", func(n int) bool { return n <= 2 }, throttl), true, false, 3, "", ""},
		{"expired once", at(updateRole, "", once(1), stale), true, false, 2, "", ""},
		{"throttled without end", at(updateRole, "", always, throttl), false, false, 0, "throttled", "try again later"},
		{"expired for good", at(updateRole, "", always, stale), false, false, 1 + renewals, "expired or invalid", "aws sso login"},
		{"refused", at(updateRole, "", always, denied), false, false, 1, "is refused", "allow iam:UpdateAssumeRolePolicy"},
		{"a policy that IAM refuses", at(updateRole, "", always, awstest.Refuse(http.StatusBadRequest, "MalformedPolicyDocument", "Invalid principal in policy")), false, false, 1, "MalformedPolicyDocument: Invalid principal in policy", ""},
		{"a role that IAM does not let change", at(updateRole, "", always, awstest.Refuse(http.StatusBadRequest, "UnmodifiableEntity", "Cannot perform the operation on the protected role")), false, false, 1, "UnmodifiableEntity", ""},
		{"no answer", at(updateRole, "", always, awstest.Cut(0)), false, true, 1, "got no answer in 1 attempts", "undo --recover"},
		{"no answer, but done", at(updateRole, "", always, awstest.Lose), true, true, 1, "got no answer", "undo --recover"},
		{"no answer in time", at(updateRole, "", always, awstest.Hang), false, true, 1, "the time for it ran out", "undo --recover"},
		{"a server in trouble", at(updateRole, "", always, trouble), false, true, 1, "ServiceUnavailable", "undo --recover"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			world := awstest.NewWorld(t)
			world.Role(world.Account, "/", "vendor", vendor(1))
			proxy := awstest.NewProxy(t, world, test.fault)
			editor, err := open(t, proxy, Options{Changes: true, tempo: &impatient}).Editor(context.Background(), world.Account)
			if err != nil {
				t.Fatal(err)
			}
			err = editor.Update(context.Background(), "vendor", vendor(2), nil)
			if changed := world.Trust(world.Account, "vendor") == vendor(2); changed != test.changed {
				t.Errorf("changed: %v", changed)
			}
			if calls := proxy.All(updateRole); test.calls > 0 && calls != test.calls {
				t.Errorf("%d calls, want %d", calls, test.calls)
			}
			var fault *Fault
			if !errors.As(err, &fault) {
				if err != nil || test.says != "" {
					t.Errorf("error %v", err)
				}
				return
			}
			if fault.Ambiguous() != test.ambiguous || !strings.Contains(fault.Error(), test.says) || !strings.Contains(fault.Hint(), test.hint) {
				t.Errorf("ambiguous: %v, %v, hint %q", fault.Ambiguous(), fault, fault.Hint())
			}
			if strings.Contains(fault.Hint(), "--resume") {
				t.Errorf("the hint is one for scanning: %q", fault.Hint())
			}
		})
	}
}

func TestARoleIsReadAsItIsNow(t *testing.T) {
	t.Parallel()
	world := awstest.NewWorld(t)
	world.Role(world.Account, "/team/", "vendor", vendor(7))
	proxy := awstest.NewProxy(t, world, nil)
	ctx := context.Background()
	editor, err := open(t, proxy, Options{Changes: true}).Editor(ctx, world.Account)
	if err != nil {
		t.Fatal(err)
	}
	role, err := editor.Role(ctx, "vendor")
	if err != nil || role.Name != "vendor" || role.Path != "/team/" || role.ARN != "arn:aws:iam::"+world.Account+":role/team/vendor" ||
		role.ID != world.RoleID(world.Account, "vendor") || role.Policy != vendor(7) {
		t.Errorf("read %+v, %v", role, err)
	}
	if _, err := editor.Role(ctx, "nobody"); !errors.Is(err, ErrNoRole) {
		t.Errorf("a role that is not there: %v", err)
	}
	if err := editor.Update(ctx, "nobody", vendor(1), nil); !errors.Is(err, ErrNoRole) {
		t.Errorf("changing a role that is not there: %v", err)
	}
}

func TestTheRoleForChangingIsAssumedAndNamedWhereItIsRefused(t *testing.T) {
	t.Parallel()
	world := awstest.NewWorld(t)
	_, root := world.Organization()
	member, refusing := world.Member(root, root, "member"), world.Member(root, root, "refusing")
	const secret = "Jw8rV2nq5TzK0cYx"
	proxy := awstest.NewProxy(t, world, at("sts:AssumeRole", refusing, always,
		awstest.Refuse(http.StatusForbidden, "AccessDenied", "not with "+secret)))
	session := open(t, proxy, Options{Changes: true, RoleExternalID: secret})
	editor, err := session.Editor(context.Background(), member)
	if err != nil || editor.Through != "arn:aws:iam::"+member+":role/countersign-fix" {
		t.Errorf("through %v, %v", editor, err)
	}
	own, err := session.Editor(context.Background(), world.Account)
	if err != nil || own.Through != "" {
		t.Errorf("the own account through %v, %v", own, err)
	}
	_, err = session.Editor(context.Background(), refusing)
	var fault *Fault
	if !errors.As(err, &fault) || strings.Contains(err.Error(), secret) || !strings.Contains(fault.Hint(), "--fix-role-name") {
		t.Errorf("refused: %v", err)
	}
}

func TestExternalIDsOfAPolicyShowInNoFault(t *testing.T) {
	t.Parallel()
	world := awstest.NewWorld(t)
	proxy := awstest.NewProxy(t, world, at(updateRole, "", always, awstest.Refuse(http.StatusBadRequest, "MalformedPolicyDocument", "what is one or two")))
	editor, err := open(t, proxy, Options{Changes: true}).Editor(context.Background(), world.Account)
	if err != nil {
		t.Fatal(err)
	}
	err = editor.Update(context.Background(), "vendor", vendor(1), []string{"one", "", "two"})
	if err == nil || !strings.Contains(err.Error(), "what is (redacted) or (redacted)") {
		t.Errorf("it says %v", err)
	}
}
