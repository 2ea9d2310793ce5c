package privilege

import (
	"slices"
	"strings"
)

// target is what an action is to reach.
type target struct {
	pattern string // of the ARNs that are meant
	marker  string // what stands before the name in such an ARN
	self    string // the role's own ARN, which does not count, or counts alone
	alone   bool
	whole   bool     // all resources are meant together
	own     []string // ARNs that count although they are named exactly
}

// anything is met by any resource, everything by all of them together.
var anything, everything = target{}, target{pattern: "*", whole: true}

// self is the role itself.
func (j *judgement) self() target {
	if j.arn == "" {
		return target{pattern: j.identity("role"), alone: true}
	}
	return target{pattern: j.arn, self: j.arn, alone: true}
}

// identity is the pattern of the ARNs of a kind of IAM.
func (j *judgement) identity(kind string) string {
	partition, account := j.partition, j.account
	if partition == "" {
		partition = "*"
	}
	if account == "" {
		account = "*"
	}
	return "arn:" + partition + ":iam::" + account + ":" + kind + "/*"
}

// target makes one of how the table of ways spells it.
func (j *judgement) target(on string) target {
	switch on {
	case "":
		return anything
	case "self":
		return j.self()
	case "role", "user", "group":
		return target{pattern: j.identity(on), marker: ":" + on + "/", self: j.arn}
	case "policy":
		return target{pattern: j.identity(on), marker: ":policy/", own: j.attached}
	}
	if !strings.HasSuffix(on, "*") {
		return target{pattern: on, alone: true}
	}
	fields := strings.SplitN(on, ":", arnFields)
	return target{pattern: on, marker: ":" + strings.TrimRight(fields[len(fields)-1], "*")}
}

// reach says how far a resource goes among what is meant.
func (t *target) reach(resource string) reach {
	switch {
	case t.pattern == "", t.whole && resource == "*":
		return open
	case t.whole:
		return nothing
	case t.alone:
		if meets(t.pattern, resource) {
			return open
		}
		return nothing
	case !meets(t.pattern, resource), resource == t.self && t.self != "":
		return nothing
	case strings.Contains(resource, ":iam::aws:"): // AWS owns it
		return nothing
	case slices.Contains(t.own, resource):
		return open
	}
	at := strings.Index(resource, t.marker)
	if at < 0 {
		return open // the wildcard begins before the name
	}
	name := resource[at+len(t.marker):]
	if !isIdentity(t.marker) {
		// A version, or what lies below, does not make it another one.
		name = strings.TrimSuffix(strings.TrimSuffix(name, ":*"), "/*")
	}
	if hasWildcard(name) {
		return open
	}
	return named
}

func isIdentity(marker string) bool {
	return marker == ":role/" || marker == ":user/" || marker == ":group/" || marker == ":policy/"
}

// denied reports whether a Deny on resources surely takes away all that a
// resource reaches of what is meant.
func (t *target) denied(resources *set, resource string) bool {
	if resources.contains(resource) {
		return true
	}
	return t.pattern != "" && resources.contains(t.pattern)
}
