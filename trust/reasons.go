package trust

import (
	"slices"
	"strings"
)

// ReasonCodes are the codes of [Reason], in the order of docs/rules/IAM-050.md.
var ReasonCodes = []string{
	"no-condition", "external-id-any", "external-id-pattern", "external-id-empty", "external-id-if-exists",
	"external-id-negated", "external-id-from-caller", "external-id-deny-gap", "mfa-false", "mfa-if-exists",
	"mfa-negated", "mfa-deny-misses-keys", "misspelt-key", "other-statement-open", "public-principal",
	"tag-only", "network-only", "organization-only",
}

func (r *rule) reason(code, message string, at Range) Reason {
	return Reason{Code: code, Statement: r.Index, Sid: r.Sid, Message: message, Range: at}
}

// reasons says why each open statement is open, in document order.
func (d *decision) reasons() []Reason {
	reasons := d.emptyIDs()
	for i := range d.ways {
		w := &d.ways[i]
		if !w.open() {
			continue
		}
		for _, reason := range d.reasonsOf(w) {
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
	}
	slices.SortStableFunc(reasons, func(a, b Reason) int { return a.Statement - b.Statement })
	return reasons
}

func (d *decision) reasonsOf(w *way) []Reason {
	reasons := w.publicReason()
	before := len(reasons)
	for i := range w.rule.atoms {
		if reason, ok := w.conditionReason(&w.rule.atoms[i]); ok {
			reasons = append(reasons, reason)
		}
	}
	reasons = append(reasons, d.denyReasons(w)...)
	if len(reasons) == before {
		reasons = append(reasons, d.bareReason(w))
	}
	return reasons
}

// publicReason tells that the statement admits accounts nobody named.
func (w *way) publicReason() []Reason {
	if !w.anyone {
		return nil
	}
	at := w.rule.Range
	if w.entry != nil {
		at = w.entry.Range
	}
	return []Reason{w.rule.reason("public-principal", "the principal admits every AWS account", at)}
}

// conditionReason tells why a condition on the external ID or on MFA, or on a
// key that is never sent, does not stop the way's request.
func (w *way) conditionReason(a *atom) (Reason, bool) {
	var code, message string
	switch a.Key {
	case "sts:externalid":
		code, message = w.externalIDReason(a)
	case "aws:multifactorauthpresent", "aws:multifactorauthage":
		code, message = w.mfaReason(a)
	default:
		if a.info.class != keyAbsent || !resembles(a.Key) {
			return Reason{}, false
		}
		code = "misspelt-key"
		message = "AWS never sends " + a.Spelling + " (" + nearestCountersign(a.Key) + " is meant?), and " + a.Operator.Name + " holds when the key is missing"
	}
	return w.rule.reason(code, message, a.Range), true
}

func (w *way) externalIDReason(a *atom) (code, message string) {
	op := a.Operator
	_, sent := w.request.Context["sts:ExternalId"]
	switch {
	case !sent && op.Negated && op.Set != ForAllValues:
		return "external-id-negated", op.Name + " on the external ID holds when none is sent"
	case !sent:
		return "external-id-if-exists", op.Name + " on the external ID holds when none is sent"
	case op.Family == NullTest, op.Family == BoolEqual:
		return "external-id-any", op.Name + " on the external ID accepts every value"
	case op.Negated:
		return "external-id-negated", op.Name + " accepts every external ID but those listed"
	}
	for i := range a.Values {
		if hasVariable(a.Values[i].Pieces) {
			return "external-id-from-caller", "the external ID has to equal a value that the caller knows or chooses"
		}
	}
	for i := range a.Values {
		if onlyStars(a.Values[i].Pieces) {
			return "external-id-any", op.Name + " with only a wildcard accepts every external ID"
		}
	}
	return "external-id-pattern", op.Name + " accepts endlessly many external IDs; a caller invents one that fits"
}

func onlyStars(pieces []Piece) bool {
	return len(pieces) > 0 && !slices.ContainsFunc(pieces, func(p Piece) bool { return p.Kind != AnyRunPiece })
}

func (w *way) mfaReason(a *atom) (code, message string) {
	op := a.Operator
	_, sent := w.request.Context[a.info.name]
	switch {
	case op.Family == NullTest:
		return "mfa-false", "Null on " + a.info.name + " asks for the key, or for its absence, not for MFA"
	case !sent && op.Negated:
		return "mfa-negated", op.Name + " on " + a.info.name + " holds when the key is missing, as it is with long-term access keys"
	case !sent:
		return "mfa-if-exists", op.Name + " on " + a.info.name + " holds when the key is missing, as it is with long-term access keys"
	case op.Negated:
		return "mfa-negated", op.Name + " on " + a.info.name + " accepts callers without MFA"
	}
	return "mfa-false", "the condition accepts callers whose " + a.info.name + " is false"
}

// denyReasons tells which Deny statements look at the external ID or at MFA and
// let the way's request through.
func (d *decision) denyReasons(w *way) []Reason {
	var reasons []Reason
	for _, r := range d.denies {
		if r.rcp != nil {
			continue
		}
		for i := range r.atoms {
			switch a := &r.atoms[i]; a.Key {
			case "sts:externalid":
				reasons = append(reasons, r.reason("external-id-deny-gap",
					"the Deny does not stop a caller who "+w.sentID(), a.Range))
			case "aws:multifactorauthpresent", "aws:multifactorauthage":
				if _, sent := w.request.Context[a.info.name]; !sent {
					reasons = append(reasons, r.reason("mfa-deny-misses-keys",
						"the Deny does not match when "+a.info.name+" is missing, as it is with long-term access keys", a.Range))
				} else {
					reasons = append(reasons, r.reason("mfa-deny-misses-keys",
						"the Deny does not match sessions without MFA", a.Range))
				}
			}
		}
	}
	return reasons
}

func (w *way) sentID() string {
	if _, sent := w.request.Context["sts:ExternalId"]; sent {
		return "sends an invented external ID"
	}
	return "sends no external ID"
}

// keyGroups tell the conditions that narrow a statement without protecting it.
var keyGroups = []struct {
	code, message string
	holds         func(a *atom) bool
}{
	{"tag-only", "the conditions look only at what the caller's account chooses itself (tags, names)", func(a *atom) bool {
		return a.info.class == keyRequestTag || a.info.class == keyTagKeys || a.info.class == keyIdentity || a.info.slot == slotSessionName && a.info.class == keyFree ||
			a.Key == "aws:username" || a.Key == "aws:useragent" || a.Key == "aws:referer" || a.Key == "aws:userid" || strings.HasPrefix(a.Key, "aws:principaltag/")
	}},
	{"network-only", "the conditions look only at where the call comes from", func(a *atom) bool {
		return a.info.network || a.info.class == keyAddress || a.info.class == keyEndpointOrganization || a.Key == "aws:requestedregion" || a.Key == "aws:securetransport"
	}},
	{"organization-only", "the conditions look only at the caller's organization, which is outside the zone of trust", func(a *atom) bool {
		return a.info.class == keyOrganization
	}},
}

// bareReason tells why a statement without conditions on MFA or an external ID
// is open.
func (d *decision) bareReason(w *way) Reason {
	r := w.rule
	for _, group := range keyGroups {
		if len(r.atoms) > 0 && !slices.ContainsFunc(r.atoms, func(a atom) bool { return !group.holds(&a) }) {
			return r.reason(group.code, group.message, r.atoms[0].Range)
		}
	}
	at := r.Range
	if w.entry != nil {
		at = w.entry.Range
	}
	for i := range d.allows {
		if other := d.allows[i]; other != r && other.actions[0] && other.asksForCountersign() && !other.openIn(d.ways) {
			return r.reason("other-statement-open",
				"another statement asks for a countersign, this one lets the same kind of caller in without", at)
		}
	}
	return r.reason("no-condition", "no condition asks for MFA or for an external ID", at)
}

func (r *rule) asksForCountersign() bool {
	return slices.ContainsFunc(r.atoms, func(a atom) bool {
		return a.Key == "sts:externalid" || a.info.class == keyMFAAge || a.Key == "aws:multifactorauthpresent"
	})
}

func (r *rule) openIn(ways []way) bool {
	return slices.ContainsFunc(ways, func(w way) bool { return w.open() && w.rule == r })
}

// resembles reports whether a key that is never sent was meant to be one that
// countersigns.
func resembles(key string) bool { return nearestCountersign(key) != "" }

func nearestCountersign(key string) string {
	if at := strings.IndexByte(key, ':'); at >= 0 {
		name := strings.Map(keepLetters, key[at+1:])
		switch {
		case strings.HasPrefix(name, "exter") || strings.HasSuffix(name, "nalid"):
			return "sts:ExternalId"
		case strings.HasPrefix(name, "multif") || strings.HasPrefix(name, "mfa"):
			return "aws:MultiFactorAuthPresent"
		}
	}
	return ""
}

func keepLetters(c rune) rune {
	if c >= 'a' && c <= 'z' {
		return c
	}
	return -1
}
