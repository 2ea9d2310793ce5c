package awslive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/source/awslive/awstest"
)

// trailed is a proxy with events of a role in two of three Regions.
func trailed(t *testing.T, events int, fault func(awstest.Call) awstest.Fault) (*awstest.Proxy, Lookup) {
	t.Helper()
	world := awstest.NewWorld(t)
	proxy := awstest.NewProxy(t, world, fault)
	arn := "arn:aws:iam::" + world.Account + ":role/vendor"
	record := func(region string, i int, role string, at time.Time) string {
		return fmt.Sprintf(`{"eventID":"%s-%d","eventName":"AssumeRole","eventTime":%q,"resources":[{"ARN":%q}]}`, region, i, at.UTC().Format(time.RFC3339), role)
	}
	proxy.Trail = awstest.Trail{Enabled: []string{"us-east-1", "eu-west-1", "eu-south-2"}, Events: map[string][]string{}}
	now := time.Now()
	for i := range events {
		at := now.Add(-time.Duration(i) * time.Minute)
		proxy.Trail.Events["us-east-1"] = append(proxy.Trail.Events["us-east-1"], record("us-east-1", i, arn, at), record("other", i, arn+"-2", at))
	}
	proxy.Trail.Events["eu-west-1"] = []string{record("eu-west-1", 0, arn, now), record("eu-west-1", 1, arn, now.Add(-91*24*time.Hour))}
	return proxy, Lookup{Account: world.Account, RoleARN: arn, Since: now.Add(-history), Until: now}
}

func lookUp(t *testing.T, proxy *awstest.Proxy, wanted Lookup, options Options) (events []string, looked *Looked) {
	t.Helper()
	var mu sync.Mutex
	looked, err := open(t, proxy, options).LookUp(context.Background(), wanted, func(event string) error {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, event)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events, looked
}

func TestEventsOfARoleAreReadRegionByRegionAndPageByPage(t *testing.T) {
	t.Parallel()
	proxy, wanted := trailed(t, 120, nil)
	events, looked := lookUp(t, proxy, wanted, Options{})
	if len(events) != 121 || len(looked.Gaps) > 0 || len(looked.Unseen) > 0 {
		t.Errorf("%d events, %+v", len(events), looked)
	}
	if want := []string{"eu-south-2", "eu-west-1", "us-east-1"}; !slices.Equal(looked.Regions, want) {
		t.Errorf("Regions %v", looked.Regions)
	}
	// 120 events of the role are three pages, and each other Region is one.
	if calls := proxy.Good("cloudtrail:LookupEvents"); calls != 5 {
		t.Errorf("%d calls", calls)
	}
}

func TestThrottledLookupsLoseNothing(t *testing.T) {
	t.Parallel()
	throttled := at(lookUpEvents, "", everyThird, awstest.RefuseJSON(http.StatusBadRequest, "ThrottlingException", "Rate exceeded"))
	proxy, wanted := trailed(t, 120, throttled)
	events, looked := lookUp(t, proxy, wanted, Options{})
	if len(events) != 121 || len(looked.Gaps) > 0 {
		t.Errorf("%d events, %+v", len(events), looked)
	}
}

func TestARegionThatCannotBeReadIsReportedAndTheOthersAreRead(t *testing.T) {
	t.Parallel()
	for code, hint := range map[string]string{
		"AccessDeniedException":       "allow cloudtrail:LookupEvents",
		"UnrecognizedClientException": "leave the Region out if it is not enabled",
	} {
		proxy, wanted := trailed(t, 60, func(call awstest.Call) awstest.Fault {
			if call.Operation == lookUpEvents && call.Region == "eu-south-2" {
				return awstest.RefuseJSON(http.StatusBadRequest, code, "no")
			}
			return nil
		})
		events, looked := lookUp(t, proxy, wanted, Options{})
		if len(events) != 61 || !slices.Equal(looked.Regions, []string{"eu-west-1", "us-east-1"}) || len(looked.Gaps) != 1 {
			t.Fatalf("%s: %d events, %+v", code, len(events), looked)
		}
		if gap := looked.Gaps[0]; gap.Source != "cloudtrail:LookupEvents in eu-south-2" || !strings.Contains(gap.Reason, code) || !strings.Contains(gap.Hint, hint) {
			t.Errorf("%+v", gap)
		}
	}
}

func TestManyRolesAreAskedAboutAtThePaceOfOneAndTheRegionsOnce(t *testing.T) {
	t.Parallel()
	limited := brisk
	limited.lookups = 20
	proxy, wanted := trailed(t, 1, nil)
	session := open(t, proxy, Options{tempo: &limited})
	began := time.Now()
	for range 6 {
		if _, err := session.LookUp(context.Background(), wanted, func(string) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 5*time.Second/20 {
		t.Errorf("six calls to each Region in %v", took)
	}
	if calls := proxy.Good(listRegions); calls != 1 {
		t.Errorf("the Regions were asked for %d times", calls)
	}
}

func TestWhatIsNotAskedIsSaid(t *testing.T) {
	t.Parallel()
	proxy, wanted := trailed(t, 1, nil)
	wanted.Regions = []string{"eu-west-1"}
	wanted.Since = wanted.Since.AddDate(0, -1, 0)
	_, looked := lookUp(t, proxy, wanted, Options{})
	if len(looked.Unseen) != 2 || !strings.Contains(looked.Unseen[0], "goes back 90 days") || looked.Unseen[1] != "not asked: eu-south-2, us-east-1" {
		t.Errorf("%q", looked.Unseen)
	}
}

func TestWithoutTheListOfRegionsThoseOfEveryAccountAreAsked(t *testing.T) {
	t.Parallel()
	proxy, wanted := trailed(t, 1, at(listRegions, "", always, awstest.RefuseJSON(http.StatusForbidden, "AccessDeniedException", "no")))
	events, looked := lookUp(t, proxy, wanted, Options{})
	if len(events) != 2 || len(looked.Regions) != 17 || len(looked.Unseen) != 1 || !strings.Contains(looked.Unseen[0], "account:ListRegions is refused") {
		t.Errorf("%d events, %+v", len(events), looked)
	}
}

func TestEventsThatAreRefusedAreReported(t *testing.T) {
	t.Parallel()
	proxy, wanted := trailed(t, 3, nil)
	looked, err := open(t, proxy, Options{}).LookUp(context.Background(), wanted, func(string) error { return errors.New("what is this") })
	if err != nil || len(looked.Gaps) != 2 || looked.Gaps[1].Reason != "events that cannot be read: 3" {
		t.Errorf("%v, %+v", err, looked)
	}
}

func TestLookupsStayBelowTheRateThatAWSPublishes(t *testing.T) {
	t.Parallel()
	limited := brisk
	limited.lookups = 20
	proxy, wanted := trailed(t, 500, nil) // ten pages
	wanted.Regions = []string{"us-east-1"}
	began := time.Now()
	events, _ := lookUp(t, proxy, wanted, Options{tempo: &limited})
	if took := time.Since(began); len(events) != 500 || took < 9*time.Second/20 {
		t.Errorf("%d events, ten calls in %v", len(events), took)
	}
	if steady.lookups != 2 {
		t.Errorf("%v calls a second", steady.lookups)
	}
	pace := newCappedPacer(20)
	pace.slower()
	for range 1000 {
		pace.faster()
	}
	if limit := pace.limiter.Limit(); limit > 20 || limit < 19 {
		t.Errorf("the pace recovers to %v", limit)
	}
}
