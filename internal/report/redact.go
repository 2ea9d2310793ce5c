package report

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/spelling"
	"countersign/trust"
)

// mask stands in for an external ID.
const mask = "«redacted»"

// secrets are the external IDs of a policy: where they stand in its tree, and
// what they say, since they must not be read anywhere else either.
type secrets struct {
	nodes map[*trust.Value]bool
	texts []string
}

// secretsOf finds the values that a condition holds sts:ExternalId against. The
// key counts in any letter case, misspelt, and wherever it stands, also where the
// grammar has no place for it: a broken policy keeps its secrets too, and what a
// broken condition holds may be one. An unknown key may be this one. Values that
// hold nothing but stars, or nothing at all, tell nobody's ID and stay readable.
// A text that repeats one is one, too.
func secretsOf(tree *trust.Value) *secrets {
	s := &secrets{nodes: map[*trust.Value]bool{}}
	s.collect(tree, false)
	if len(s.texts) > 0 {
		s.collectRepeated(tree)
	}
	// What holds another one goes before it, or the rest would stay readable.
	slices.SortFunc(s.texts, func(a, b string) int { return len(b) - len(a) })
	return s
}

func (s *secrets) collect(value *trust.Value, secret bool) {
	switch value.Kind {
	case trust.Object:
		for i := range value.Members {
			m := &value.Members[i]
			if !secret && m.Key.Text == "Condition" {
				s.collectCondition(&m.Value)
				continue
			}
			s.collect(&m.Key, secret)
			s.collect(&m.Value, secret || mayBeExternalID(m.Key))
		}
	case trust.Array, trust.Choice:
		for i := range value.Items {
			s.collect(&value.Items[i], secret)
		}
	default:
		if secret && isSecret(*value) {
			s.mark(value)
		}
	}
}

// collectCondition looks at {operator: {key: values}}, and takes for a secret
// what stands where none of these belongs.
func (s *secrets) collectCondition(value *trust.Value) {
	s.eachMember(value, func(m *trust.Member) {
		if isWord(m.Key) && trust.NearestOperator(m.Key.Text) == "" && !mayBeExternalID(m.Key) && !isHarmless(m.Key.Text) {
			s.mark(&m.Key)
		}
		if mayBeExternalID(m.Key) || isWord(m.Key) && strings.Contains(m.Key.Text, ":") && !trust.IsOperator(m.Key.Text) {
			s.collect(&m.Value, mayBeExternalID(m.Key)) // a key without its operator
			return
		}
		s.eachMember(&m.Value, func(m *trust.Member) {
			stray := isWord(m.Key) && !strings.Contains(m.Key.Text, ":") && !meansExternalID(m.Key.Text)
			if stray {
				s.mark(&m.Key)
			}
			if stray && m.Value.Kind == trust.String {
				s.markLoose(&m.Value)
				return
			}
			s.collect(&m.Value, stray || mayBeExternalID(m.Key))
		})
	})
}

// eachMember calls visit for the members of an object. What stands in the place
// of one may be a secret.
func (s *secrets) eachMember(value *trust.Value, visit func(*trust.Member)) {
	switch value.Kind {
	case trust.Object:
		for i := range value.Members {
			visit(&value.Members[i])
		}
	case trust.Choice:
		for i := range value.Items {
			s.eachMember(&value.Items[i], visit)
		}
	case trust.Array:
		for i := range value.Items {
			s.eachMember(&value.Items[i], func(m *trust.Member) { s.collect(&m.Value, true) })
		}
	default:
		s.markLoose(value)
	}
}

// markLoose marks a value without a key, unless it is a key itself or a name of
// AWS.
func (s *secrets) markLoose(value *trust.Value) {
	if isSecret(*value) && (value.Kind != trust.String || !isHarmless(value.Text)) {
		s.mark(value)
	}
}

func isWord(key trust.Value) bool { return key.Kind == trust.String && len(key.Parts) == 0 }

// isHarmless reports whether a text is a condition key, an ARN or a truth value.
func isHarmless(text string) bool { return harmless.MatchString(text) }

var harmless = regexp.MustCompile(`^(?i:(aws|sts|iam|saml):[a-z/]+|arn:[^\s=]*|true|false)$`)

func (s *secrets) mark(value *trust.Value) {
	if s.nodes[value] {
		return
	}
	s.nodes[value] = true
	text := spell(*value)
	s.know(text, leastRepeated)
	for _, piece := range literals(text) {
		s.know(piece, leastWithin)
	}
}

func (s *secrets) know(text string, least int) {
	if len(text) >= least && !slices.Contains(s.texts, text) {
		s.texts = append(s.texts, text)
	}
}

// literals are the pieces of a pattern between its wildcards and variables.
func literals(pattern string) []string {
	return strings.FieldsFunc(pattern, func(r rune) bool { return strings.ContainsRune("*?${}", r) })
}

// A text is taken for an external ID by what it says from so many bytes on; it is
// looked for within others if it is longer than an account's id.
const (
	leastRepeated = 4
	leastWithin   = 13
)

// collectRepeated marks the values elsewhere that say what an external ID says.
func (s *secrets) collectRepeated(value *trust.Value) {
	for i := range value.Items {
		s.collectRepeated(&value.Items[i])
	}
	for i := range value.Members {
		s.collectRepeated(&value.Members[i].Value)
	}
	if value.Kind == trust.String && s.repeats(spell(*value)) {
		s.nodes[value] = true
	}
}

