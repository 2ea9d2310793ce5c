package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
	"countersign/internal/source/awslive/awstest"
	"countersign/trust"
)

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

func TestARoleIsClosedAndTheJournalTellsHow(t *testing.T) {
	s := newScene(t)
	outcome := s.close()
	s.ends(outcome, Done)
	s.shows(guarded)
	entry := s.states(journal.Intended, journal.Sent, journal.Confirmed)
	if entry.ID != outcome.Entry.ID || entry.Before != open || entry.After != guarded || entry.Account != s.world.Account || entry.Partition != "aws" ||
		entry.Tool != "countersign test" || entry.Role.ARN != arnOf(s.world.Account, "vendor") || entry.Role.Name != "vendor" || entry.Role.ID == "" ||
		!strings.HasPrefix(entry.Caller, "arn:aws:") || entry.Through != "" {
		t.Errorf("the journal tells %+v", entry)
	}
	if got := fmt.Sprint(entry.VerdictBefore, entry.VerdictAfter); got != "{fail [no-condition] []} {pass [] [external-id]}" {
		t.Errorf("verdicts %s", got)
	}
	// A second time there is nothing to be found as it was judged.
	s.ends(s.close(), Refused)
}

func TestUndoGivesTheVeryPolicyBack(t *testing.T) {
	s := newScene(t)
	done := s.close()
	undone := s.undo(done.Entry)
	s.ends(undone, Done)
	s.shows(open)
	entries := s.entries()
	if len(entries) != 2 || entries[0].State() != journal.Reverted || entries[0].RevertedBy != undone.Entry.ID || entries[1].Undoes != done.Entry.ID {
		t.Fatalf("the journal tells %+v", entries)
	}
	if entries[1].VerdictAfter.Outcome != "fail" || entries[1].VerdictBefore.Outcome != "pass" {
		t.Errorf("verdicts %v, %v", entries[1].VerdictBefore, entries[1].VerdictAfter)
	}
	// What is undone is not undone again, but the undoing can be.
	again := s.undo(entries[0])
	s.ends(again, Refused)
	if !strings.Contains(again.Err.Error(), "was undone by change "+undone.Entry.ID) {
		t.Errorf("it says %v", again.Err)
	}
	s.ends(s.undo(entries[1]), Done)
	s.shows(guarded)
}

func TestNothingIsSentThatMustNotBe(t *testing.T) {
	s := newScene(t)
	account := s.world.Account
	s.world.Role(account, "/aws-service-role/x.amazonaws.com/", "AWSServiceRoleForX", open)
	s.world.Role(account, "/team/", "elsewhere", open)
	large := strings.Replace(guarded, externalID, strings.Repeat("x", 2000), 1)
	larger := strings.Replace(guarded, externalID, strings.Repeat("x", 4000), 1)
	tests := []struct {
		name   string
		change func(*Change)
		says   string
		hint   string
	}{
		{"a role that has moved", func(c *Change) { c.Before = guarded }, "has changed since it was judged", "judge the role again"},
		{"a policy that leaves the role open", func(c *Change) { c.After = open }, "its verdict is fail", ""},
		{"a policy without meaning", func(c *Change) { c.After = `{"Version":"2012-10-17"}` }, "judging the role", ""},
		{"a policy that nobody could decide", func(c *Change) {
			c.Judge = func(string) (trust.Verdict, error) { return trust.Verdict{Outcome: trust.Undecided}, nil }
		}, "its verdict is unknown", ""},
		{"a policy beyond the quota", func(c *Change) { c.After = large }, "characters without white space, and the quota for role trust policies is 2048", "L-C07B4B0D"},
		{"a policy beyond any quota", func(c *Change) { c.After = larger }, "quota", "L-C07B4B0D"},
		{"a role that AWS owns", func(c *Change) {
			c.Name = "AWSServiceRoleForX"
			c.ARN = "arn:aws:iam::" + account + ":role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
		}, "AWS owns", ""},
		{"a role of another path", func(c *Change) { c.Name = "elsewhere"; c.ARN = arnOf(account, "elsewhere") }, "the role of this name is now", ""},
		{"a role that is not there", func(c *Change) { c.Name = "gone"; c.ARN = arnOf(account, "gone") }, "there is no such role", ""},
		{"a role of another partition", func(c *Change) { c.Partition = "aws-cn" }, `the partition "aws-cn"`, ""},
	}
	for _, test := range tests {
		change := closing(account, "vendor")
		test.change(&change)
		got := s.run(change)[0]
		s.ends(got, Refused)
		if got.Err != nil && (!strings.Contains(got.Err.Error(), test.says) || !strings.Contains(hintOf(got.Err), test.hint)) {
			t.Errorf("%s: %v, hint %q", test.name, got.Err, hintOf(got.Err))
		}
	}
	if sent := s.proxy.All("iam:UpdateAssumeRolePolicy"); sent != 0 || len(s.entries()) > 0 {
		t.Errorf("%d updates, %d entries", sent, len(s.entries()))
	}
	s.shows(open)

	raised := closing(account, "vendor")
	raised.After = large
	s.options.PolicySize = MaxPolicySize
	s.ends(s.run(raised)[0], Done)
}

