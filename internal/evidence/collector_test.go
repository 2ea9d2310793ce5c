package evidence

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTheOrderOfCallsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(someCall), 0, 40).Draw(t, "calls")
		shuffled := append([]Call{}, calls...)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		first, second := gather(calls), gather(append(shuffled, calls...)) // every one twice and more
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatal(diff)
		}
		sum := 0
		for _, caller := range first.Callers {
			manners := caller.Unkept
			for _, manner := range caller.Manners {
				manners += manner.Calls
			}
			if manners != caller.Calls {
				t.Fatalf("%d calls in manners of %d", manners, caller.Calls)
			}
			sum += caller.Calls + caller.Failed
		}
		if sum != first.Calls+first.Failed {
			t.Fatalf("%d of %d", sum, first.Calls+first.Failed)
		}
	})
}

func gather(calls []Call) *Evidence {
	role, _ := ParseRole(roleARN)
	collector := NewCollectors(start, now).Want(role, []string{"sts:rolesessionname"})
	for i := range calls {
		collector.Add(&calls[i], "111122223333")
	}
	return collector.Evidence()
}

func someCall(t *rapid.T) Call {
	n := rapid.IntRange(0, 1<<16).Draw(t, "n")
	call := Call{
		ID: fmt.Sprint(n), RoleARN: roleARN, Action: AssumeRole, Identity: AWSAccount, Account: vendor,
		Principal: fmt.Sprintf("AROAEXAMPLE%d:s%d", n%3, n%7), Time: start.Add(time.Duration(n) * time.Minute),
	}
	if n%2 == 0 {
		call.ExternalID, call.HasExternalID = fmt.Sprint(n%5), true
	}
	if n%4 == 0 {
		call.Keys = map[string][]string{"sts:rolesessionname": {fmt.Sprint(n % 11)}}
	}
	if n%9 == 0 {
		call.ErrorCode = "AccessDenied"
	}
	return call
}

func TestMemoryIsBoundedWhoeverCallsHoweverOften(t *testing.T) {
	role, _ := ParseRole(roleARN)
	collector := NewCollectors(start, now).Want(role, []string{"sts:rolesessionname"})
	for i := range 3 * mostCallers {
		call := byRole()
		call.ID, call.RoleARN, call.Time = fmt.Sprint("a", i), roleARN, now
		call.Principal = fmt.Sprintf("AROAEXAMPLE%d:s", i)
		collector.Add(&call, "")
	}
	for i := range 2 * mostManners {
		call := byRole()
		call.ID, call.RoleARN, call.Time = fmt.Sprint("b", i), roleARN, now
		call.Principal = "AROAEXAMPLE7:s"
		call.ExternalID, call.HasExternalID = fmt.Sprint(i), true
		collector.Add(&call, "")
	}
	found := collector.Evidence()
	if len(found.Callers) != mostCallers || len(found.Gaps) != 1 || found.Calls != 3*mostCallers+2*mostManners {
		t.Errorf("%d callers, %d calls, gaps %v", len(found.Callers), found.Calls, found.Gaps)
	}
	for _, caller := range found.Callers {
		if caller.Principal == "AROAEXAMPLE7" && (len(caller.Manners) != mostManners || caller.Unkept == 0) {
			t.Errorf("%d manners, %d calls in others", len(caller.Manners), caller.Unkept)
		}
	}
}

func TestEventsAreKnownAgainUntilTheyAreManyMillions(t *testing.T) {
	var seen recent
	seed := maphash.MakeSeed()
	for i := range 400_000 {
		if !seen.add(seed, fmt.Sprint(i)) {
			t.Fatalf("%d is taken for one before", i)
		}
	}
	for i := range 400_000 {
		if seen.add(seed, fmt.Sprint(i)) {
			t.Fatalf("%d is not known again", i)
		}
	}
	if seen.forgot {
		t.Error("something was forgotten")
	}
	for i := range 2_000_000 {
		seen.add(seed, fmt.Sprint("x", i))
	}
	if !seen.forgot {
		t.Error("nothing is said to be forgotten")
	}
	if bytes := 8 * (len(seen.now.slots) + len(seen.old.slots)); bytes > 17<<20 {
		t.Errorf("%d bytes", bytes)
	}
}

