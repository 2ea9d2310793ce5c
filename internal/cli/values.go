package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/rule"
	"countersign/internal/spelling"
)

// word is a flag with one value that is checked. It is a pflag.Value, as are
// the other types here.
type word struct {
	into  *string
	kind  string
	check func(string) error
}

func (w *word) String() string { return *w.into }
func (w *word) Type() string   { return w.kind }
func (w *word) Set(text string) error {
	if err := w.check(text); err != nil {
		return err
	}
	*w.into = text
	return nil
}

// words is a flag with many values, given with commas or by repeating it.
type words struct {
	into  *[]string
	kind  string
	check func(string) error
}

func (w *words) String() string { return strings.Join(*w.into, ",") }
func (w *words) Type() string   { return w.kind }
func (w *words) Set(text string) error {
	for _, item := range strings.Split(text, ",") {
		item = strings.TrimSpace(item)
		if err := w.check(item); err != nil {
			return err
		}
		if !slices.Contains(*w.into, item) {
			*w.into = append(*w.into, item)
		}
	}
	return nil
}

// oneOf checks for one of a few names.
func oneOf(names ...string) func(string) error {
	return func(text string) error {
		if slices.Contains(names, text) {
			return nil
		}
		return &misuse{fmt.Sprintf("unknown value %q", text), either(spelling.Suggest(text, names), "one of: "+strings.Join(names, ", "))}
	}
}

func notEmpty(text string) error {
	if text == "" {
		return &misuse{"is empty", ""}
	}
	return nil
}

// severity is a flag that takes a severity.
type severity struct{ into *rule.Severity }

var severities = []string{rule.Low.String(), rule.Medium.String(), rule.High.String(), rule.Critical.String()}

func (s *severity) String() string { return s.into.String() }
func (s *severity) Type() string   { return "SEVERITY" }
func (s *severity) Set(text string) error {
	if err := oneOf(severities...)(text); err != nil {
		return err
	}
	var err error
	*s.into, err = rule.ParseSeverity(text)
	return err
}

// number is a flag that takes a whole number from 1 on.
type number struct {
	into *int
	most int
}

func (n *number) String() string { return "" }
func (n *number) Type() string   { return "N" }
func (n *number) Set(text string) error {
	value, err := strconv.Atoi(text)
	if err != nil || value < 1 || value > n.most {
		return &misuse{fmt.Sprintf("%q is not a number from 1 to %d", text, n.most), ""}
	}
	*n.into = value
	return nil
}

// moment is a flag that takes a time: RFC 3339, or a date, which means its
// midnight in UTC.
type moment struct{ into *time.Time }

func (m *moment) String() string {
	if m.into.IsZero() {
		return ""
	}
	return m.into.Format(time.RFC3339)
}
func (m *moment) Type() string { return "TIME" }
func (m *moment) Set(text string) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			*m.into = at
			return nil
		}
	}
	return &misuse{fmt.Sprintf("%q is not a time", text), "a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z"}
}