func TestMoreChangesThanAllowedChangeNothing(t *testing.T) {
	s := newScene(t)
	s.options.MaxChanges = 1
	hold := s.hold()
	defer hold.Release()
	change := closing(s.world.Account, "vendor")
	outcomes, err := Run(context.Background(), session(t, awslive.Options{}), hold, []Change{change, change}, s.options)
	var many *TooManyError
	if !errors.As(err, &many) || outcomes != nil || len(s.entries()) > 0 {
		t.Errorf("%v, %v", outcomes, err)
	}
	s.shows(open)
}

const (
	update = "iam:UpdateAssumeRolePolicy"
	get    = "iam:GetRole"
)

// when commits a fault in the calls of an operation from one number to another.
func when(operation string, first, last int, fault awstest.Fault) func(awstest.Call) awstest.Fault {
	return func(call awstest.Call) awstest.Fault {
		if call.Operation == operation && first <= call.Nth && call.Nth <= last {
			return fault
		}
		return nil
	}
}

const always = 1 << 30

var (
	throttled = awstest.Refuse(http.StatusBadRequest, "Throttling", "Rate exceeded")
	trouble   = awstest.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "try later")
	denied    = awstest.Refuse(http.StatusForbidden, "AccessDenied", "not authorized")
	talkative = awstest.Refuse(http.StatusForbidden, "AccessDenied", "not authorized to set "+externalID)
	stale     = awstest.Refuse(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	full      = awstest.Refuse(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
)

// doneThen has the call done and answers with a fault all the same.
func doneThen(fault awstest.Fault) awstest.Fault {
	return func(w http.ResponseWriter, r *http.Request, sound func() []byte) {
		sound()
		fault(w, r, nil)
	}
}

// TestNoFaultMakesTheJournalTellWhatIsNot changes a role under every fault of
// the calls that it takes. What the outcome and the journal tell is what the
// role shows.
func TestNoFaultMakesTheJournalTellWhatIsNot(t *testing.T) {
	const (
		intended, sent, confirmed = journal.Intended, journal.Sent, journal.Confirmed
		failed, unconfirmed       = journal.Failed, journal.Unconfirmed
	)
	for _, test := range []struct {
		name   string
		fault  func(awstest.Call) awstest.Fault
		result Result
		states []journal.State // nil when nothing is written
		shows  string
		says   string
		hint   string
	}{
		{"reading throttled", when(get, 1, 2, throttled), Done, []journal.State{intended, sent, confirmed}, guarded, "", ""},
		{"reading refused", when(get, 1, always, denied), Refused, nil, open, "iam:GetRole is refused", "allow iam:GetRole"},
		{"update throttled", when(update, 1, 3, throttled), Done, []journal.State{intended, sent, confirmed}, guarded, "", ""},
		{"update refused", when(update, 1, always, talkative), Failed, []journal.State{intended, failed}, open, "iam:UpdateAssumeRolePolicy is refused", "allow iam:UpdateAssumeRolePolicy"},
		{"update over the quota", when(update, 1, always, full), Failed, []journal.State{intended, failed}, open, "LimitExceeded", "L-C07B4B0D"},
		{"credentials expired once", when(update, 1, 1, stale), Done, []journal.State{intended, sent, confirmed}, guarded, "", ""},
		{"credentials expired for good", when(update, 1, always, stale), Failed, []journal.State{intended, failed}, open, "expired", "aws sso login"},
		{"cut before the update is done", when(update, 1, 1, awstest.Cut(0)), Done, []journal.State{intended, sent, confirmed}, guarded, "", ""},
		{"cut after the update is done", when(update, 1, 1, awstest.Lose), Done, []journal.State{intended, confirmed}, guarded, "", ""},
		{"trouble before the update is done", when(update, 1, 2, trouble), Done, []journal.State{intended, sent, confirmed}, guarded, "", ""},
		{"trouble after the update is done", when(update, 1, 1, doneThen(trouble)), Done, []journal.State{intended, confirmed}, guarded, "", ""},
		{"never an answer, never done", when(update, 1, always, awstest.Cut(0)), Unconfirmed, []journal.State{intended, unconfirmed}, open, "still shows the policy before", "undo --recover"},
		{"an answer that is none", when(update, 1, always, awstest.Say(200, "<html>")), Unconfirmed, []journal.State{intended, sent, unconfirmed}, open, "still shows the policy before", ""},
		{"reading back cut", when(get, 2, 4, awstest.Cut(0)), Done, []journal.State{intended, sent, confirmed}, guarded, "", ""},
		{"reading back refused", when(get, 2, always, denied), Unconfirmed, []journal.State{intended, sent, unconfirmed}, guarded, "what the role shows could not be read", "allow iam:GetRole"},
		{"neither an answer nor reading back", func(call awstest.Call) awstest.Fault {
			switch {
			case call.Operation == update:
				return awstest.Lose
			case call.Operation == get && call.Nth > 1:
				return denied
			}
			return nil
		}, Unconfirmed, []journal.State{intended, unconfirmed}, guarded, "could not be read", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.fault(test.fault)
			got := s.close()
			s.fault(nil)
			s.ends(got, test.result)
			s.shows(test.shows)
			if test.states == nil {
				if len(s.entries()) > 0 {
					t.Errorf("the journal tells %+v", s.entries())
				}
			} else {
				s.states(test.states...)
			}
			if test.says != "" {
				if got.Err == nil || !strings.Contains(got.Err.Error(), test.says) || !strings.Contains(hintOf(got.Err), test.hint) {
					t.Errorf("it says %v, hint %q", got.Err, hintOf(got.Err))
				}
			}
			if got.Err != nil && strings.Contains(got.Err.Error(), externalID) {
				t.Errorf("it shows the external ID: %v", got.Err)
			}
			if got.Entry == nil || !got.Entry.Open() {
				return
			}
			// Nobody changes the role again before it is known how this ended.
			s.ends(s.run(closing(s.world.Account, "vendor"))[0], Refused)
			s.ends(s.recover(s.entries()[0], Finish), Done)
			s.shows(guarded)
		})
	}
}

