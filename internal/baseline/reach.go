package baseline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// Reach is how far a trust policy opens, by its text: two policies compare
// without being kept. What outsiders are asked for is kept as digests, in which
// external IDs have no part.
type Reach struct {
	// Ways are the statements that let outsiders in without a countersign.
	Ways []Way `json:"ways"`
	// Denials are digests of the Deny statements.
	Denials []string `json:"denials"`
	// Policy is a digest of the whole where some of it is not known, or where
	// it cannot be read; Ways and Denials are empty then.
	Policy string `json:"policy"`
}

// Way is one statement that lets outsiders in.
type Way struct {
	Principals []string `json:"principals"` // who: entries of the policy
	Actions    []string `json:"actions"`
	Limits     []string `json:"limits"` // digests of its conditions
}

// reachOf reads the policy of a finding. Its own faults are the verdict's.
func reachOf(finding *rule.Finding) Reach {
	tree, ok := treeOf(&finding.Role.Trust)
	if !ok {
		return Reach{Policy: digest("unreadable", string(finding.Role.Trust.JSON))}
	}
	policy, err := trust.Parse(tree)
	if err != nil || policy.Open() {
		return Reach{Policy: digestOf(tree)}
	}
	var made Reach
	for i := range policy.Statements {
		one := &policy.Statements[i]
		if one.Effect == trust.Deny {
			made.Denials = append(made.Denials, digest(statementText(policy, one)...))
			continue
		}
		if way, ok := wayOf(policy, one, finding.Verdict); ok {
			made.Ways = append(made.Ways, way)
		}
	}
	made.Denials = sorted(made.Denials)
	slices.SortFunc(made.Ways, func(a, b Way) int { return strings.Compare(a.text(), b.text()) })
	made.Ways = slices.CompactFunc(made.Ways, func(a, b Way) bool { return a.text() == b.text() })
	return made
}

func treeOf(document *role.Document) (trust.Value, bool) {
	if document.Tree != nil {
		return *document.Tree, true
	}
	tree, err := jsontree.Parse(&trust.File{Text: bytes.Clone(document.JSON)})
	return tree, err == nil && document.Err == nil
}

// wayOf is a statement as outsiders see it; ok is false when it lets none of
// them in without a countersign. Where the verdict may not know all who get in,
// it is everybody whom the statement names.
func wayOf(policy *trust.Policy, statement *trust.Statement, verdict *trust.Verdict) (way Way, ok bool) {
	for i := range verdict.Outsiders {
		one := &verdict.Outsiders[i]
		if one.Unguarded && one.Statement == statement.Index {
			ok = true
			way.Principals = append(way.Principals, entryOf(statement, one.Principal))
		}
	}
	if verdict.Partial || verdict.Outcome != trust.Fail {
		ok = true
		for _, one := range statement.Principals {
			way.Principals = append(way.Principals, entryOf(statement, one.Text))
		}
	}
	if statement.NotPrincipal {
		texts := []string{"not"}
		for _, one := range statement.Principals {
			texts = append(texts, one.Text)
		}
		way.Principals = []string{"not " + digest(sorted(texts)...)}
	}
	way.Principals = sorted(way.Principals)
	way.Actions = actionsOf(statement)
	for i := range statement.Conditions {
		way.Limits = append(way.Limits, digest(conditionText(policy, &statement.Conditions[i])...))
	}
	if len(statement.Resources) > 0 {
		way.Limits = append(way.Limits, digest(resourceText(statement)...))
	}
	way.Limits = sorted(way.Limits)
	return way, ok
}

// entryOf names an entry of a policy: a whole account by its id, however it is
// spelt.
func entryOf(statement *trust.Statement, text string) string {
	for i := range statement.Principals {
		if one := &statement.Principals[i]; one.Text == text && one.Form == trust.Account {
			return one.Account
		}
	}
	return text
}

func actionsOf(statement *trust.Statement) []string {
	var actions []string
	for _, one := range statement.Actions {
		actions = append(actions, strings.ToLower(one.Text))
	}
	actions = sorted(actions)
	if statement.NotAction {
		return []string{"not " + strings.Join(actions, " ")}
	}
	return actions
}

// text is the way as one text, to sort by.
func (w *Way) text() string {
	return strings.Join(w.Principals, " ") + "\x00" + strings.Join(w.Actions, " ") + "\x00" + strings.Join(w.Limits, " ")
}

// statementText takes a statement apart into texts. The Sid has no meaning.
func statementText(policy *trust.Policy, statement *trust.Statement) []string {
	texts := []string{strconv.FormatBool(statement.NotPrincipal), strconv.FormatBool(statement.NotAction)}
	list := func(items []string) { texts = append(append(texts, strconv.Itoa(len(items))), sorted(items)...) }
	var principals, conditions []string
	for _, one := range statement.Principals {
		principals = append(principals, strconv.Itoa(int(one.Form))+" "+one.Text)
	}
	list(principals)
	list(actionsOf(statement))
	for i := range statement.Conditions {
		conditions = append(conditions, digest(conditionText(policy, &statement.Conditions[i])...))
	}
	list(conditions)
	list(resourceText(statement))
	return texts
}

