package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Coverage is what log files have records of, whatever the records say: an
// account in use has some every day.
type Coverage struct {
	account string
	days    map[int64]bool // since 1970, of records of the account
	regions map[string]bool
	others  bool // there are records of other accounts
}

// NewCoverage makes a coverage of the logs of an account.
func NewCoverage(account string) *Coverage {
	return &Coverage{account: account, days: map[int64]bool{}, regions: map[string]bool{}}
}

const (
	secondsOfDay = 24 * 60 * 60
	mostDays     = 10_000
	mostRegions  = 100
)

// Saw notes a record. recipient may be empty where it does not say in whose
// account it stands.
func (c *Coverage) Saw(recipient, region string, at time.Time) {
	if recipient != c.account {
		c.others = c.others || recipient != ""
		return
	}
	if day := at.Unix() / secondsOfDay; !c.days[day] && len(c.days) < mostDays {
		c.days[day] = true
	}
	if !c.regions[region] && len(c.regions) < mostRegions && region != "" {
		c.regions[strings.Clone(region)] = true
	}
}

// Merge adds what another one saw of the same account.
func (c *Coverage) Merge(other *Coverage) {
	maps.Copy(c.days, other.days)
	maps.Copy(c.regions, other.regions)
	c.others = c.others || other.others
}

// Regions are those with records of the account, sorted.
func (c *Coverage) Regions() []string { return slices.Sorted(maps.Keys(c.regions)) }

// Gaps say what is missing of a span. Calls of the global endpoint of STS are
// logged in the first Region of the partition (IAM User Guide, "Logging IAM and
// AWS STS API calls with AWS CloudTrail").
func (c *Coverage) Gaps(since, until time.Time, globalRegion string) (gaps []string) {
	if len(c.days) == 0 {
		if c.others {
			return []string{fmt.Sprintf("the logs have records of other accounts, and none of account %s", c.account)}
		}
		return []string{fmt.Sprintf("the logs have no record of account %s", c.account)}
	}
	missing, first, last := 0, int64(-1), int64(-1)
	for day := since.Unix() / secondsOfDay; day <= until.Unix()/secondsOfDay; day++ {
		if !c.days[day] {
			if missing++; first < 0 {
				first = day
			}
			last = day
		}
	}
	switch {
	case missing == 1:
		gaps = append(gaps, fmt.Sprintf("the logs have no record of %s", date(first)))
	case missing > 1 && last-first+1 == int64(missing):
		gaps = append(gaps, fmt.Sprintf("the logs have no record of %d days, %s to %s", missing, date(first), date(last)))
	case missing > 1:
		gaps = append(gaps, fmt.Sprintf("the logs have no record of %d days between %s and %s", missing, date(first), date(last)))
	}
	if globalRegion != "" && !c.regions[globalRegion] {
		gaps = append(gaps, fmt.Sprintf("the logs have no record of %s, where calls of the global endpoint are logged", globalRegion))
	}
	return gaps
}

func date(day int64) string { return time.Unix(day*secondsOfDay, 0).UTC().Format(time.DateOnly) }
