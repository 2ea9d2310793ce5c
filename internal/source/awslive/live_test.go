package awslive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/awslive/awstest"
	"countersign/internal/source/awslive/snapshot"
)

// brisk is steady at the speed of a test.
var brisk = tempo{
	answer:   time.Minute,
	patience: 30 * time.Second,
	attempts: 4,
	first:    time.Millisecond,
	longest:  20 * time.Millisecond,
	floor:    200,
	lookups:  200,
}

// open opens a session with a proxy in the place of AWS.
func open(t testing.TB, proxy *awstest.Proxy, options Options) *Session {
	t.Helper()
	session, err := openAt(proxy.URL, options)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func openAt(url string, options Options) (*Session, error) {
	if options.tempo == nil {
		options.tempo = &brisk
	}
	options.load = append(options.load,
		config.WithBaseEndpoint(url),
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
		config.WithRegion("us-east-1"),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(awstest.AccessKey, "secret", "")))
	return Open(context.Background(), options)
}

// seen is what a source told.
type seen struct {
	roles []*role.Role
	gaps  []audit.Incomplete
	err   error
}

func (s seen) arns() []string {
	arns := make([]string, len(s.roles))
	for i, found := range s.roles {
		arns[i] = found.ARN
	}
	return arns
}

func (s seen) said() string {
	var lines []string
	for _, gap := range s.gaps {
		lines = append(lines, fmt.Sprintf("%s [%s] %s | %s", gap.Account, gap.Source, gap.Reason, gap.Hint))
	}
	return strings.Join(lines, "\n")
}

// drain reads a source to its end.
func drain(ctx context.Context, t testing.TB, source audit.Source) (s seen) {
	t.Helper()
	s.err = source.Roles(ctx, func(item audit.Item) error {
		found, err := item.Role()
		if err != nil {
			t.Fatal(err)
		}
		s.roles = append(s.roles, found)
		return nil
	}, func(gap audit.Incomplete) { s.gaps = append(s.gaps, gap) })
	if finisher, ok := source.(audit.Finisher); ok {
		finisher.Finish(func(gap audit.Incomplete) { s.gaps = append(s.gaps, gap) })
	}
	return s
}

// policies maps each role to its trust policy.
func (s seen) policies() map[string]string {
	policies := map[string]string{}
	for _, found := range s.roles {
		policies[found.ARN] = string(found.Trust.JSON)
		if found.Trust.Err != nil {
			policies[found.ARN] = "error: " + found.Trust.Err.Error()
		}
	}
	return policies
}

// vendor is a trust policy with what an encoder or decoder may get wrong.
func vendor(i int) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"V%d","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"a+b %%41 é/%d&<x>"}}}]}`, i, i)
}

// filled makes roles in an account and returns what is to be read of them.
func filled(world *awstest.World, account string, roles int) map[string]string {
	want := map[string]string{}
	for i := range roles {
		name := fmt.Sprintf("role-%04d", i)
		world.Role(account, "/team/", name, vendor(i), "owner=team "+fmt.Sprint(i))
		want["arn:aws:iam::"+account+":role/team/"+name] = vendor(i)
	}
	return want
}

