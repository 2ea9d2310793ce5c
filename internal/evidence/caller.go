package evidence

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Evidence is what was seen of a role in a span of time.
type Evidence struct {
	Role         Role
	Since, Until time.Time
	// Callers are sorted: those of other accounts by account, then those of the
	// role's own, then services and federated ones.
	Callers []*Caller
	// Calls counts the calls that succeeded, Failed the others.
	Calls, Failed int
	// Regions are those of which there is any record of the role's account.
	Regions []string
	// Gaps say what was not seen of the span, lower case, without full stop.
	// Without gaps all of it was seen.
	Gaps []string
	// MayCountTwice is set when there were so many calls that one that is in
	// several files may have been counted more than once.
	MayCountTwice bool
}

// Caller is one principal that called, and how.
type Caller struct {
	Identity Identity
	Account  string
	// Principal is the unique id of the user or role ("AIDA…", "AROA…"), without
	// the name of a session.
	Principal string
	ARN       string // of the user or role, where some record tells it
	Service   string // for AWSService
	Provider  string // for SAMLUser and WebIdentityUser

	First, Last   time.Time // of its calls, failed ones included
	Calls, Failed int
	LastFailure   time.Time
	// Errors are the codes of failed calls, sorted.
	Errors []string

	// Of the calls that succeeded: with an external ID, with the code of an MFA
	// device, from a session that was made with MFA as far as records say.
	WithExternalID, WithMFACode, WithSessionMFA int

	// Manners are the different ways in which it succeeded, the first one first.
	Manners []*Manner
	// Unkept counts the successful calls in further ways, of which too many are
	// different to be kept.
	Unkept int
}

// Manner is one way to call: all calls of a caller that no policy in question
// could tell apart.
type Manner struct {
	Action        string
	ExternalID    string
	HasExternalID bool
	MFACode       bool
	SessionMFA    Answer
	Credentials   Credentials
	// PassesIdentity, CarriesIdentity and PassesTags are as in Call.
	PassesIdentity, CarriesIdentity, PassesTags bool
	Session                                     string // the name of the calling session, where it is asked for
	// Keys are those of Call that were asked for.
	Keys map[string][]string

	First, Last time.Time
	Calls       int
}

// ExternalIDs are the different external IDs that a caller succeeded with, and
// whether it also succeeded without one.
func (c *Caller) ExternalIDs() (ids []string, without bool) {
	for _, manner := range c.Manners {
		if !manner.HasExternalID {
			without = true
		} else if !slices.Contains(ids, manner.ExternalID) {
			ids = append(ids, manner.ExternalID)
		}
	}
	slices.Sort(ids)
	return ids, without
}

// Title is what to call a caller: its ARN where it is known, else what is.
func (c *Caller) Title() string {
	switch {
	case c.ARN != "":
		return c.ARN
	case c.Service != "":
		return c.Service
	case c.Provider != "" && c.Principal != "":
		return c.Provider + " " + c.Principal
	}
	return cmp.Or(c.Provider, c.Principal, string(c.Identity))
}

// compare orders callers.
func (e *Evidence) compare(a, b *Caller) int {
	return cmp.Or(
		cmp.Compare(e.class(a), e.class(b)),
		strings.Compare(a.Account, b.Account),
		strings.Compare(a.Service, b.Service),
		strings.Compare(a.Provider, b.Provider),
		strings.Compare(a.Principal, b.Principal),
		strings.Compare(a.ARN, b.ARN),
		strings.Compare(string(a.Identity), string(b.Identity)),
	)
}

func (e *Evidence) class(c *Caller) int {
	switch {
	case c.Identity == AWSService:
		return 2
	case c.Account == e.Role.Account, c.Identity == SAMLUser, c.Identity == WebIdentityUser:
		return 1
	}
	return 0
}