func resourceText(statement *trust.Statement) []string {
	texts := []string{"resource", strconv.FormatBool(statement.NotResource)}
	for i := range statement.Resources {
		texts = append(texts, statement.Resources[i].Text)
	}
	return texts
}

// conditionText takes a condition apart into texts. Of external IDs only the
// shape is in them: who gets in without one does not depend on which they are,
// and a digest of a short one would give it away.
func conditionText(policy *trust.Policy, condition *trust.Condition) []string {
	texts := []string{strings.ToLower(condition.Operator.Name), condition.Key}
	if strings.Contains(condition.Key, "external") {
		for i := range condition.Values {
			texts = append(texts, shape(condition.Values[i].Text))
		}
		return texts
	}
	var values []string
	for i := range condition.Values {
		value := condition.Values[i].Text
		if strings.Contains(value, "${") { // which is plain text in the old version
			value = policy.Version + " " + value
		}
		values = append(values, value)
	}
	return append(texts, sorted(values)...)
}

// shape is a text in which an x stands for whatever is no wildcard and no
// variable.
func shape(text string) string {
	var b strings.Builder
	plain := false
	for _, c := range text {
		special := strings.ContainsRune("*?$", c)
		if special {
			b.WriteRune(c)
		} else if !plain {
			b.WriteByte('x')
		}
		plain = !special
	}
	return b.String()
}

// digestOf is a digest of a tree, in which the order of keys and external IDs
// have no part.
func digestOf(tree trust.Value) string { return digest(treeText(tree, false)) }

func treeText(v trust.Value, secret bool) string {
	var texts []string
	for i := range v.Members {
		m := &v.Members[i]
		key := treeText(m.Key, secret)
		hidden := secret || m.Key.Kind == trust.Unknown || len(m.Key.Parts) > 0 || strings.Contains(strings.ToLower(m.Key.Text), "external")
		texts = append(texts, field(key)+field(treeText(m.Value, hidden)))
	}
	slices.Sort(texts)
	for i := range v.Items {
		texts = append(texts, field(treeText(v.Items[i], secret)))
	}
	show := func(text string) string {
		if secret {
			text = shape(text)
		}
		return field(text)
	}
	texts = append(texts, show(v.Text))
	for _, part := range v.Parts {
		texts = append(texts, show(part.Text)+field(part.On))
	}
	return strconv.Itoa(int(v.Kind)) + field(v.On) + strings.Join(texts, "")
}

// field writes a text so that no two lists of fields are the same.
func field(text string) string { return strconv.Itoa(len(text)) + ":" + text + "," }

// digest names a list of texts.
func digest(texts ...string) string {
	sum := sha256.New()
	for _, one := range texts {
		sum.Write([]byte(field(one)))
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// wider says what a policy opens that another one did not.
func (r *Reach) wider(now *Reach) []string {
	if r.Policy != "" || now.Policy != "" {
		if r.Policy == now.Policy {
			return nil
		}
		return []string{"the trust policy has changed, and what is not known of it may be wider"}
	}
	var more []string
	if gone := missing(r.Denials, now.Denials); len(gone) > 0 {
		more = append(more, "a Deny statement is gone, or is another one")
	}
	for i := range now.Ways {
		way := &now.Ways[i]
		if slices.ContainsFunc(r.Ways, func(was Way) bool { return was.covers(way) }) {
			continue
		}
		text := "a statement that lets " + strings.Join(way.Principals, ", ") + " in has lost a condition, or has another one"
		for _, one := range way.Principals {
			if !slices.ContainsFunc(r.Ways, func(was Way) bool { return was.admits(one) }) {
				text = one + " gets in"
				break
			}
		}
		if !slices.Contains(more, text) {
			more = append(more, text)
		}
	}
	return more
}

// covers reports whether whatever another way lets in this one does too.
func (w *Way) covers(other *Way) bool {
	for _, one := range other.Principals {
		if !w.admits(one) {
			return false
		}
	}
	everything := slices.Contains(w.Actions, "*") || slices.Contains(w.Actions, "sts:*")
	if len(missing(other.Actions, w.Actions)) > 0 && !everything {
		return false
	}
	return len(missing(w.Limits, other.Limits)) == 0
}

// admits reports whether an entry is one of the way's own, or of an account that
// it lets in as a whole.
func (w *Way) admits(entry string) bool {
	if slices.Contains(w.Principals, entry) {
		return true
	}
	if strings.HasPrefix(entry, "not ") {
		return false
	}
	return slices.Contains(w.Principals, "*") || slices.Contains(w.Principals, accountIn(entry))
}

// accountIn is the account of an ARN of a user, a role or a session; of other
// entries a text that no entry has.
func accountIn(entry string) string {
	parts := strings.SplitN(entry, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[4] == "" {
		return "\x00"
	}
	return parts[4]
}