// repeats reports whether a text tells an external ID. An account's id and an ARN
// have another meaning.
func (s *secrets) repeats(text string) bool {
	if trust.IsAccountID(text) || strings.HasPrefix(text, "arn:") {
		return false
	}
	return slices.ContainsFunc(s.texts, func(secret string) bool {
		return text == secret || len(secret) >= leastWithin && strings.Contains(text, secret)
	})
}

// clean masks the external IDs in a sentence.
func (s *secrets) clean(sentence string) string {
	for _, secret := range s.texts {
		if !trust.IsAccountID(secret) && strings.Contains(sentence, secret) {
			sentence = strings.ReplaceAll(sentence, secret, mask)
		}
	}
	return sentence
}

// ranges returns where the external IDs stand, by file and sorted by their start.
func (s *secrets) ranges() map[*trust.File][]trust.Range {
	found := map[*trust.File][]trust.Range{}
	for value := range s.nodes {
		if file := value.Range.File; file != nil {
			found[file] = append(found[file], value.Range)
		}
	}
	for _, ranges := range found {
		slices.SortFunc(ranges, func(a, b trust.Range) int { return cmp.Compare(a.Start, b.Start) })
	}
	return found
}

// externalIDs returns the ranges of the external IDs of a tree.
func externalIDs(tree trust.Value) map[*trust.File][]trust.Range { return secretsOf(&tree).ranges() }

func mayBeExternalID(key trust.Value) bool {
	return key.Kind == trust.Unknown || len(key.Parts) > 0 || meansExternalID(key.Text)
}

func isExternalID(key string) bool {
	return strings.EqualFold(strings.TrimSpace(key), "sts:ExternalId")
}

// meansExternalID reports whether a key is sts:ExternalId, or that with a slip in
// it, such as sts:External-Id. AWS never sends the latter; what was written under
// it is the vendor's ID all the same. What follows a slash is a tag's name.
func meansExternalID(key string) bool {
	if ordinaryKeys[key] || strings.Contains(key, "/") {
		return false
	}
	small := strings.ToLower(strings.TrimSpace(key))
	if name, is := strings.CutPrefix(small, "sts:"); is && !otherSTSKeys[name] {
		return true
	}
	_, near := spelling.Slips(small[strings.LastIndexByte(small, ':')+1:], "externalid")
	return near || strings.Contains(small, "external") && speaksOfExternalID.MatchString(key)
}

// ordinaryKeys are those that nearly all policies are made of: they need no
// second look.
var ordinaryKeys = map[string]bool{
	"Version": true, "Statement": true, "Sid": true, "Effect": true, "Action": true, "Principal": true, "AWS": true, "Service": true, "Federated": true,
	"StringEquals": true, "StringLike": true, "Bool": true, "ArnLike": true, "aws:MultiFactorAuthPresent": true, "aws:PrincipalOrgID": true,
}

// otherSTSKeys are the keys of STS beside sts:ExternalId, in small letters
// (Service Authorization Reference, "AWS Security Token Service").
var otherSTSKeys = map[string]bool{
	"rolesessionname": true, "sourceidentity": true, "transitivetagkeys": true, "durationseconds": true, "awsservicename": true,
	"requestcontext": true, "requestcontextproviders": true, "roleauthorizedbyidp": true, "taskpolicyarn": true,
	"identitytokenaudience": true, "signingalgorithm": true,
}

// isSecret reports whether a value under the key tells something of an ID.
func isSecret(value trust.Value) bool {
	switch value.Kind {
	case trust.String:
		return len(value.Parts) > 0 || strings.Trim(value.Text, "*") != ""
	case trust.Number, trust.Bool:
		return true
	}
	return false
}

// withoutSecrets returns the request with its external ID masked where it was
// made to fit a pattern of the policy, which it would give away, and with every
// value that repeats one of the policy's, or is a tag that is called like one. A
// value that has nothing in common with the policy's own is shown.
func (d *document) withoutSecrets(request *trust.Request) *trust.Request {
	if !d.redact {
		return request
	}
	own, _ := request.Context.Lookup("sts:ExternalId")
	if !slices.ContainsFunc(own, d.givesAway) {
		own = nil
	}
	repeats := func(text string) bool { return d.secrets != nil && d.secrets.repeats(text) }
	masked := *request
	masked.Context = trust.Context{}
	for key, shown := range request.Context {
		kind, tag, isTag := strings.Cut(key, "/")
		shown = slices.Clone(shown)
		for i, value := range shown {
			if isTag && meansExternalID(tag) || slices.Contains(own, value) || repeats(value) {
				shown[i] = mask
			}
		}
		if isTag && repeats(tag) {
			key = kind + "/" + mask
		}
		masked.Context[key] = shown
	}
	return &masked
}

// givesAway reports whether a made-up value repeats a piece of a policy's
// external ID. Without a tree nobody can tell.
func (d *document) givesAway(value string) bool {
	if d.secrets == nil {
		return true
	}
	value = strings.ToLower(value)
	for node := range d.secrets.nodes {
		if slices.ContainsFunc(literals(strings.ToLower(spell(*node))), func(piece string) bool { return strings.Contains(value, piece) }) {
			return true
		}
	}
	return false
}

// mayHoldExternalID reports whether text that has no tree may hold an external
// ID: it names the key, or hides its spelling in escapes.
func mayHoldExternalID(text []byte) bool {
	return speaksOfExternalID.Match(text) || bytes.Contains(text, []byte(`\u`))
}
