package waiver

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/internal/spelling"
)

// Marker begins a waiver in a comment, and is the key of the tag that is one.
const Marker = role.WaiverMarker

// Bounds on what a waiver says, in bytes.
const (
	MaxReason = 1000
	MaxOwner  = 100
)

var inlineKeys = []string{"until", "owner", "reason"}

// ParseInline reads what stands behind the marker: the rule, then until=, owner=
// and reason= in any order. A value is a text in double quotes, in which \" and
// \\ stand for " and \, or goes on to the next of these keys. The waiver covers
// whatever role it stands at.
func ParseInline(text string) (Waiver, error) {
	made := Waiver{}
	made.Inline = true
	if !utf8.ValidString(text) {
		return made, errors.New("it is not UTF-8 text")
	}
	text = strings.TrimSpace(text)
	id, rest, _ := strings.Cut(text, " ")
	if err := CheckRule(id); err != nil {
		return made, err
	}
	made.Rule = id
	seen := map[string]bool{}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, after, found := strings.Cut(rest, "=")
		if !found || strings.ContainsAny(key, " \t\"") {
			return made, fmt.Errorf("expected until=, owner= or reason=, found %q", clip(rest))
		}
		value, behind, err := inlineValue(after)
		if err != nil {
			return made, err
		}
		if seen[key] {
			return made, fmt.Errorf("%s= stands there twice", key)
		}
		seen[key], rest = true, behind
		if err := made.set(key, value); err != nil {
			return made, err
		}
	}
	return made, made.Complete()
}

func (w *Waiver) set(key, value string) (err error) {
	switch key {
	case "until":
		w.Until, err = ParseUntil(value)
	case "owner":
		w.Owner, err = value, CheckText(value, MaxOwner)
	case "reason":
		w.Reason, err = value, CheckText(value, MaxReason)
	default:
		if near := spelling.Nearest(key, inlineKeys, 1); len(near) > 0 {
			return fmt.Errorf("unknown key %q: is %s= meant?", clip(key), near[0])
		}
		return fmt.Errorf("unknown key %q: known are until, owner, reason", clip(key))
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", key, err)
	}
	return err
}

// inlineValue splits a value from what follows it.
func inlineValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := len(text)
		for _, key := range inlineKeys {
			if at := strings.Index(text, " "+key+"="); at >= 0 && at < end {
				end = at
			}
		}
		return strings.TrimSpace(text[:end]), text[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		case c == '"':
			if rest = text[i+1:]; rest != "" && rest[0] != ' ' && rest[0] != '\t' {
				return "", "", fmt.Errorf("expected a blank behind a quoted text, found %q", clip(rest))
			}
			return b.String(), rest, nil
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("a quoted text is not closed")
}

// Complete reports what a waiver has to say and does not.
func (w *Waiver) Complete() error {
	switch {
	case w.Reason == "":
		return errors.New("a waiver without reason")
	case w.Owner == "":
		return errors.New("a waiver without owner")
	case w.Until.IsZero():
		return errors.New("a waiver without until")
	}
	return nil
}

// CheckRule accepts the id of a rule.
func CheckRule(id string) error {
	var known []string
	for _, one := range rule.Rules {
		if one.ID == id {
			return nil
		}
		known = append(known, one.ID)
	}
	if id == "" {
		return errors.New("no rule is named")
	}
	if near := spelling.Nearest(id, known, 1); len(near) > 0 {
		return fmt.Errorf("unknown rule %q: is %s meant?", clip(id), near[0])
	}
	return fmt.Errorf("unknown rule %q", clip(id))
}

// ParseUntil reads the last day on which a waiver counts.
func ParseUntil(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date such as 2027-03-31", clip(text))
	}
	return day, nil
}

// CheckText accepts a reason or an owner of at most so many bytes.
func CheckText(text string, most int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("is empty")
	case len(text) > most:
		return fmt.Errorf("is longer than %d bytes", most)
	}
	return nil
}

// clip shortens a stranger's text for a message.
func clip(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// at gives the waivers that stand at a role.
func (l *List) at(subject *role.Role) []*entry {
	var found []*entry
	for _, comment := range subject.Notes {
		found = append(found, l.note(noteKey{path: comment.Path, line: comment.Line, text: comment.Text}, !l.inline.AllowsComments(),
			"the settings forbid waivers in comments"))
	}
	if text, ok := subject.Tags[Marker]; ok {
		name := subject.ARN
		if name == "" {
			name = subject.Title()
		}
		found = append(found, l.note(noteKey{role: name, text: text}, !l.inline.AllowsTags(),
			"the settings do not allow waivers in tags: inline.tags"))
	}
	return found
}

// note remembers a waiver that stands at a role.
func (l *List) note(key noteKey, forbidden bool, why string) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.notes[key]; known != nil {
		return known
	}
	made := &entry{}
	var err error
	made.Waiver, err = ParseInline(key.text)
	made.Path, made.Line, made.Role = key.path, key.line, key.role
	if err != nil {
		made.refused = err.Error()
	}
	if forbidden {
		made.refused = why
	}
	made.expired = made.Expired(l.now)
	l.notes[key] = made
	return made
}
