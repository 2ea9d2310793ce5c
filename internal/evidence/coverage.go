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
	accounts map[string]*covered // those that matter
	others   bool                // there are records of other accounts
}

// covered is what there are records of in one account.
type covered struct {
	days    map[int64]bool // since 1970
	regions map[string]bool
}

// NewCoverage makes a coverage of the logs of some accounts.
func NewCoverage(accounts ...string) *Coverage {
	c := &Coverage{accounts: map[string]*covered{}}
	for _, account := range accounts {
		c.accounts[account] = &covered{days: map[int64]bool{}, regions: map[string]bool{}}
	}
	return c
}

const (
	secondsOfDay = 24 * 60 * 60
	mostDays     = 10_000
	mostRegions  = 100
)

// Saw notes a record. recipient may be empty where it does not say in whose
// account it stands.
func (c *Coverage) Saw(recipient, region string, at time.Time) {
	of := c.accounts[recipient]
	if of == nil {
		c.others = c.others || recipient != ""
		return
	}
	if day := at.Unix() / secondsOfDay; !of.days[day] && len(of.days) < mostDays {
		of.days[day] = true
	}
	if !of.regions[region] && len(of.regions) < mostRegions && region != "" {
		of.regions[strings.Clone(region)] = true
	}
}

// Merge adds what another one saw of the same accounts.
func (c *Coverage) Merge(other *Coverage) {
	for account, of := range other.accounts {
		maps.Copy(c.accounts[account].days, of.days)
		maps.Copy(c.accounts[account].regions, of.regions)
	}
	c.others = c.others || other.others
}

// Regions are those with records of an account, sorted.
func (c *Coverage) Regions(account string) []string {
	return slices.Sorted(maps.Keys(c.accounts[account].regions))
}

// hasOthers reports whether there are records of accounts beside one.
func (c *Coverage) hasOthers(account string) bool {
	for other, of := range c.accounts {
		if other != account && len(of.days) > 0 {
			return true
		}
	}
	return c.others
}

// Gaps say what is missing of a span in an account. Calls of the global endpoint
// of STS are logged in the first Region of the partition (IAM User Guide, "Logging
// IAM and AWS STS API calls with AWS CloudTrail").
func (c *Coverage) Gaps(account string, since, until time.Time, globalRegion string) (gaps []string) {
	of := c.accounts[account]
	if len(of.days) == 0 {
		if c.hasOthers(account) {
			return []string{fmt.Sprintf("the logs have records of other accounts, and none of account %s", account)}
		}
		return []string{fmt.Sprintf("the logs have no record of account %s", account)}
	}
	missing, first, last := 0, int64(-1), int64(-1)
	for day := since.Unix() / secondsOfDay; day <= until.Unix()/secondsOfDay; day++ {
		if !of.days[day] {
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
	if globalRegion != "" && !of.regions[globalRegion] {
		gaps = append(gaps, fmt.Sprintf("the logs have no record of %s, where calls of the global endpoint are logged", globalRegion))
	}
	return gaps
}

func date(day int64) string { return time.Unix(day*secondsOfDay, 0).UTC().Format(time.DateOnly) }
