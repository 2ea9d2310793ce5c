package awslive

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/awslive/awstest"
	"countersign/internal/source/awslive/snapshot"
)

// completed reads a source and has what its roles may do read, as an audit does.
func completed(t *testing.T, source interface {
	audit.Source
	audit.Finisher
}) map[string]role.Access {
	t.Helper()
	found := map[string]role.Access{}
	told := func(gap audit.Incomplete) { t.Error(gap) }
	err := source.Roles(t.Context(), func(item audit.Item) error {
		one, err := item.Role()
		if err != nil {
			return err
		}
		if one.CompleteAccess(); one.Access != nil {
			for i := range one.Access.Attached {
				one.Access.Resolve(&one.Access.Attached[i])
			}
			if one.Access.Boundary != nil {
				one.Access.Resolve(one.Access.Boundary)
			}
			one.Access.Library = nil
			found[one.Name] = *one.Access
		}
		return nil
	}, told)
	if err != nil {
		t.Fatal(err)
	}
	source.Finish(told)
	return found
}

const (
	readsBucket = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a+b/*"}]}`
	limits      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
)

// furnished is an account with a role that carries every kind of policy, and
// one that carries none.
func furnished(t *testing.T) (world *awstest.World, want map[string]role.Access) {
	t.Helper()
	world = awstest.NewWorld(t)
	own := world.Account
	world.Role(own, "/", "full", vendor(1))
	world.Role(own, "/", "bare", vendor(2))
	managed, boundary := world.Policy(own, "reads", readsBucket), world.Policy(own, "limits", limits)
	world.Attach(own, "full", managed)
	world.Inline(own, "full", "also", readsBucket)
	world.Bound(own, "full", boundary)
	document := func(text string) *role.Document { return &role.Document{JSON: []byte(text)} }
	return world, map[string]role.Access{
		"bare": {},
		"full": {
			Attached: []role.ManagedPolicy{{ARN: managed, Name: "reads", Document: document(readsBucket)}},
			Inline:   []role.InlinePolicy{{Name: "also", Document: *document(readsBucket)}},
			Boundary: &role.ManagedPolicy{ARN: boundary, Name: "limits", Document: document(limits)},
		},
	}
}

func TestWhatARoleMayDoIsReadWithOneMoreCall(t *testing.T) {
	t.Parallel()
	world, want := furnished(t)
	proxy := awstest.NewProxy(t, world, nil)
	source, err := open(t, proxy, Options{}).Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, completed(t, source)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if calls := proxy.All(details); calls != 2 {
		t.Errorf("%d calls, want one for the roles and one for the policies", calls)
	}
}

func TestKeptAnswersTellTheSameOfWhatARoleMayDo(t *testing.T) {
	t.Parallel()
	world, want := furnished(t)
	directory := filepath.Join(t.TempDir(), "answers")
	source, err := open(t, awstest.NewProxy(t, world, nil), Options{Save: directory}).Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, completed(t, source)); diff != "" {
		t.Errorf("want -, live +:\n%s", diff)
	}
	kept, err := snapshot.Open(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if diff := cmp.Diff(want, completed(t, nothingLeft{kept})); diff != "" {
		t.Errorf("want -, kept +:\n%s", diff)
	}
	modes(t, directory)

	// A run that goes on takes the policies from the directory, too.
	proxy := awstest.NewProxy(t, world, nil)
	again, err := open(t, proxy, Options{Resume: directory}).Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, completed(t, again)); diff != "" || proxy.All(details) != 0 {
		t.Errorf("%d calls; want -, kept +:\n%s", proxy.All(details), diff)
	}
}

// nothingLeft is a source that has nothing to do at the end.
type nothingLeft struct{ audit.Source }

func (nothingLeft) Finish(func(audit.Incomplete)) {}

func TestPoliciesThatAreRefusedAreUnknownAndSaidToBe(t *testing.T) {
	t.Parallel()
	world, want := furnished(t)
	proxy := awstest.NewProxy(t, world, at(details, "", from(2), denied))
	source, err := open(t, proxy, Options{}).Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	full := completed(t, source)["full"]
	if diff := cmp.Diff(want["full"].Inline, full.Inline); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	for _, policy := range []role.ManagedPolicy{full.Attached[0], *full.Boundary} {
		if policy.Document != nil || !strings.Contains(policy.Missing, "iam:GetAccountAuthorizationDetails is refused") {
			t.Errorf("%s: %q", policy.Name, policy.Missing)
		}
	}
}

func TestRolesReadOneByOneTellTheirBoundaryOnly(t *testing.T) {
	t.Parallel()
	world, _ := furnished(t)
	proxy := awstest.NewProxy(t, world, at(details, "", always, denied))
	source, err := open(t, proxy, Options{}).Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := completed(t, source)
	full, told := got["full"]
	if _, bare := got["bare"]; bare || !told || full.Boundary == nil || len(full.Lacks) != 2 {
		t.Errorf("got %+v", got)
	}
	if calls := proxy.All(details); calls != 1 {
		t.Errorf("%d calls of what is refused, want 1", calls)
	}
}