func TestOneAccountIsReadPageByPageWithTheCredentialsAtHand(t *testing.T) {
	t.Parallel()
	world := awstest.NewWorld(t)
	want := filled(world, world.Account, 250)
	proxy := awstest.NewProxy(t, world, nil)
	session := open(t, proxy, Options{})

	source, err := session.Account(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := drain(context.Background(), t, source)

	if session.Caller.Account != world.Account || session.Caller.Partition != "aws" {
		t.Errorf("caller %+v, want account %s of partition aws", session.Caller, world.Account)
	}
	if got.err != nil || len(got.gaps) > 0 {
		t.Errorf("error %v, gaps:\n%s", got.err, got.said())
	}
	if !maps.Equal(got.policies(), want) {
		t.Errorf("read %d roles, want %d with the policies they were made with", len(got.roles), len(want))
	}
	first := got.roles[0]
	if first.Account != world.Account || first.Partition != "aws" || first.Path != "/team/" || first.Name != "role-0000" ||
		first.Tags["owner"] != "team 0" || first.Source.Kind != role.Live || !first.LastUsed.Known || !first.LastUsed.At.IsZero() {
		t.Errorf("first role %+v", first)
	}
	if calls := proxy.Good("iam:GetAccountAuthorizationDetails"); calls != 3 {
		t.Errorf("250 roles in pages of %d took %d calls, want 3", awstest.Paged, calls)
	}
	if progress := session.Progress(); progress.Roles != 250 || progress.Accounts != 1 || progress.AccountsDone != 1 || progress.Calls != 4 {
		t.Errorf("progress %+v", progress)
	}
}

// members is an organization of tests: a tree with nested units, accounts at
// every level, one of them suspended, and roles in each.
type members struct {
	world             *awstest.World
	id, root          string
	outer, inner      string // units: inner lies in outer
	atRoot, atOuter   string // accounts
	atInner, inactive string
	want              map[string]string // policies by role
}

func newMembers(t testing.TB, roles int) *members {
	t.Helper()
	m := &members{world: awstest.NewWorld(t), want: map[string]string{}}
	m.id, m.root = m.world.Organization()
	m.outer = m.world.Unit(m.root, "outer")
	m.inner = m.world.Unit(m.outer, "inner")
	m.atRoot = m.world.Member(m.root, m.root, "at-root")
	m.atOuter = m.world.Member(m.root, m.outer, "at-outer")
	m.atInner = m.world.Member(m.root, m.inner, "at-inner")
	m.inactive = m.world.Member(m.root, m.inner, "inactive")
	m.world.Suspend(m.inactive)
	for _, account := range []string{m.world.Account, m.atRoot, m.atOuter, m.atInner} {
		maps.Copy(m.want, filled(m.world, account, roles))
		if account != m.world.Account { // which moto gives to every new member
			m.want["arn:aws:iam::"+account+":role/OrganizationAccountAccessRole"] = fmt.Sprintf(organizationRole, m.world.Account)
		}
	}
	return m
}

// organizationRole is how moto spells the trust policy of its
// OrganizationAccountAccessRole.
const organizationRole = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:root"}, "Action": "sts:AssumeRole"}]}`

// without returns the roles that are to be read when accounts are missing.
func (m *members) without(accounts ...string) map[string]string {
	rest := maps.Clone(m.want)
	maps.DeleteFunc(rest, func(arn, _ string) bool {
		return slices.ContainsFunc(accounts, func(account string) bool { return strings.Contains(arn, account) })
	})
	return rest
}

// audit reads the organization and then its accounts.
func (m *members) read(t testing.TB, session *Session) (seen, *snapshot.Organization) {
	t.Helper()
	organization, gaps, err := session.Organization(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	source, err := session.Members(organization, gaps)
	if err != nil {
		t.Fatal(err)
	}
	return drain(context.Background(), t, source), organization
}

// notes gathers what a session notes.
type notes struct {
	mu   sync.Mutex
	said []Note
}

func (n *notes) add(note Note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, note)
}

func TestAnOrganizationIsReadInTheOrderOfItsAccountsAtAnyConcurrency(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 120)
	var first []string
	for _, concurrency := range []int{1, 2, 8} {
		var told notes
		proxy := awstest.NewProxy(t, m.world, nil)
		session := open(t, proxy, Options{Concurrency: concurrency, Note: told.add})
		got, organization := m.read(t, session)
		if got.err != nil || len(got.gaps) > 0 {
			t.Fatalf("error %v, gaps:\n%s", got.err, got.said())
		}
		if !maps.Equal(got.policies(), m.want) || len(got.roles) != len(m.want) {
			t.Errorf("read %d roles, want %d", len(got.roles), len(m.want))
		}
		accounts := make([]string, len(got.roles))
		for i, found := range got.roles {
			accounts[i] = found.Account
		}
		if !slices.IsSorted(accounts) {
			t.Error("roles are not in the order of their accounts")
		}
		if first == nil {
			first = got.arns()
		}
		if !slices.Equal(first, got.arns()) {
			t.Errorf("another order at concurrency %d", concurrency)
		}
		if len(told.said) != 1 || told.said[0].Account != m.inactive || !strings.Contains(told.said[0].Text, "SUSPENDED") {
			t.Errorf("notes %+v, want one on the suspended account", told.said)
		}
		if organization.ID != m.id || organization.ManagementAccount != m.world.Account {
			t.Errorf("organization %+v", organization)
		}
		if found, _ := organization.Account(m.atInner); !slices.Equal(found.Parents, []string{m.root, m.outer, m.inner}) {
			t.Errorf("parents of the innermost account: %v", found.Parents)
		}
		// Two pages for each of the four accounts that are read, and one
		// AssumeRole for each but the caller's own.
		if pages, assumed := proxy.Good("iam:GetAccountAuthorizationDetails"), proxy.Good("sts:AssumeRole"); pages != 8 || assumed != 3 {
			t.Errorf("%d pages and %d roles assumed, want 8 and 3", pages, assumed)
		}
		if units := proxy.Good("organizations:ListAccountsForParent"); units != 3 {
			t.Errorf("%d listings of accounts for a root and two units", units)
		}
	}
}

func TestAccountsAreChosenByIDAndByUnitAtAnyDepth(t *testing.T) {
	t.Parallel()
	m := newMembers(t, 1)
	proxy := awstest.NewProxy(t, m.world, nil)
	all := []string{m.world.Account, m.atRoot, m.atOuter, m.atInner}
	for _, test := range []struct {
		name    string
		options Options
		want    []string
		gaps    int
	}{
		{"everything", Options{}, all, 0},
		{"one account", Options{Accounts: []string{m.atOuter}}, []string{m.atOuter}, 0},
		{"all but one", Options{ExcludeAccounts: []string{m.world.Account}}, all[1:], 0},
		{"a unit and what lies in it", Options{OUs: []string{m.outer}}, []string{m.atOuter, m.atInner}, 0},
		{"an inner unit", Options{OUs: []string{m.inner}}, []string{m.atInner}, 0},
		{"the root", Options{OUs: []string{m.root}}, all, 0},
		{"a unit without an account in it", Options{OUs: []string{m.outer}, ExcludeAccounts: []string{m.atInner}}, []string{m.atOuter}, 0},
		{"an account of somebody else", Options{Accounts: []string{m.atRoot, "123412341234"}}, []string{m.atRoot}, 1},
		{"a suspended account by name", Options{Accounts: []string{m.inactive, m.atRoot}}, []string{m.atRoot}, 1},
		{"a unit that does not exist", Options{OUs: []string{m.inner, "ou-none-11111111"}}, []string{m.atInner}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := m.read(t, open(t, proxy, test.options))
			accounts := map[string]bool{}
			for _, found := range got.roles {
				accounts[found.Account] = true
			}
			want := slices.Sorted(slices.Values(test.want))
			if read := slices.Sorted(maps.Keys(accounts)); !slices.Equal(read, want) {
				t.Errorf("read %v, want %v", read, want)
			}
			if len(got.gaps) != test.gaps {
				t.Errorf("gaps:\n%s\nwant %d", got.said(), test.gaps)
			}
		})
	}
}
