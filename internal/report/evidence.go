package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/evidence"
)

// Evidence is who assumes a role, as a report tells it.
type Evidence struct {
	*evidence.Evidence
	// Verdict is the answer of a replay; nil where there is no policy to replay
	// the calls against, and then NoPolicy says why.
	Verdict  *evidence.Verdict
	NoPolicy string
	// Policy says which policy the calls are held against: "the policy in
	// proposed.json". Proposed says that it is not the policy as it is.
	Policy   string
	Proposed bool
	// Notes are limits of what was seen that leave no known gap.
	Notes      []string
	Incomplete []audit.Incomplete
}

// EvidenceFormats are the formats that evidence is written in, the default one
// first.
var EvidenceFormats = []string{"text", "json"}

// WriteEvidence writes evidence. The writer below is not closed. Errors are those
// of the writer below.
func WriteEvidence(format string, w io.Writer, found *Evidence, options Options) error {
	switch format {
	case "text":
		return evidenceText(w, found, options)
	case "json":
		return evidenceJSON(w, found, options)
	}
	return fmt.Errorf("unknown format %q of evidence", format)
}

// outcomes are the callers' verdicts by caller; none without a replay.
func (e *Evidence) outcomes() map[*evidence.Caller]*evidence.CallerVerdict {
	all := map[*evidence.Caller]*evidence.CallerVerdict{}
	if e.Verdict != nil {
		for i := range e.Verdict.Callers {
			all[e.Verdict.Callers[i].Caller] = &e.Verdict.Callers[i]
		}
	}
	return all
}

// tally counts callers by what becomes of them.
func (e *Evidence) tally(outcome evidence.Outcome) (n int) {
	if e.Verdict == nil {
		return 0
	}
	for i := range e.Verdict.Callers {
		if e.Verdict.Callers[i].Outcome == outcome {
			n++
		}
	}
	return n
}

// evidenceText writes for people: accounts, in them callers, each with how it
// called and what becomes of it; at the end what is not known, and the sum.
func evidenceText(w io.Writer, found *Evidence, options Options) error {
	t := &evidenceWriter{textWriter{page: newPage(w, options), options: options}, found}
	t.head()
	outcomes := found.outcomes()
	before := ""
	for i, caller := range found.Callers {
		if account := t.group(caller); i == 0 || account != before {
			t.line(t.style.paint(bold, account))
			t.line()
			before = account
		}
		t.caller(caller, outcomes[caller])
		t.line()
	}
	t.limits()
	if !options.Quiet {
		t.sum()
		if len(found.Incomplete) > 0 {
			t.line()
		}
	}
	t.incomplete(found.Incomplete)
	return t.w.Flush()
}

type evidenceWriter struct {
	textWriter
	found *Evidence
}

func (t *evidenceWriter) head() {
	role := t.found.Role
	t.line(t.style.paint(bold, printable(role.Name)))
	if role.ARN != "" {
		t.line("  ", t.style.paint(dim, printable(role.ARN)))
	} else {
		t.line("  ", t.style.paint(dim, "account "+t.options.nameAccount(role.Account)))
	}
	t.prose(2, fmt.Sprintf("calls from %s to %s", day(t.found.Since), day(t.found.Until)))
	switch {
	case t.found.Verdict != nil:
		t.prose(2, "replayed against "+printable(t.found.Policy))
	case t.found.NoPolicy != "":
		t.prose(2, "not replayed: "+printable(t.found.NoPolicy))
	}
	t.line()
}

// group is the heading that a caller stands under.
func (t *evidenceWriter) group(caller *evidence.Caller) string {
	switch {
	case caller.Identity == evidence.AWSService:
		return "AWS services"
	case caller.Identity == evidence.SAMLUser, caller.Identity == evidence.WebIdentityUser:
		return "federated callers"
	case caller.Account == t.found.Role.Account:
		return "the role's own account " + t.options.nameAccount(caller.Account)
	case caller.Account == "":
		return "account not known"
	}
	if party, ok := t.options.Parties.Lookup(caller.Account); ok && t.options.AccountNames[caller.Account] == "" {
		return "account " + printable(caller.Account) + ", " + printable(party.String())
	}
	return "account " + t.options.nameAccount(caller.Account)
}

