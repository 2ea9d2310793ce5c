package awslive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	account "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/time/rate"

	"countersign/internal/audit"
)

const (
	lookUpEvents = "cloudtrail:LookupEvents"
	listRegions  = "account:ListRegions"

	// history is how far back CloudTrail's event history goes, and lookupPage the
	// most events of an answer (CloudTrail API Reference, LookupEvents).
	history    = 90 * 24 * time.Hour
	lookupPage = 50
)

// Lookup says which events are looked for: those that have a role among their
// resources.
type Lookup struct {
	Account, RoleARN string
	Since, Until     time.Time
	// Regions are asked when not empty, else those that are enabled.
	Regions []string
}

// Looked is what a lookup saw.
type Looked struct {
	// Regions are those whose events were read to the end.
	Regions []string
	// Gaps are Regions that could not be read, and Unseen what else is missing, in
	// words.
	Gaps   []audit.Incomplete
	Unseen []string
}

// LookUp reads the events of a role from the event history of its account, Region
// by Region: STS writes a call into the history of the Region that it arrived in.
// take is given each event as JSON, from several goroutines at once; an event that
// it refuses is reported. The error is a *[Fault] when the account's credentials
// cannot be had.
func (s *Session) LookUp(ctx context.Context, wanted Lookup, take func(event string) error) (*Looked, error) {
	provider, err := s.credentials(ctx, wanted.Account)
	if err != nil {
		return nil, err
	}
	config := s.config.Copy()
	config.Credentials = provider
	looked := &Looked{}
	if oldest := time.Now().Add(-history); wanted.Since.Before(oldest.Add(-time.Hour)) {
		looked.Unseen = append(looked.Unseen, "the event history of CloudTrail goes back 90 days, not to "+wanted.Since.UTC().Format(time.DateOnly))
		wanted.Since = oldest
	}
	regions := s.regions(ctx, config, wanted, looked)
	search := &search{session: s, config: config, wanted: wanted, take: take}
	search.all(ctx, regions, looked)
	return looked, ctx.Err()
}

// regions are those to ask. What is not known of them is noted.
func (s *Session) regions(ctx context.Context, config aws.Config, wanted Lookup, looked *Looked) []string {
	enabled, err := s.lookups.regions(ctx, wanted.Account, func() ([]string, error) {
		return s.enabled(ctx, config, wanted.Account)
	})
	if err != nil {
		enabled = defaultRegions[s.Caller.Partition]
		if len(enabled) == 0 {
			enabled = []string{config.Region}
		}
		if len(wanted.Regions) == 0 {
			looked.Unseen = append(looked.Unseen, "which Regions are enabled is not known, so those that are by default were asked ("+err.Error()+")")
		}
	}
	if len(wanted.Regions) == 0 {
		return enabled
	}
	var left []string
	for _, region := range enabled {
		if !slices.Contains(wanted.Regions, region) {
			left = append(left, region)
		}
	}
	if len(left) > 0 {
		looked.Unseen = append(looked.Unseen, "not asked: "+strings.Join(left, ", "))
	}
	return wanted.Regions
}

// lookups is what the lookups of a session have in common, whichever roles they are
// about: AWS limits the calls by account and Region.
type lookups struct {
	mu      sync.Mutex
	paces   map[[2]string]*pacer // by account and Region
	enabled map[string]enabled   // by account
}

// enabled are the Regions of an account, or why they are not known.
type enabled struct {
	regions []string
	err     error
}

// pace is that of the calls to one Region of one account.
func (l *lookups) pace(account, region string, most rate.Limit) *pacer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paces == nil {
		l.paces = map[[2]string]*pacer{}
	}
	at := [2]string{account, region}
	if l.paces[at] == nil {
		l.paces[at] = newCappedPacer(most)
	}
	return l.paces[at]
}

// regions asks once which Regions an account uses.
func (l *lookups) regions(ctx context.Context, account string, ask func() ([]string, error)) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, asked := l.enabled[account]
	if !asked {
		known.regions, known.err = ask()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if l.enabled == nil {
			l.enabled = map[string]enabled{}
		}
		l.enabled[account] = known
	}
	return known.regions, known.err
}