func TestARoleThatShowsItsPolicyLateIsWaitedFor(t *testing.T) {
	s := newScene(t)
	var old []byte
	s.fault(func(call awstest.Call) awstest.Fault {
		if call.Operation != get || call.Nth > 4 {
			return nil
		}
		return func(w http.ResponseWriter, _ *http.Request, sound func() []byte) {
			if call.Nth == 1 {
				old = sound()
			}
			w.Header().Set("Content-Type", "text/xml")
			_, _ = w.Write(old)
		}
	})
	s.options.settle = 10e9
	s.ends(s.close(), Done)
	s.states(journal.Intended, journal.Sent, journal.Confirmed)
}

func TestAPolicyThatIAMKeepsInAnotherFormIsTheOneThatWasSent(t *testing.T) {
	s := newScene(t)
	s.fault(func(call awstest.Call) awstest.Fault {
		if call.Operation == get && call.Nth == 2 {
			s.world.SetTrust(s.world.Account, "vendor", stored)
		}
		return nil
	})
	done := s.close()
	s.ends(done, Done)
	if live := s.states(journal.Intended, journal.Sent, journal.Confirmed).Live(); live != stored {
		t.Errorf("the journal keeps %s", live)
	}
	s.ends(s.undo(done.Entry), Done)
	s.shows(open)
}