// caller writes one caller.
func (t *evidenceWriter) caller(caller *evidence.Caller, verdict *evidence.CallerVerdict) {
	outcome, color := "", dim
	switch {
	case verdict != nil:
		outcome, color = string(verdict.Outcome), outcomeColors[verdict.Outcome]
	case caller.Calls == 0:
		outcome = "failed"
	}
	lead := ""
	if t.found.Verdict != nil || caller.Calls == 0 {
		lead = t.style.paint(color, fmt.Sprintf("%-8s", outcome)) + "  "
	}
	kind := ""
	if what := kindOfCaller(caller); what != "" {
		kind = "  " + t.style.paint(dim, "("+what+")")
	}
	t.line(lead, t.style.paint(bold, printable(caller.Title())), kind)
	if caller.Calls > 0 {
		t.item("calls", fmt.Sprintf("%d, %s", caller.Calls, span(caller)))
		t.item("external ID", t.externalIDs(caller))
		t.item("MFA", mfaShown(caller))
	}
	if caller.Failed > 0 {
		t.item("failed", fmt.Sprintf("%s (%s), the last on %s",
			count(caller.Failed, "call", "calls"), printable(strings.Join(caller.Errors, ", ")), moment(caller.LastFailure)))
	}
	if verdict != nil {
		t.verdict(caller, verdict)
	}
}

var outcomeColors = map[evidence.Outcome]string{
	evidence.Complies: green, evidence.Breaks: bold + ";" + red, evidence.Unclear: bold + ";" + yellow,
}

func kindOfCaller(caller *evidence.Caller) string {
	switch {
	case strings.HasPrefix(caller.Principal, "AROA"):
		return "a role"
	case strings.HasPrefix(caller.Principal, "AIDA"):
		return "a user"
	case caller.Identity == evidence.Root:
		return "the root user"
	case caller.Identity == evidence.AWSService:
		return "an AWS service"
	case caller.Identity == evidence.SAMLUser:
		return "through SAML"
	case caller.Identity == evidence.WebIdentityUser:
		return "through OpenID Connect"
	}
	return printable(string(caller.Identity))
}

// itemColumns is where the text of a labelled line begins.
const itemColumns = 16

func (t *evidenceWriter) item(label, text string) {
	lead := "    " + t.style.paint(dim, label) + strings.Repeat(" ", max(itemColumns-4-len(label), 1))
	t.hang(lead, itemColumns, text)
}

func (t *evidenceWriter) externalIDs(caller *evidence.Caller) string {
	ids, _ := caller.ExternalIDs()
	without := caller.Calls - caller.WithExternalID
	if len(ids) == 0 && caller.WithExternalID == 0 {
		return "none"
	}
	shown := mask
	if t.options.ShowExternalIDs {
		quoted := make([]string, len(ids))
		for i, id := range ids {
			quoted[i] = fmt.Sprintf("%q", printable(id))
		}
		shown = strings.Join(quoted, ", ")
	} else if len(ids) > 1 {
		shown += fmt.Sprintf(", %d different ones", len(ids))
	}
	if without > 0 {
		return fmt.Sprintf("%s in %s, none in %s", shown, count(caller.WithExternalID, "call", "calls"), count(without, "call", "calls"))
	}
	return shown
}

