package awslive

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/role"
	"countersign/internal/source/awslive/awstest"
	"countersign/internal/source/awslive/snapshot"
)

// replayed reads a directory of kept answers.
func replayed(t *testing.T, path string) (seen, *snapshot.Organization) {
	t.Helper()
	if !snapshot.Recognise(path) {
		t.Fatalf("%s is not recognised", path)
	}
	kept, err := snapshot.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	return drain(context.Background(), t, kept), kept.Organization
}

// sourceless returns the roles without where they were found, and without what
// they may do, which is yet to be read.
func sourceless(roles []*role.Role) []role.Role {
	bare := make([]role.Role, len(roles))
	for i, found := range roles {
		bare[i] = *found
		bare[i].Source, bare[i].AccessDetails = role.Source{}, nil
	}
	return bare
}

func TestKeptAnswersGiveTheSameRolesAndTheSameGaps(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 120)
	m.world.RCP("perimeter", perimeter, m.outer)
	for name, fault := range map[string]func(awstest.Call) awstest.Fault{
		"nothing amiss":                 nil,
		"one account refuses":           at("sts:AssumeRole", m.atOuter, always, denied),
		"one account breaks off":        at(details, m.atRoot, from(2), awstest.Say(500, html)),
		"roles are read one by one":     at(details, "", always, denied),
		"policies of the organization":  at("organizations:ListPolicies", "", always, awstest.RefuseJSON(400, "AccessDeniedException", "no")),
		"roles are read without detail": func(c awstest.Call) awstest.Fault { return refusedBoth(c) },
	} {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "answers")
			session := open(t, awstest.NewProxy(t, m.world, fault), Options{Save: directory, Accounts: []string{m.world.Account, m.atRoot, m.atOuter, m.atInner, "123412341234"}})
			live, organization := m.read(t, session)
			offline, remembered := replayed(t, directory)
			if diff := cmp.Diff(sourceless(live.roles), sourceless(offline.roles)); diff != "" {
				t.Errorf("roles differ (- live, + kept):\n%s", diff)
			}
			if diff := cmp.Diff(live.gaps, offline.gaps); diff != "" {
				t.Errorf("gaps differ (- live, + kept):\n%s", diff)
			}
			if diff := cmp.Diff(organization, remembered); diff != "" {
				t.Errorf("organizations differ (- live, + kept):\n%s", diff)
			}
			for _, found := range offline.roles {
				if want := filepath.Join(directory, "accounts", found.Account+".jsonl"); found.Source.Kind != role.Saved || found.Source.Path != want {
					t.Fatalf("source %+v, want one in %s", found.Source, want)
				}
			}
			modes(t, directory)
		})
	}
}

func refusedBoth(c awstest.Call) awstest.Fault {
	if c.Operation == details || c.Operation == "iam:GetRole" {
		return denied
	}
	return nil
}

// modes checks that nobody else may read what was kept, and that no draft is
// left.
func modes(t *testing.T, directory string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return // it knows no such modes
	}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		if strings.HasSuffix(path, ".part") {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARunGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 120)
	directory := filepath.Join(t.TempDir(), "answers")

	// The run is cut off by its user while an account's second page is asked
	// for; that account and those after it are not finished.
	ctx, stop := context.WithCancel(context.Background())
	var cut atomic.Value
	proxy := awstest.NewProxy(t, m.world, func(call awstest.Call) awstest.Fault {
		if call.Operation == details && call.Account != m.world.Account && call.Nth == 2 && cut.CompareAndSwap(nil, call.Account) {
			stop()
			return awstest.Cut(0)
		}
		return nil
	})
	session := open(t, proxy, Options{Resume: directory, Concurrency: 1})
	organization, gaps, err := session.Organization(ctx)
	if err != nil {
		t.Fatal(err)
	}
	source, err := session.Members(organization, gaps)
	if err != nil {
		t.Fatal(err)
	}
	first := drain(ctx, t, source)
	if first.err == nil || len(first.gaps) != 1 || !strings.Contains(first.said(), "of 4 accounts were not read to their end") {
		t.Errorf("error %v, gaps:\n%s", first.err, first.said())
	}
	if first.said() == "" || !strings.Contains(first.said(), "--resume") {
		t.Errorf("no word of --resume:\n%s", first.said())
	}

	offline, _ := replayed(t, directory)
	if len(offline.gaps) == 0 {
		t.Error("the kept answers look complete")
	}

	proxy = awstest.NewProxy(t, m.world, nil)
	second, _ := m.read(t, open(t, proxy, Options{Resume: directory}))
	if second.err != nil || len(second.gaps) > 0 || !maps.Equal(second.policies(), m.want) || len(second.roles) != len(m.want) {
		t.Errorf("error %v, %d roles, want %d; gaps:\n%s", second.err, len(second.roles), len(m.want), second.said())
	}
	finished := 4 - len(offline.gaps)
	if pages := proxy.Good(details); pages != 2*(4-finished) {
		t.Errorf("%d accounts were finished, and %d pages were read again, want %d", finished, pages, 2*(4-finished))
	}

	proxy = awstest.NewProxy(t, m.world, nil)
	third, _ := m.read(t, open(t, proxy, Options{Resume: directory}))
	if !slices.Equal(third.arns(), second.arns()) || proxy.All(details) != 0 {
		t.Errorf("the finished run was read again with %d calls", proxy.All(details))
	}
}