// defaultRegions are those that every account of a partition has (AWS Account
// Management Reference Guide, "Enable or disable AWS Regions in your account").
var defaultRegions = map[string][]string{
	"aws": {
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
		"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	},
	"aws-cn":     {"cn-north-1", "cn-northwest-1"},
	"aws-us-gov": {"us-gov-east-1", "us-gov-west-1"},
}

// enabled asks which Regions the account uses.
func (s *Session) enabled(ctx context.Context, config aws.Config, id string) ([]string, error) {
	client := account.NewFromConfig(config)
	line := s.line(id, config.Credentials)
	listed, err := collect(ctx, line, listRegions,
		func(ctx context.Context, token *string) ([]accounttypes.Region, *string, error) {
			out, err := client.ListRegions(ctx, &account.ListRegionsInput{
				NextToken: token, MaxResults: aws.Int32(50),
				RegionOptStatusContains: []accounttypes.RegionOptStatus{
					accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault, accounttypes.RegionOptStatusDisabling,
				},
			})
			if err != nil {
				return nil, nil, err
			}
			return out.Regions, out.NextToken, nil
		})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, region := range listed {
		names = append(names, aws.ToString(region.RegionName))
	}
	slices.Sort(names)
	return names, nil
}

// search asks one Region after the other, several at a time: AWS limits the calls
// for each Region by itself.
type search struct {
	session *Session
	config  aws.Config
	wanted  Lookup
	take    func(string) error
}

func (s *search) all(ctx context.Context, regions []string, looked *Looked) {
	next := make(chan string)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(s.session.options.Concurrency, len(regions)) {
		workers.Go(func() {
			for region := range next {
				broken, err := s.region(ctx, region)
				mu.Lock()
				if err == nil {
					looked.Regions = append(looked.Regions, region)
				} else if ctx.Err() == nil {
					looked.Gaps = append(looked.Gaps, s.gap(region, err))
				}
				if broken > 0 {
					looked.Gaps = append(looked.Gaps, audit.Incomplete{
						Source: lookUpEvents + " in " + region, Account: s.wanted.Account,
						Reason: fmt.Sprintf("events that cannot be read: %d", broken),
					})
				}
				mu.Unlock()
			}
		})
	}
	for _, region := range regions {
		next <- region
	}
	close(next)
	workers.Wait()
	slices.Sort(looked.Regions)
	slices.SortFunc(looked.Gaps, func(a, b audit.Incomplete) int { return strings.Compare(a.Source, b.Source) })
}

// region reads the events of one Region to the end. broken counts those that take
// refused.
func (s *search) region(ctx context.Context, region string) (broken int, err error) {
	client := cloudtrail.NewFromConfig(s.config, func(o *cloudtrail.Options) { o.Region = region })
	line := s.session.line(s.wanted.Account, s.config.Credentials)
	line.pace = s.session.lookups.pace(s.wanted.Account, region, s.session.tempo.lookups)
	var at cursor
	for at.more() {
		out, err := ask(ctx, line, lookUpEvents,
			func(ctx context.Context) (*cloudtrail.LookupEventsOutput, error) {
				return client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{
					StartTime: aws.Time(s.wanted.Since), EndTime: aws.Time(s.wanted.Until),
					LookupAttributes: []types.LookupAttribute{{
						AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: aws.String(s.wanted.RoleARN),
					}},
					MaxResults: aws.Int32(lookupPage), NextToken: at.marker,
				})
			},
			func(out *cloudtrail.LookupEventsOutput) error {
				if out.Events == nil {
					return malformed("no list of events in it")
				}
				return at.follows(aws.ToString(out.NextToken) != "", out.NextToken)
			})
		if err != nil {
			return broken, err
		}
		for _, event := range out.Events {
			if s.take(aws.ToString(event.CloudTrailEvent)) != nil {
				broken++
			}
		}
		at.advance(aws.ToString(out.NextToken) != "", out.NextToken)
	}
	return broken, nil
}

// gap says what was not read of a Region, and what to do about it.
func (s *search) gap(region string, err error) audit.Incomplete {
	gap := report(s.wanted.Account, err)
	gap.Source = lookUpEvents + " in " + region
	var fault *Fault
	if errors.As(err, &fault) {
		switch fault.kind {
		case throttled, unanswered:
			gap.Hint = "run again later, with --regions " + region
		case expired:
			gap.Hint = "renew the credentials, or leave the Region out if it is not enabled"
		}
	}
	return gap
}