func TestSomebodyElsesChange(t *testing.T) {
	other := func(s *scene, operation string, nth int) func(awstest.Call) awstest.Fault {
		return func(call awstest.Call) awstest.Fault {
			if call.Operation == operation && call.Nth == nth {
				s.world.SetTrust(s.world.Account, "vendor", foreign)
			}
			return nil
		}
	}
	t.Run("before ours is not overwritten", func(t *testing.T) {
		s := newScene(t)
		s.fault(other(s, get, 1))
		got := s.close()
		s.ends(got, Refused)
		var moved *MovedError
		if !errors.As(got.Err, &moved) || !strings.Contains(moved.Diff(), `+        "Service": "ec2.amazonaws.com"`) {
			t.Errorf("it says %v", got.Err)
		}
		s.shows(foreign)
	})
	t.Run("while no answer comes to ours is not overwritten", func(t *testing.T) {
		s := newScene(t)
		s.fault(func(call awstest.Call) awstest.Fault {
			other(s, update, 1)(call)
			return when(update, 1, always, awstest.Cut(0))(call)
		})
		s.ends(s.close(), Superseded)
		s.shows(foreign)
		s.states(journal.Intended, journal.Superseded)
	})
	t.Run("after ours is told and not undone", func(t *testing.T) {
		s := newScene(t)
		s.fault(other(s, get, 2))
		got := s.close()
		s.ends(got, Superseded)
		s.shows(foreign)
		entry := s.states(journal.Intended, journal.Sent, journal.Superseded)
		if entry.Live() != foreign {
			t.Errorf("the journal keeps %s", entry.Live())
		}
		s.fault(nil)
		undone := s.undo(entry)
		s.ends(undone, Refused)
		if !strings.Contains(hintOf(undone.Err), "aws iam update-assume-role-policy --role-name vendor") {
			t.Errorf("hint %q", hintOf(undone.Err))
		}
		s.shows(foreign)
	})
	t.Run("long after ours is not undone", func(t *testing.T) {
		s := newScene(t)
		done := s.close()
		s.world.SetTrust(s.world.Account, "vendor", foreign)
		seen := Look(context.Background(), session(t, awslive.Options{}), done.Entry)
		var moved *NotOursError
		if err := seen.Check(done.Entry); !errors.As(err, &moved) || moved.Diff() == "" || !strings.Contains(moved.Hint(), "undo --print "+done.Entry.ID) {
			t.Errorf("looking tells %v", err)
		}
		s.ends(s.undo(done.Entry), Refused)
		s.shows(foreign)
	})
	t.Run("a role made anew is another role", func(t *testing.T) {
		s := newScene(t)
		done := s.close()
		s.world.Delete(s.world.Account, "vendor")
		s.ends(s.undo(done.Entry), Refused)
		s.world.Role(s.world.Account, "/", "vendor", guarded)
		got := s.undo(done.Entry)
		s.ends(got, Refused)
		if got.Err == nil || !strings.Contains(got.Err.Error(), "was deleted") {
			t.Errorf("it says %v", got.Err)
		}
		s.shows(guarded)
	})
}

func TestAnInterruptLeavesTheRestUndoneAndSaysSo(t *testing.T) {
	s := newScene(t)
	account := s.world.Account
	var changes []Change
	for i := range 4 {
		name := fmt.Sprint("role-", i)
		s.world.Role(account, "/", name, open)
		changes = append(changes, closing(account, name))
	}
	ctx, interrupt := context.WithCancel(context.Background())
	s.fault(func(call awstest.Call) awstest.Fault {
		if call.Operation == update && call.Nth == 2 {
			interrupt() // in the middle of the second
		}
		return nil
	})
	hold := s.hold()
	defer hold.Release()
	told := 0
	s.options.Tell = func(Outcome) { told++ }
	outcomes, err := Run(ctx, session(t, awslive.Options{}), hold, changes, s.options)
	if err != nil || told != 4 {
		t.Fatalf("%v, %d outcomes told", err, told)
	}
	for i, want := range []Result{Done, Done, Left, Left} {
		s.ends(outcomes[i], want)
		shown := map[Result]string{Done: guarded, Left: open}[want]
		if got := s.world.Trust(account, changes[i].Name); got != shown {
			t.Errorf("%s shows %s", changes[i].Name, got)
		}
	}
	if len(s.entries()) != 2 {
		t.Errorf("%d entries", len(s.entries()))
	}
}

