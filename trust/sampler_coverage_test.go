package trust

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sampleCoverage counts what sampled requests are like.
type sampleCoverage map[string]int

func (c sampleCoverage) note(request Request, question Question, policy *Policy) {
	keys := newPresentKeys(request.Context)
	c["requests"]++
	c["kind "+string(request.Kind)]++
	for _, key := range keys {
		if !strings.Contains(key.name, "/") {
			c["key "+lowerASCII(key.name)]++
		}
	}
	for _, check := range request.Checks {
		c["check "+check]++
	}
	inside := question.Zone.Contains(request, question.Subject)
	countersigned := Countersigned(request, append([]*Policy{policy}, question.RCPs...)...)
	granted := Granted(policy, question.RCPs, request)
	c["inside "+strconv.FormatBool(inside)]++
	c["countersigned "+strconv.FormatBool(countersigned)]++
	c["granted "+strconv.FormatBool(granted)]++
	if granted && !inside {
		c["outsider granted, countersigned "+strconv.FormatBool(countersigned)]++
	}
	if _, ok := keys.get("sts:externalid"); ok && countersigned && request.Kind == UserKey {
		c["the external ID is a secret"]++
	}
}

// demandEverything fails when a way to call was hardly sampled.
func (c sampleCoverage) demandEverything(t *testing.T) {
	wanted := []string{
		"inside true", "inside false", "countersigned true", "countersigned false", "granted true", "granted false",
		"outsider granted, countersigned true", "outsider granted, countersigned false", "the external ID is a secret",
		"check " + ActionAssumeRole, "check " + ActionTagSession, "check " + ActionSetSourceIdentity,
		"key sts:externalid", "key sts:sourceidentity", "key aws:sourceidentity", "key sts:transitivetagkeys", "key aws:tagkeys",
		"key aws:sourceip", "key aws:sourcevpc", "key aws:principalorgid", "key aws:tokenissuetime", "key aws:federatedprovider",
	}
	for _, kind := range append(userKinds, RoleSession) {
		wanted = append(wanted, "kind "+string(kind))
	}
	for _, name := range wanted {
		if c[name] < c["requests"]/500 {
			t.Errorf("%s: %d of %d sampled requests", name, c[name], c["requests"])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		t.Logf("%6d %s", c[name], name)
	}
}