// mfaShown says what is known of MFA, and why not more.
func mfaShown(caller *evidence.Caller) string {
	federated := caller.Identity == evidence.SAMLUser || caller.Identity == evidence.WebIdentityUser
	switch {
	case caller.WithMFACode == caller.Calls:
		return "a code with every call"
	case caller.WithMFACode > 0:
		return fmt.Sprintf("a code with %s", count(caller.WithMFACode, "call", "calls"))
	case caller.Identity == evidence.AWSService || federated:
		return "none"
	case strings.HasPrefix(caller.Principal, "AROA"):
		return "none: a role's session never shows any"
	case caller.WithSessionMFA > 0:
		return fmt.Sprintf("shown by the caller's session in %s", count(caller.WithSessionMFA, "call", "calls"))
	case caller.Identity == evidence.AWSAccount:
		return "no code with a call; whether the caller's own session shows it is not in the log"
	}
	return "none"
}

// verdict says what becomes of the caller, unless it complies.
func (t *evidenceWriter) verdict(caller *evidence.Caller, verdict *evidence.CallerVerdict) {
	calls := func() string {
		if verdict.Calls == caller.Calls {
			return "all calls, the last on " + moment(verdict.Last)
		}
		text := fmt.Sprintf("%s of %d, the last on %s", count(verdict.Calls, "call", "calls"), caller.Calls, moment(verdict.Last))
		if caller.Last.After(verdict.Last) {
			text += "; not the later ones"
		}
		return text
	}
	switch verdict.Outcome {
	case evidence.Breaks:
		text := calls()
		if verdict.Refused && t.found.Proposed {
			text += " (the policy as it is refuses them already)"
		}
		t.item("refused", text)
	case evidence.Unclear:
		t.item("depends on", printable(strings.Join(verdict.DependsOn, "; ")))
		if verdict.Calls < caller.Calls {
			t.item("", calls())
		}
	}
}

// limits says what is not known.
func (t *evidenceWriter) limits() {
	notes := t.found.Notes
	if t.found.Verdict == nil {
		notes = append(append([]string{}, t.found.Gaps...), notes...)
	}
	if t.found.MayCountTwice {
		notes = append(notes, "there are so many calls that one which is in several files may be counted twice")
	}
	for i, note := range notes {
		t.hang(once("note", i)+strings.Repeat(" ", 6-len(once("note", i))), 6, printable(note))
	}
	if len(notes) > 0 {
		t.line()
	}
}

// sum is the last word, in one line where it fits, and why it is no better.
func (t *evidenceWriter) sum() {
	found := t.found
	text := fmt.Sprintf("%s, %s", count(len(found.Callers), "caller", "callers"), count(found.Calls, "call", "calls"))
	if found.Failed > 0 {
		text += fmt.Sprintf(", %d failed", found.Failed)
	}
	color := green
	if found.Verdict != nil {
		color = safetyColors[found.Verdict.Safety]
		parts := []string{}
		for _, outcome := range []evidence.Outcome{evidence.Breaks, evidence.Unclear, evidence.Complies} {
			if n := found.tally(outcome); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
			}
		}
		text = string(found.Verdict.Safety) + ": " + text
		if len(parts) > 0 {
			text += "; " + strings.Join(parts, ", ")
		}
	}
	if n := len(found.Incomplete); n > 0 {
		text += fmt.Sprintf("; %d incomplete", n)
	}
	for _, part := range wrap(text, t.width) {
		t.line(t.style.paint(bold+";"+color, part))
	}
	if found.Verdict != nil {
		for _, reason := range found.Verdict.Reasons {
			t.hang("  - ", 4, printable(reason))
		}
	}
}

var safetyColors = map[evidence.Safety]string{
	evidence.Safe: green, evidence.Breaking: red, evidence.Unproven: yellow,
}

func day(at time.Time) string    { return at.UTC().Format(time.DateOnly) }
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// span says when a caller called.
func span(caller *evidence.Caller) string {
	first, last := day(caller.First), day(caller.Last)
	if first == last {
		return "on " + cmp.Or(moment(caller.Last), last)
	}
	return fmt.Sprintf("from %s to %s", first, moment(caller.Last))
}
