package remedy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"countersign/trust"
)

// reference is a parameter or a variable that a template declares for a value
// that is not known.
type reference struct {
	on, name   string
	externalID bool // it is a whole one
}

// references are those of a template, in the order of the document.
type references struct {
	all        []*reference
	ownAccount bool
	// spell makes a name as the language has it, of one that has a prefix where
	// its language is known: "parameter " or "var.".
	spell func(prefix, name string) string
	taken []string // names that a reference must not have
}

// find goes through a trust policy.
func (r *references) find(document *trust.Value) error { return r.visit(document, nil) }

func (r *references) visit(v *trust.Value, path []string) error {
	switch v.Kind {
	case trust.Unknown:
		if n := len(path); n < 2 || !isPrincipal(path[n-2]) && (n < 3 || path[n-3] != "Condition") {
			return tooUnknown(v.On)
		}
		return r.add(v.On, strings.EqualFold(path[len(path)-1], "sts:ExternalId"))
	case trust.Choice, trust.Absent:
		return tooUnknown(v.On)
	}
	for _, part := range v.Parts {
		if part.On == "" {
			continue
		}
		if err := r.add(part.On, false); err != nil {
			return err
		}
	}
	for i := range v.Items {
		if err := r.visit(&v.Items[i], path); err != nil {
			return err
		}
	}
	for i := range v.Members {
		m := &v.Members[i]
		if m.Key.Kind != trust.String || len(m.Key.Parts) > 0 {
			return tooUnknown(m.Key.On)
		}
		if err := r.visit(&m.Value, append(slices.Clip(path), m.Key.Text)); err != nil {
			return err
		}
	}
	return nil
}

func isPrincipal(element string) bool { return element == "Principal" || element == "NotPrincipal" }

func tooUnknown(on string) error {
	what := "the policy depends on what is not known"
	if on != "" {
		what = "the policy depends on " + on
	}
	return &RefusedError{what + ", which a template of this role cannot refer to",
		"give the value that it depends on, or close the role where it is kept: countersign fix PATH"}
}

var oneParameter = regexp.MustCompile(`^(parameter |var\.)?([A-Za-z_][A-Za-z0-9_-]*)$`)

func (r *references) add(on string, isExternalID bool) error {
	if on == ownAccount {
		r.ownAccount = true
		return nil
	}
	if known := r.of(on); known != nil {
		known.externalID = known.externalID || isExternalID
		return nil
	}
	match := oneParameter.FindStringSubmatch(on)
	if match == nil {
		return tooUnknown(on)
	}
	name := free(r.spell(match[1], match[2]), r.taken)
	r.taken = append(r.taken, name)
	r.all = append(r.all, &reference{on: on, name: name, externalID: isExternalID})
	return nil
}

func (r *references) of(on string) *reference {
	for _, known := range r.all {
		if known.on == on {
			return known
		}
	}
	return nil
}

// about describes a parameter.
func (r *reference) about() string {
	if r.externalID {
		return "The external ID that the third party gives when it assumes the role"
	}
	return "A value of the trust policy"
}

// free is a name that is not taken yet.
func free(name string, taken []string) string {
	for n, made := 2, name; ; n++ {
		if !slices.Contains(taken, made) {
			return made
		}
		made = fmt.Sprintf("%s%d", name, n)
	}
}

// words takes a name apart, in small letters: VendorScanner, vendor-scanner and
// vendor_scanner are the same two. What is neither a letter nor a digit of ASCII
// is left out.
func words(name string) (all []string) {
	begin := -1
	for i := 0; i <= len(name); i++ {
		inWord := i < len(name) && isAlphanumeric(name[i])
		if begin >= 0 && (!inWord || startsWord(name, i)) {
			all = append(all, strings.ToLower(name[begin:i]))
			begin = -1
		}
		if begin < 0 && inWord {
			begin = i
		}
	}
	return all
}

// startsWord reports whether a capital letter begins a word: behind a small
// letter or a digit, or before a small letter.
func startsWord(name string, at int) bool {
	if at == 0 || !isCapital(name[at]) {
		return false
	}
	return !isCapital(name[at-1]) || at+1 < len(name) && 'a' <= name[at+1] && name[at+1] <= 'z'
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

func isAlphanumeric(c byte) bool {
	return isCapital(c) || 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}

// identifier is a name in small letters, with underscores between its words.
func identifier(name, otherwise string) string {
	made := strings.Join(words(name), "_")
	switch {
	case made == "":
		return otherwise
	case made[0] <= '9':
		return otherwise + "_" + made
	}
	return made
}

// logicalID is a name as CloudFormation takes it: letters and digits.
func logicalID(name, otherwise string) string {
	var b strings.Builder
	for _, word := range words(name) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	made := b.String()
	const longest = 200 // CloudFormation takes 255; a number may be added
	switch {
	case made == "":
		return otherwise
	case made[0] <= '9':
		made = otherwise + made
	}
	return made[:min(len(made), longest)]
}
