package trust

import (
	"fmt"
	"strings"
)

// Sentence is one thing to tell of a verdict, and the place it speaks of; the
// zero Range where it speaks of the whole.
type Sentence struct {
	Text  string
	Range Range
}

// Explain tells a verdict in sentences: first the answer, then why, in document
// order, then an example, what protects, and what to look at. No sentence holds
// a value of an external ID condition.
func Explain(v *Verdict) []Sentence {
	sentences := []Sentence{{Text: answer(v)}}
	for _, r := range v.Reasons {
		sentences = append(sentences, Sentence{capital(inStatement(r.Statement, r.Sid) + r.Message), r.Range})
	}
	if v.Witness != nil {
		sentences = append(sentences, Sentence{Text: example(v.Witness)})
	}
	if len(v.Protection) > 0 {
		sentences = append(sentences, Sentence{Text: protection(v.Protection)})
	}
	if v.Outcome != Fail {
		for _, p := range v.Parts {
			sentences = append(sentences, Sentence{fmt.Sprintf("Statement %d %s.", p.Statement+1, p.Message), p.Range})
		}
	}
	for _, w := range v.Warnings {
		text := "Warning: "
		if w.Statement >= 0 {
			text += inStatement(w.Statement, "")
		}
		sentences = append(sentences, Sentence{text + w.Message + ".", w.Range})
	}
	return sentences
}

// answer is the verdict in one sentence.
func answer(v *Verdict) string {
	switch v.Outcome {
	case Fail:
		switch {
		case !v.Exploitable:
			return "Nobody from outside the zone of trust gets in today, but a statement leans on an external ID condition without any usable value."
		case v.AnyAccount:
			return "Anybody with an AWS account can assume this role with neither MFA nor a secret external ID."
		}
		return "A caller from outside the zone of trust can assume this role with neither MFA nor a secret external ID."
	case Pass:
		return "Callers from outside the zone of trust can assume this role, and only with a countersign."
	case NotApplicable:
		return "No caller from outside the zone of trust can assume this role."
	case Undecided:
		if len(v.DependsOn) > 0 {
			return "Whether the role is open depends on what cannot be read: " + strings.Join(v.DependsOn, ", ") + "."
		}
	}
	return capital(v.Problem) + "."
}

func inStatement(index int, sid string) string {
	if sid == "" {
		return fmt.Sprintf("statement %d: ", index+1)
	}
	return fmt.Sprintf("statement %d %q: ", index+1, sid)
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// kindWords name the kinds of callers.
var kindWords = map[CallerKind]string{
	UserKey:        "an IAM user with a long-term access key",
	UserSession:    "an IAM user's session without MFA",
	RoleSession:    "a session of a role",
	UserKeyMFA:     "an IAM user with a long-term access key who shows MFA in the call",
	UserSessionMFA: "an IAM user's session with MFA",
	ServiceCaller:  "an AWS service",
	SAMLCaller:     "a caller with a SAML assertion",
	OIDCCaller:     "a caller with a web identity",
}

func example(w *Request) string {
	with := "without an external ID"
	if _, sent := w.Context.Lookup("sts:ExternalId"); sent {
		with = "with an external ID of its own invention"
	}
	return fmt.Sprintf("For example %s, %s, gets in %s.", w.Principal, kindWords[w.Kind], with)
}

func protection(list []string) string {
	words := map[string]string{
		"external-id": "an external ID", "mfa": "MFA", "deny": "a Deny statement", "rcp": "a resource control policy",
	}
	named := make([]string, len(list))
	for i, code := range list {
		named[i] = words[code]
	}
	return "What protects it: " + strings.Join(named, ", ") + "."
}