func TestAnAccountThatLackedSomethingIsReadAgain(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 5)
	directory := filepath.Join(t.TempDir(), "answers")
	refuses := awstest.NewProxy(t, m.world, at("sts:AssumeRole", m.atInner, always, denied))
	first, _ := m.read(t, open(t, refuses, Options{Resume: directory}))
	if len(first.gaps) != 1 {
		t.Fatalf("gaps:\n%s", first.said())
	}
	proxy := awstest.NewProxy(t, m.world, nil)
	second, _ := m.read(t, open(t, proxy, Options{Resume: directory}))
	if len(second.gaps) > 0 || !maps.Equal(second.policies(), m.want) || proxy.Good(details) != 1 {
		t.Errorf("%d roles with %d calls, gaps:\n%s", len(second.roles), proxy.Good(details), second.said())
	}
}

func TestAnotherRunsAnswersAreNotMixedIn(t *testing.T) {
	t.Parallel()
	m, other := newMembers(t, 1), newMembers(t, 1)
	directory := filepath.Join(t.TempDir(), "answers")
	m.read(t, open(t, awstest.NewProxy(t, m.world, nil), Options{Save: directory}))
	for _, test := range []struct {
		name    string
		members *members
		options Options
		want    string
	}{
		{"saving where something is kept", m, Options{Save: directory}, "not empty"},
		{"going on with another caller", other, Options{Resume: directory}, "caller's account"},
		{"going on through another role", m, Options{Resume: directory, RoleName: "reader"}, "role name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			session := open(t, awstest.NewProxy(t, test.members.world, nil), test.options)
			organization, gaps, err := session.Organization(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := session.Members(organization, gaps); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestDamageToKeptAnswersIsReported(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 3)
	roles := func(account string) string { return filepath.Join("accounts", account+".jsonl") }
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, directory string)
		want   string
	}{
		{"a role is gone", func(t *testing.T, directory string) {
			rewrite(t, filepath.Join(directory, roles(m.atRoot)), func(page map[string]any) {
				page["RoleDetailList"] = page["RoleDetailList"].([]any)[1:]
			})
		}, "holds 3 roles, and 4 were kept"},
		{"a file is gone", func(t *testing.T, directory string) {
			if err := os.Remove(filepath.Join(directory, roles(m.atRoot))); err != nil {
				t.Fatal(err)
			}
		}, "no such file"},
		{"a file is cut", func(t *testing.T, directory string) {
			if err := os.Truncate(filepath.Join(directory, roles(m.atRoot)), 100); err != nil {
				t.Fatal(err)
			}
		}, "line 1"},
		{"a file leads out of the directory", func(t *testing.T, directory string) {
			name := filepath.Join(directory, roles(m.atRoot))
			outside := filepath.Join(t.TempDir(), "roles.jsonl")
			if err := os.Rename(name, outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, name); err != nil {
				t.Fatal(err)
			}
		}, "escapes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "answers")
			m.read(t, open(t, awstest.NewProxy(t, m.world, nil), Options{Save: directory}))
			test.damage(t, directory)
			got, _ := replayed(t, directory)
			if len(got.gaps) != 1 || got.gaps[0].Account != m.atRoot || !strings.Contains(got.gaps[0].Reason, test.want) {
				t.Errorf("gaps:\n%s\nwant one of account %s with %q", got.said(), m.atRoot, test.want)
			}
			for arn := range m.without(m.atRoot) {
				if !slices.Contains(got.arns(), arn) {
					t.Errorf("%s is lost", arn)
				}
			}
		})
	}
}

// rewrite changes the only page of a file.
func rewrite(t *testing.T, path string, change func(page map[string]any)) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var page map[string]any
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	change(page)
	if text, err = json.Marshal(page); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// perimeter lets nobody from outside the organization o-perimeter in.
const perimeter = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-perimeter1"}}}]}`

