package trust

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Why a condition is dead, in words. That it is dead the solver has found out:
// here the words are only picked, by the key and the form of its values. None
// quotes a value, which may be an external ID.

// whyNobody says why no caller whatsoever meets a condition.
func (p *program) whyNobody(a *atom) string {
	name, op := a.info.name, a.Operator
	switch {
	case a.info.class == keyAbsent:
		return a.whyNotSent()
	case len(a.Values) == 0:
		return "it lists no value"
	case op.Family == NullTest && a.info.class != keyFact:
		return "AWS sends " + name + " with every call"
	case op.Set == NoSetOperator && a.info.multi:
		return name + " has many values, and " + op.Name + " compares a single one (write " + forAnyValuePrefix + op.Name + ")"
	case a.info.class == keyFact:
		return "the role has no such " + name
	case a.info.class == keyConstant:
		return name + " is always " + p.constants(a.info)
	case a.isOver(p.now.UnixMilli()):
		return "its time is over"
	case a.info.class == keyMFAAge:
		return name + " is 0 to " + grouped(maxMFAAge) + " seconds"
	case isTyped(op.Family):
		return "AWS sends no value of " + name + " that " + op.Name + " could accept"
	case op.Negated:
		return "it refuses every value that " + name + " can have"
	case op.Family == ArnPattern && !slices.ContainsFunc(a.Values, func(o Operand) bool { return isARNPattern(o.Pieces) }):
		return op.Name + " compares ARNs, and what stands here is none"
	case op.Family == StringExact || op.Family == StringIgnoreCase || op.Family == StringPattern:
		if why := a.whyNoValue(); why != "" {
			return why
		}
	}
	return "AWS sends no value of " + name + " that fits"
}

// serviceKeys are there only in calls that AWS services make (IAM User Guide,
// "Global condition context keys").
var serviceKeys = []string{
	"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths",
	"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast",
	"aws:PrincipalServiceName", "aws:PrincipalServiceNamesList",
}

// whyNotSent says why a key is never there.
func (a *atom) whyNotSent() string {
	if at := slices.IndexFunc(serviceKeys, func(name string) bool { return lowerASCII(name) == a.Key }); at >= 0 {
		return serviceKeys[at] + " is there only in calls that an AWS service makes"
	}
	if slices.ContainsFunc(a.Values, func(o Operand) bool { return keys[lowerASCII(o.Text)] != nil }) {
		return "the key and its value have changed places"
	}
	sent := "AWS sends no key " + quote(a.Spelling)
	if meant := meantKey(a); meant != "" {
		return sent + " (did you mean " + meant + "?)"
	}
	switch provider, _, _ := strings.Cut(a.Key, ":"); {
	case provider == "saml":
		return quote(a.Spelling) + " is there only in calls of sts:AssumeRoleWithSAML"
	case strings.Contains(provider, "."):
		return quote(a.Spelling) + " is there only in calls of sts:AssumeRoleWithWebIdentity"
	}
	return sent + " with sts:AssumeRole"
}

// keyNames are the names of the keys that AWS sends, sorted.
var keyNames = func() []string {
	var names []string
	for _, info := range keys {
		names = append(names, info.name)
	}
	slices.Sort(names)
	return names
}()

// meantKey is the key that a misspelt one was meant to be, if that is plain.
func meantKey(a *atom) string {
	if name := nearestCountersign(a.Key); name != "" {
		return name
	}
	name, _ := nearest(strings.TrimSpace(a.Spelling), keyNames)
	return name
}

// constants lists the texts that a key has for one kind of caller or another.
func (p *program) constants(info *keyInfo) string {
	var texts []string
	for _, kind := range withMFAToo {
		if m := (mode{kind: kind}); info.when(&m) != absent {
			texts = append(texts, strconv.Quote(info.text(&m)))
		}
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), " or ")
}

// isOver reports whether a condition asks for a time before now.
func (a *atom) isOver(now int64) bool {
	if a.info.class != keyTime || a.Operator.Negated {
		return false
	}
	return !slices.ContainsFunc(a.Values, func(o Operand) bool {
		switch a.Operator.Family {
		case DateEqual, DateLess, DateLessOrEqual:
			return o.Millis > now
		case NumericEqual, NumericLess, NumericLessOrEqual:
			seconds, _ := o.Number.Float64()
			return seconds*1000 > float64(now)
		}
		return true
	})
}

// A wordForm is how messages speak of a key's values and of their bounds.
type wordForm struct {
	article, noun, bounded string
	segment                *segment
}

var userNameShape = simpleShape(nameSet, 1, longestName, "mallory")

var wordForms = map[string]wordForm{
	"sts:externalid":       {"an", "external ID", "STS", &externalIDShape.segments[0]},
	"sts:rolesessionname":  {"a", "session name", "STS", &sessionNameShape.segments[0]},
	"sts:sourceidentity":   {"a", "source identity", "STS", &sessionNameShape.segments[0]},
	"aws:sourceidentity":   {"a", "source identity", "STS", &sessionNameShape.segments[0]},
	"aws:username":         {"a", "user name", "IAM", &userNameShape.segments[0]},
	"aws:principalaccount": {"an", "account id", "AWS", &accountShape.segments[0]},
	"aws:vpceaccount":      {"an", "account id", "AWS", &accountShape.segments[0]},
}

