// Package waiver accepts findings until a date, with a reason and an owner. A
// waiver changes no verdict and no severity: what it covers stays in every
// report, marked.
package waiver

import (
	"slices"
	"strings"
	"time"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// Waiver accepts the findings of one rule on the roles that it means. Whatever
// it names has to fit.
type Waiver struct {
	rule.Waiver
	Rule string // "IAM-050"
	// Role is a role's name, its ARN or its address in a template, in each of
	// which "*" stands for any run of characters, or a fingerprint. Empty means
	// any role.
	Role string
	// ThirdParty limits it to roles into which nobody gets but these accounts,
	// 12 digits each. Party is what the user calls them; both are empty when it
	// does not matter who gets in.
	ThirdParty []string
	Party      []string
	// Tag is a tag that the role has to carry; nil when none.
	Tag *Tag
	// Account is the role's account; empty means any.
	Account string
}

// Tag is a tag of a role.
type Tag struct{ Key, Value string }

// Inline says which waivers that stand at the roles themselves count.
type Inline struct {
	Comments Permission // in templates; they count unless they are forbidden
	Tags     Permission // of roles; they count only when they are allowed
}

// Permission is what somebody says about a kind of waivers.
type Permission uint8

// Permissions.
const (
	Unsaid Permission = iota
	Allowed
	Forbidden
)

// AllowsComments reports whether waivers in comments count.
func (i Inline) AllowsComments() bool { return i.Comments != Forbidden }

// AllowsTags reports whether waivers in tags count.
func (i Inline) AllowsTags() bool { return i.Tags == Allowed }

// Expired reports whether the last day on which the waiver counts is over.
func (w *Waiver) Expired(now time.Time) bool {
	return !now.UTC().Before(w.Until.AddDate(0, 0, 1))
}

// means reports whether the waiver is about a rule and a role.
func (w *Waiver) means(id, fingerprint string, subject *role.Role) bool {
	if w.Rule != id || w.Account != "" && w.Account != subject.KnownAccount() {
		return false
	}
	if w.Tag != nil {
		if value, ok := subject.Tags[w.Tag.Key]; !ok || value != w.Tag.Value {
			return false
		}
	}
	return w.meansRole(fingerprint, subject)
}

// FingerprintPrefix is how every fingerprint begins.
const FingerprintPrefix = "cs1-"

func (w *Waiver) meansRole(fingerprint string, subject *role.Role) bool {
	fits := func(name string) bool { return name != "" && role.Fits(w.Role, name) }
	switch {
	case w.Inline: // it is asked about roles that it stands at only
		return true
	case w.Role == "":
		return w.Tag != nil
	case strings.HasPrefix(w.Role, FingerprintPrefix):
		return w.Role == fingerprint
	case strings.HasPrefix(w.Role, "arn:"):
		return fits(subject.ARN)
	}
	return fits(subject.Name) || fits(subject.Source.Address)
}

// others names who else gets in, so that a waiver for a third party does not
// cover the role. A verdict that is not decided tells of nobody for certain.
func (w *Waiver) others(verdict *trust.Verdict) []string {
	if len(w.ThirdParty) == 0 {
		return nil
	}
	if verdict.Outcome != trust.Fail || verdict.Partial {
		return []string{"not everybody who gets in is known"}
	}
	var others []string
	add := func(who string) {
		if !slices.Contains(others, who) {
			others = append(others, who)
		}
	}
	if verdict.AnyAccount {
		add("anyone")
	}
	// Where nobody gets in today, those count whom the policy is for.
	open, all := 0, verdict.Outsiders
	for i := range all {
		if all[i].Unguarded {
			open++
		}
	}
	for i := range all {
		switch account := all[i].Account; {
		case open > 0 && !all[i].Unguarded, slices.Contains(w.ThirdParty, account):
		case account == "*" || account == "":
			add("whoever meets the conditions")
		default:
			add(account)
		}
	}
	if len(all) == 0 {
		add("nobody whose account is known")
	}
	return others
}