func TestPoliciesBindWhatLiesUnderTheirTargets(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 1)
	everywhere := m.world.RCP("everywhere", perimeter, m.root)
	outer := m.world.RCP("outer", perimeter, m.outer)
	one := m.world.RCP("one", perimeter, m.atInner, m.world.Account)
	m.world.RCP("nowhere", perimeter)
	broken := m.world.RCP("broken", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringLooksLike":{"aws:PrincipalOrgID":"o"}}}]}`, m.atRoot)

	proxy := awstest.NewProxy(t, m.world, nil)
	organization, gaps, err := open(t, proxy, Options{}).Organization(context.Background())
	if err != nil || len(gaps) > 0 {
		t.Fatalf("error %v, gaps %v", err, gaps)
	}
	for _, test := range []struct {
		name, account string
		want          []string
	}{
		{"an account at the root", m.atRoot, []string{everywhere, broken}},
		{"an account in a unit", m.atOuter, []string{everywhere, outer}},
		{"an account in a unit of a unit", m.atInner, []string{everywhere, outer, one}},
		{"the management account, whatever is attached to it", m.world.Account, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			account, _ := organization.Account(test.account)
			var got []string
			for _, control := range organization.Binding(account) {
				got = append(got, control.ID)
			}
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("bound by %v, want %v", got, test.want)
			}
		})
	}

	bind, gaps := organization.Controls()
	if len(gaps) != 1 || !strings.Contains(gaps[0].Source, broken) || !strings.Contains(gaps[0].Reason, "judged without it") {
		t.Errorf("gaps %+v, want one on the policy without a meaning", gaps)
	}
	count := func(account string) int { return len(bind(&role.Role{Account: account})) }
	if got := count(m.atInner); got != 3 {
		t.Errorf("%d policies bind a role of the innermost account, want 3", got)
	}
	if got := count("123412341234"); got != 0 {
		t.Errorf("%d policies bind a role of somebody else's account, want 0", got)
	}
	if got := count(m.atRoot); got != 1 {
		t.Errorf("%d policies bind a role of the account at the root, want the one that has a meaning", got)
	}

	proxy = awstest.NewProxy(t, m.world, nil)
	organization, _, err = open(t, proxy, Options{NoRCPs: true}).Organization(context.Background())
	if err != nil || organization.RCPs != nil || proxy.All("organizations:ListPolicies") != 0 {
		t.Errorf("error %v; policies were read although they are to be left out: %+v", err, organization.RCPs)
	}
}

func TestWithoutItsAccountsAnOrganizationIsAFault(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 1)
	for _, test := range []struct {
		name   string
		fault  func(awstest.Call) awstest.Fault
		reason string
		hint   string
	}{
		{"refused", at("organizations:ListRoots", "", always, awstest.RefuseJSON(400, "AccessDeniedException", "no")), "organizations:ListRoots is refused", "management account"},
		{"an empty answer", at("organizations:ListAccountsForParent", "", always, awstest.Say(200, "")), "no list in it", "AWS_ENDPOINT_URL"},
		{"an empty object", at("organizations:ListAccountsForParent", "", always, awstest.Say(200, "{}")), "no list in it", "AWS_ENDPOINT_URL"},
		{"half an answer", at("organizations:ListAccountsForParent", "", always, awstest.Short(0.5)), "no sound answer", "AWS_ENDPOINT_URL"},
		{"an account without an id", at("organizations:ListAccountsForParent", "", always, awstest.Say(200, `{"Accounts":[{"Name":"x"}]}`)), "an account without an id", "AWS_ENDPOINT_URL"},
		{"a circle of units", func(c awstest.Call) awstest.Fault {
			switch c.Operation {
			case "organizations:ListOrganizationalUnitsForParent":
				return awstest.Say(200, `{"OrganizationalUnits":[{"Id":"ou-x"}]}`)
			case "organizations:ListAccountsForParent":
				return awstest.Say(200, `{"Accounts":[]}`)
			}
			return nil
		}, "deeper than AWS allows", "AWS_ENDPOINT_URL"},
		{"a circle of pages", at("organizations:ListAccountsForParent", "", always, awstest.Say(200, `{"Accounts":[],"NextToken":"again"}`)), "leads in a circle", "AWS_ENDPOINT_URL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			session := open(t, awstest.NewProxy(t, m.world, test.fault), Options{})
			_, _, err := session.Organization(context.Background())
			var fault *Fault
			if !errors.As(err, &fault) || !strings.Contains(fault.Error(), test.reason) || !strings.Contains(fault.Hint(), test.hint) {
				t.Errorf("error %v, want a fault with %q and a hint with %q", err, test.reason, test.hint)
			}
		})
	}
}
