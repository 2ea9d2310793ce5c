package evidence

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is kept, whatever the size of the logs and whoever writes them.
const (
	mostCallers = 10_000
	mostManners = 500 // of one caller
	mostKept    = 50_000
	mostErrors  = 10 // codes of one caller

	// Of all roles of a reading together:
	allCallers = 50_000
	allManners = 100_000
)

// Collector adds the calls of one role up. Its memory is bounded by the number of different
// callers, and by a limit on these, not by the number of calls. It is safe for
// concurrent use, and its result does not depend on the order of the calls as
// long as no limit is reached.
type Collector struct {
	role         Role
	since, until time.Time
	asked        []string
	seed         maphash.Seed // its own: what another role's event is called tells nothing

	shared  *shared // its lock holds for what follows, too
	callers map[callerKey]*Caller
	manners map[string]*Manner // by caller and what they are
	arns    map[callerKey]string
	beyond  int // successful calls of callers beyond the limit
	repeats int
	key     []byte
}

// callerKey tells callers apart.
type callerKey struct {
	identity                              Identity
	account, principal, service, provider string
}

// Role is the role whose calls are collected.
func (c *Collector) Role() Role { return c.role }

// Add adds a call, unless it is for another role, of another time, or has been
// added before. recipient is the account in whose log the record stands, empty
// where it does not say. Records of other accounts than the role's, as trails of
// organizations have them of the caller's side, tell who called; the call itself
// is counted in the role's account.
func (c *Collector) Add(call *Call, recipient string) {
	if !c.role.Is(call.RoleARN) || call.Time.Before(c.since) || call.Time.After(c.until) {
		return
	}
	key := keyOf(call)
	c.shared.Lock()
	defer c.shared.Unlock()
	if who := (callerKey{account: call.Account, principal: key.principal}); call.ARN != "" && len(c.arns) < mostCallers && c.shared.arns < allCallers && c.arns[who] == "" {
		c.shared.arns++
		c.arns[who.clone()] = strings.Clone(call.ARN)
	}
	if recipient != "" && recipient != c.role.Account {
		return
	}
	if call.ID != "" && !c.shared.seen.add(c.seed, call.ID) {
		c.repeats++
		return
	}
	caller := c.callers[key]
	if caller == nil {
		if len(c.callers) >= mostCallers || c.shared.callers >= allCallers {
			if call.ErrorCode == "" {
				c.beyond++
			}
			return
		}
		key = key.clone()
		caller = &Caller{
			Identity: key.identity, Account: key.account, Principal: key.principal,
			Service: key.service, Provider: key.provider, First: call.Time, Last: call.Time,
		}
		c.callers[key] = caller
		c.shared.callers++
	}
	c.count(caller, key, call)
}

func keyOf(call *Call) callerKey {
	key := callerKey{identity: call.Identity, account: call.Account, principal: principalID(call.Principal)}
	switch call.Identity {
	case AWSService:
		key.service, key.principal = call.InvokedBy, ""
	case SAMLUser, WebIdentityUser:
		// One caller for each provider: its users may be any number.
		key.provider, key.principal = call.Provider, ""
	}
	return key
}

func (k callerKey) clone() callerKey {
	return callerKey{
		Identity(strings.Clone(string(k.identity))), strings.Clone(k.account), strings.Clone(k.principal),
		strings.Clone(k.service), strings.Clone(k.provider),
	}
}

func (c *Collector) count(caller *Caller, key callerKey, call *Call) {
	caller.First, caller.Last = earlier(caller.First, call.Time), later(caller.Last, call.Time)
	if call.ErrorCode != "" {
		caller.Failed++
		caller.LastFailure = later(caller.LastFailure, call.Time)
		if len(caller.Errors) < mostErrors && !slices.Contains(caller.Errors, call.ErrorCode) {
			caller.Errors = append(caller.Errors, strings.Clone(call.ErrorCode))
		}
		return
	}
	caller.Calls++
	if call.HasExternalID {
		caller.WithExternalID++
	}
	if call.MFACode {
		caller.WithMFACode++
	}
	if call.SessionMFA == Yes {
		caller.WithSessionMFA++
	}
	c.key = c.manner(c.key[:0], key, call)
	manner := c.manners[string(c.key)]
	if manner == nil {
		if len(caller.Manners) >= mostManners || len(c.manners) >= mostKept || c.shared.manners >= allManners {
			caller.Unkept++
			return
		}
		manner = c.newManner(call)
		c.manners[string(c.key)] = manner
		c.shared.manners++
		caller.Manners = append(caller.Manners, manner)
	}
	manner.Calls++
	manner.First, manner.Last = earlier(manner.First, call.Time), later(manner.Last, call.Time)
}