func TestGapsInLogsAreNamed(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 10, 0, 0, 0, time.UTC) }
	tests := []struct {
		name string
		saw  func(*Coverage)
		want []string
	}{
		{"nothing", func(*Coverage) {}, []string{"the logs have no record of account 111122223333"}},
		{"others only", func(c *Coverage) { c.Saw("444455556666", "us-east-1", day(20)) }, []string{"the logs have records of other accounts, and none of account 111122223333"}},
		{"all", func(c *Coverage) {
			for n := 20; n <= 23; n++ {
				c.Saw("111122223333", "us-east-1", day(n))
			}
		}, nil},
		{"another Region", func(c *Coverage) {
			for n := 20; n <= 23; n++ {
				c.Saw("111122223333", "eu-west-1", day(n))
			}
		}, []string{"the logs have no record of us-east-1, where calls of the global endpoint are logged"}},
		{"a day is missing", func(c *Coverage) {
			for _, n := range []int{20, 21, 23} {
				c.Saw("111122223333", "us-east-1", day(n))
			}
		}, []string{"the logs have no record of 2026-11-22"}},
		{"days in a row are missing", func(c *Coverage) {
			c.Saw("111122223333", "us-east-1", day(20))
			c.Saw("111122223333", "us-east-1", day(23))
		}, []string{"the logs have no record of 2 days, 2026-11-21 to 2026-11-22"}},
		{"days apart are missing", func(c *Coverage) {
			c.Saw("111122223333", "us-east-1", day(21))
			c.Saw("111122223333", "us-east-1", day(22))
		}, []string{"the logs have no record of 2 days between 2026-11-20 and 2026-11-23"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			saw := NewCoverage("111122223333")
			test.saw(saw)
			coverage := NewCoverage("111122223333")
			coverage.Merge(saw)
			if diff := cmp.Diff(test.want, coverage.Gaps("111122223333", day(20), day(23), "us-east-1")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARoleIsTheSameWhateverItsPath(t *testing.T) {
	role := Role{Account: "111122223333", Name: "vendor"}
	for arn, want := range map[string]bool{
		"arn:aws:iam::111122223333:role/vendor":           true,
		"arn:aws:iam::111122223333:role/a/b/vendor":       true,
		"arn:aws-cn:iam::111122223333:role/vendor":        true,
		"arn:aws:iam::111122223333:role/vendor2":          false,
		"arn:aws:iam::444455556666:role/vendor":           false,
		"arn:aws:iam::111122223333:user/vendor":           false,
		"arn:aws:sts::111122223333:assumed-role/vendor/x": false,
		"vendor":                               false,
		"":                                     false,
		"arn:aws:iam::111122223333:role/":      false,
		"arn:aws:iam::1111:role/vendor":        false,
		"arn:aws:iam::111122223333:role//":     false,
		"arn:::::":                             false,
		"arn:aws:iam::111122223333:rolevendor": false,
	} {
		if got := role.Is(arn); got != want {
			t.Errorf("%s: %v", arn, got)
		}
	}
}

func TestCollectorsTakeTheCallsOfRolesApart(t *testing.T) {
	all := NewCollectors(start, now)
	one, _ := ParseRole(roleARN)
	other, _ := ParseRole("arn:aws:iam::111122223333:role/teams/other")
	first := all.Want(one, []string{"aws:userid"})
	second := all.Want(other, nil)
	if again := all.Want(Role{Account: one.Account, Name: "VENDOR"}, []string{"sts:rolesessionname", "aws:userid"}); again != first {
		t.Error("one role has two collectors")
	}
	if diff := cmp.Diff([]string{"aws:userid", "sts:rolesessionname"}, first.asked); diff != "" {
		t.Error(diff)
	}
	for i, arn := range []string{roleARN, "arn:aws:iam::111122223333:role/other", "arn:aws:iam::111122223333:role/third", "x", ""} {
		call := byRole()
		call.ID, call.RoleARN, call.Time = fmt.Sprint(i/2), arn, now
		all.Add(&call, "111122223333")
	}
	if a, b := first.Evidence().Calls, second.Evidence().Calls; a != 1 || b != 1 {
		t.Errorf("%d and %d calls", a, b)
	}
	if diff := cmp.Diff([]string{"111122223333"}, all.Accounts()); diff != "" {
		t.Error(diff)
	}
}

func TestMemoryIsBoundedForAllRolesTogether(t *testing.T) {
	all := NewCollectors(start, now)
	var roles []*Collector
	for i := range 8 {
		roles = append(roles, all.Want(Role{Account: "111122223333", Name: fmt.Sprint("r", i)}, nil))
		for n := range mostCallers {
			call := byRole()
			call.ID, call.RoleARN, call.Time = fmt.Sprint(n), fmt.Sprint("arn:aws:iam::111122223333:role/r", i), now
			call.Principal = fmt.Sprintf("AROAEXAMPLE%d:s", n)
			all.Add(&call, "")
		}
	}
	kept, calls := 0, 0
	for _, one := range roles {
		found := one.Evidence()
		kept += len(found.Callers)
		calls += found.Calls
		if len(found.Callers) < mostCallers && len(found.Gaps) != 1 {
			t.Errorf("%d callers, gaps %v", len(found.Callers), found.Gaps)
		}
	}
	if kept != allCallers || calls != 8*mostCallers {
		t.Errorf("%d callers kept, %d calls", kept, calls)
	}
}