// whyNoValue says why none of the values can be sent, or nothing where that
// takes more than two reasons, or one that there are no words for.
func (a *atom) whyNoValue() string {
	var reasons []string
	for i := range a.Values {
		why := a.whyNot(&a.Values[i])
		if !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
		if why == "" || len(reasons) > 2 {
			return ""
		}
	}
	return strings.Join(reasons, "; ")
}

func (a *atom) whyNot(o *Operand) string {
	for i := range o.Pieces {
		if v := &o.Pieces[i]; v.Kind == VariablePiece && !v.HasDefault {
			if lookupKey(v.Key, v.Key).class == keyAbsent {
				return "AWS sends no key for the policy variable in its value"
			}
		}
	}
	if hasVariable(o.Pieces) {
		return ""
	}
	if form, ok := wordForms[a.Key]; ok {
		return form.whyNot(o)
	}
	text := o.Text
	switch {
	case strings.ContainsAny(text, "*?") && a.Operator.Family != StringPattern:
		return a.Operator.Name + " takes * and ? for plain characters, not for wildcards"
	case strings.HasSuffix(a.Key, "orgpaths") && !strings.HasSuffix(text, "/") && !strings.HasSuffix(text, "*"):
		return "the path of an organization has a slash behind every id, o-…/r-…/ou-…/"
	case strings.HasSuffix(a.Key, "orgid") && !strings.HasPrefix(text, "o-"):
		return `the id of an organization begins with "o-"`
	case a.Key != "aws:principalarn":
	case strings.Contains(text, ":assumed-role/"):
		return "aws:PrincipalArn of a session is the ARN of its role, arn:aws:iam::…:role/…"
	case strings.HasSuffix(text, ":root"):
		return "the root user of an account cannot assume roles"
	default:
		return "aws:PrincipalArn is the ARN of a user or of a role"
	}
	return ""
}

// whyNot says what keeps an operand from being a word of the form.
func (f wordForm) whyNot(o *Operand) string {
	length, endless := 0, false
	for i := range o.Pieces {
		switch piece := &o.Pieces[i]; piece.Kind {
		case AnyRunPiece:
			endless = true
		case AnyOnePiece:
			length++
		default:
			length += utf8.RuneCountInString(piece.Text)
		}
	}
	takes := f.bounded + " takes " + grouped(f.segment.min)
	if f.segment.max != f.segment.min {
		takes += " to " + grouped(f.segment.max)
	}
	switch {
	case length == 0 && !endless:
		return "the " + f.noun + " is empty, and " + takes + " characters"
	case length == 1 && !endless && f.segment.min > 1:
		return "the " + f.noun + " has 1 character, and " + takes
	case length > f.segment.max && endless:
		return "the " + f.noun + " has at least " + grouped(length) + " characters, and " + takes
	}
	for i := range o.Pieces {
		for _, c := range o.Pieces[i].Text {
			if !f.segment.set.has(c) {
				return f.cannotHold(c, o)
			}
		}
	}
	if length < f.segment.min && !endless || length > f.segment.max {
		return "the " + f.noun + " has " + grouped(length) + " characters, and " + takes
	}
	return ""
}

// cannotHold names a character that cannot be sent, and so is part of no secret.
func (f wordForm) cannotHold(c rune, o *Operand) string {
	why := f.article + " " + f.noun + " cannot hold "
	switch {
	case c == ' ':
		return why + "a space"
	case c == '\t':
		return why + "a tab"
	case c == '\n' || c == '\r':
		return why + "a line break"
	case c == '$' && strings.Contains(o.Text, "${") && !strings.Contains(o.Text, "}"):
		return why + `"$", and a "${" without "}" is no policy variable`
	case c == '$' && strings.Contains(o.Text, "${"):
		return why + `"$", and policy variables need "Version": "` + version2012 + `" and one of the String or Arn operators`
	case c > unicode.MaxASCII || !unicode.IsPrint(c):
		return why + fmt.Sprintf("the character U+%04X", c)
	}
	return why + strconv.Quote(string(c))
}

// whyNoneOf says why those whom a statement means cannot meet a condition that
// others can, where there are words for it.
func (a *atom) whyNoneOf(r *rule) string {
	for _, entry := range r.entries {
		if entry == nil || entry.Form == User || entry.Form == Account || entry.Form == Anyone {
			return ""
		}
	}
	switch {
	case a.info.class == keyMFAAge || a.Key == "aws:multifactorauthpresent":
		return ": a role's session never shows MFA"
	case a.Key == "aws:username":
		return ": a role's session has no aws:username"
	}
	return ""
}

// whyUnchecked names the action that a condition's callers lack.
func (a *atom) whyUnchecked() string {
	const without = ", and no statement allows them "
	switch a.info.class {
	case keyRequestTag, keyTagKeys:
		return "it asks for callers who pass session tags" + without + ActionTagSession
	case keyIdentity:
		return "it asks for callers with a source identity" + without + ActionSetSourceIdentity
	}
	return "its callers need " + ActionTagSession + " or " + ActionSetSourceIdentity + " as well" + without + "that"
}

// grouped spells a number with commas.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