// manner appends what tells the manner of a call apart.
func (c *Collector) manner(into []byte, key callerKey, call *Call) []byte {
	for _, field := range []string{
		string(key.identity), key.account, key.principal, key.service, key.provider, call.Action, call.ExternalID,
	} {
		into = appendField(into, field)
	}
	for _, yes := range []bool{
		call.HasExternalID, call.MFACode, call.PassesIdentity, call.CarriesIdentity, call.PassesTags,
	} {
		into = strconv.AppendBool(into, yes)
	}
	into = append(into, byte(call.SessionMFA), byte(call.Credentials))
	for _, name := range c.kept(call) {
		into = appendField(into, name)
		if name == userID {
			into = appendField(into, sessionName(call.Principal))
		}
		values, ok := call.Keys[name]
		into = strconv.AppendBool(into, ok)
		into = strconv.AppendInt(into, int64(len(values)), 10)
		for _, value := range values {
			into = appendField(into, value)
		}
	}
	return into
}

func appendField(into []byte, field string) []byte {
	into = strconv.AppendInt(into, int64(len(field)), 10)
	into = append(into, ':')
	return append(into, field...)
}

// kept lists the keys of a call that are kept. Tags go together.
func (c *Collector) kept(call *Call) []string {
	if !call.PassesTags || !slices.ContainsFunc(c.asked, isTagKey) {
		return c.asked
	}
	kept := slices.Clone(c.asked)
	for name := range call.Keys {
		if isTagKey(name) && !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	slices.Sort(kept)
	return kept
}

func (c *Collector) newManner(call *Call) *Manner {
	made := &Manner{
		Action: strings.Clone(call.Action), ExternalID: strings.Clone(call.ExternalID), HasExternalID: call.HasExternalID,
		MFACode: call.MFACode, SessionMFA: call.SessionMFA, Credentials: call.Credentials,
		PassesIdentity: call.PassesIdentity, CarriesIdentity: call.CarriesIdentity, PassesTags: call.PassesTags,
		First: call.Time, Last: call.Time,
	}
	for _, name := range c.kept(call) {
		if name == userID {
			made.Session = strings.Clone(sessionName(call.Principal))
		}
		values, ok := call.Keys[name]
		if !ok {
			continue
		}
		if made.Keys == nil {
			made.Keys = map[string][]string{}
		}
		made.Keys[name] = cloned(values)
	}
	return made
}

func cloned(values []string) []string {
	if values == nil {
		return nil
	}
	copied := make([]string, len(values))
	for i, value := range values {
		copied[i] = strings.Clone(value)
	}
	return copied
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Evidence returns what was collected; the collector is not used any more.
func (c *Collector) Evidence() *Evidence {
	c.shared.Lock()
	defer c.shared.Unlock()
	found := &Evidence{Role: c.role, Since: c.since, Until: c.until}
	for key, caller := range c.callers {
		if key.principal != "" {
			caller.ARN = c.arns[callerKey{account: key.account, principal: key.principal}]
		}
		slices.Sort(caller.Errors)
		slices.SortFunc(caller.Manners, compareManners)
		found.Calls += caller.Calls
		found.Failed += caller.Failed
		found.Callers = append(found.Callers, caller)
	}
	slices.SortFunc(found.Callers, found.compare)
	if c.beyond > 0 {
		found.Calls += c.beyond
		found.Gaps = append(found.Gaps, "too many different callers to be kept; "+
			strconv.Itoa(c.beyond)+" calls of others are not told apart")
	}
	if c.shared.seen.forgot {
		found.MayCountTwice = true
	}
	return found
}

func compareManners(a, b *Manner) int {
	if order := a.First.Compare(b.First); order != 0 {
		return order
	}
	if order := a.Last.Compare(b.Last); order != 0 {
		return order
	}
	return strings.Compare(a.ExternalID, b.ExternalID)
}