func TestAnAccountThatCannotBeReachedFailsItsOwnChangesOnly(t *testing.T) {
	s := newScene(t)
	_, root := s.world.Organization()
	first, refusing, last := s.world.Member(root, root, "first"), s.world.Member(root, root, "refusing"), s.world.Member(root, root, "last")
	var changes []Change
	for _, account := range []string{first, refusing, s.world.Account, last} {
		for _, name := range []string{"a", "b"} {
			s.world.Role(account, "/", name, open)
			changes = append(changes, closing(account, name))
		}
	}
	var assumed []string
	s.fault(func(call awstest.Call) awstest.Fault {
		if call.Operation != "sts:AssumeRole" {
			return nil
		}
		assumed = append(assumed, call.Form.Get("RoleArn")+" "+call.Form.Get("ExternalId"))
		if call.Account == refusing {
			return denied
		}
		return nil
	})
	hold := s.hold()
	defer hold.Release()
	aws := session(t, awslive.Options{RoleExternalID: "x y"})
	outcomes, err := Run(context.Background(), aws, hold, changes, s.options)
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range outcomes {
		want := Done
		if changes[i].Account == refusing {
			want = Refused
			if !strings.Contains(hintOf(outcome.Err), "--fix-role-name") {
				t.Errorf("hint %q", hintOf(outcome.Err))
			}
		}
		s.ends(outcome, want)
	}
	role := func(account string) string { return arnOf(account, "countersign-fix") }
	if got := strings.Join(assumed, ","); got != role(first)+" x y,"+role(refusing)+" x y,"+role(last)+" x y" {
		t.Errorf("assumed %s", got)
	}
	for _, entry := range s.entries() {
		want := role(entry.Account)
		if entry.Account == s.world.Account {
			want = ""
		}
		if entry.Through != want {
			t.Errorf("account %s was changed through %q", entry.Account, entry.Through)
		}
		s.ends(Undo(context.Background(), aws, hold, entry, s.options), Done)
	}
	if got := s.world.Trust(last, "b"); got != open {
		t.Errorf("a member's role shows %s", got)
	}
}

func TestTwoAtOnceDoNotChangeOneRoleTwice(t *testing.T) {
	s := newScene(t)
	aws := session(t, awslive.Options{})
	results := make(chan Result, 2)
	for range 2 {
		go func() {
			hold, err := s.journal.Hold(context.Background(), true)
			if err != nil {
				t.Error(err)
				results <- Left
				return
			}
			defer hold.Release()
			outcomes, err := Run(context.Background(), aws, hold, []Change{closing(s.world.Account, "vendor")}, s.options)
			if err != nil {
				t.Error(err)
			}
			results <- outcomes[0].Result
		}()
	}
	if a, b := <-results, <-results; a != Done || b != Refused {
		t.Errorf("the first is %s, the second %s", a, b)
	}
	s.states(journal.Intended, journal.Sent, journal.Confirmed)
}

func TestAJournalThatCannotBeWrittenStopsEverything(t *testing.T) {
	s := newScene(t)
	s.world.Role(s.world.Account, "/", "second", open)
	s.fault(func(call awstest.Call) awstest.Fault {
		if call.Operation == update {
			s.world.SetTrust(s.world.Account, "second", foreign) // nobody looks at it any more
			for _, entry := range s.entries() {
				if err := os.Remove(filepath.Join(s.journal.Path(), entry.ID+".jsonl")); err != nil {
					t.Error(err)
				}
			}
		}
		return nil
	})
	outcomes := s.run(closing(s.world.Account, "vendor"), closing(s.world.Account, "second"))
	s.ends(outcomes[0], Unconfirmed)
	s.ends(outcomes[1], Left)
	if said := outcomes[0].Err.Error(); !strings.Contains(said, "AWS has taken the policy, but writing the journal") {
		t.Errorf("it says %s", said)
	}
	if said := outcomes[1].Err.Error(); !strings.Contains(said, "the journal cannot be written") {
		t.Errorf("it says %s", said)
	}
	s.shows(guarded)
}
