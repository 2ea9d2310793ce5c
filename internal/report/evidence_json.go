package report

import (
	"io"
	"time"

	"countersign/internal/evidence"
)

// evidenceSchemaName names the contract of
// docs/schema/countersign.evidence.v1.json.
const evidenceSchemaName = "countersign.evidence/v1"

// observation is the JSON document.
type observation struct {
	Schema  string             `json:"schema"`
	Tool    tool               `json:"tool"`
	Role    observedRole       `json:"role"`
	Since   time.Time          `json:"since"`
	Until   time.Time          `json:"until"`
	Policy  *observedPolicy    `json:"policy"`
	Safety  *evidence.Safety   `json:"safety"`
	Reasons []string           `json:"reasons"`
	Summary observationSummary `json:"summary"`
	Callers []observedCaller   `json:"callers"`
	Regions []string           `json:"regions"`
	Gaps    []string           `json:"gaps"`
	Notes   []string           `json:"notes"`

	MayCountTwice bool         `json:"may_count_twice"`
	Incomplete    []incomplete `json:"incomplete"`
}

type observedRole struct {
	ARN     *string `json:"arn"`
	Account string  `json:"account"`
	Name    string  `json:"name"`
}

type observedPolicy struct {
	Source   string `json:"source"`
	Proposed bool   `json:"proposed"`
}

type observationSummary struct {
	Callers  int `json:"callers"`
	Calls    int `json:"calls"`
	Failed   int `json:"failed"`
	Complies int `json:"complies"`
	Breaks   int `json:"breaks"`
	Unclear  int `json:"unclear"`
}

type observedCaller struct {
	Account   *string           `json:"account"`
	Owner     *string           `json:"owner"`
	Identity  evidence.Identity `json:"identity"`
	Principal *string           `json:"principal"`
	ARN       *string           `json:"arn"`
	Service   *string           `json:"service"`
	Provider  *string           `json:"provider"`

	First       time.Time  `json:"first"`
	Last        time.Time  `json:"last"`
	Calls       int        `json:"calls"`
	Failed      int        `json:"failed"`
	LastFailure *time.Time `json:"last_failure"`
	Errors      []string   `json:"errors"`

	ExternalIDs    []string `json:"external_ids"`
	WithExternalID int      `json:"with_external_id"`
	WithMFACode    int      `json:"with_mfa_code"`
	WithSessionMFA int      `json:"with_session_mfa"`

	Outcome      *evidence.Outcome `json:"outcome"`
	Affected     int               `json:"affected"`
	LastAffected *time.Time        `json:"last_affected"`
	Refused      bool              `json:"refused_today"`
	DependsOn    []string          `json:"depends_on"`
}

func evidenceJSON(w io.Writer, found *Evidence, options Options) error {
	role := found.Role
	made := observation{
		Schema: evidenceSchemaName, Tool: tool{"countersign", options.Version},
		Role:  observedRole{orNull(role.ARN), role.Account, role.Name},
		Since: found.Since.UTC(), Until: found.Until.UTC(),
		Summary: observationSummary{
			Callers: len(found.Callers), Calls: found.Calls, Failed: found.Failed,
			Complies: found.tally(evidence.Complies), Breaks: found.tally(evidence.Breaks), Unclear: found.tally(evidence.Unclear),
		},
		Regions: found.Regions, Gaps: found.Gaps, Notes: found.Notes,
		MayCountTwice: found.MayCountTwice, Incomplete: newIncomplete(found.Incomplete),
	}
	if found.Verdict != nil {
		made.Policy = &observedPolicy{found.Policy, found.Proposed}
		made.Safety, made.Reasons = &found.Verdict.Safety, found.Verdict.Reasons
	}
	outcomes := found.outcomes()
	for _, caller := range found.Callers {
		made.Callers = append(made.Callers, newObservedCaller(caller, outcomes[caller], &options))
	}
	e := newEncoder(w, options)
	e.value(made)
	e.text("\n")
	return e.flush()
}

func newObservedCaller(caller *evidence.Caller, verdict *evidence.CallerVerdict, options *Options) observedCaller {
	made := observedCaller{
		Account: orNull(caller.Account), Identity: caller.Identity, Principal: orNull(caller.Principal),
		ARN: orNull(caller.ARN), Service: orNull(caller.Service), Provider: orNull(caller.Provider),
		First: caller.First.UTC(), Last: caller.Last.UTC(), Calls: caller.Calls, Failed: caller.Failed,
		LastFailure: timeOrNull(caller.LastFailure), Errors: caller.Errors,
		WithExternalID: caller.WithExternalID, WithMFACode: caller.WithMFACode, WithSessionMFA: caller.WithSessionMFA,
	}
	if party, ok := options.Parties.Lookup(caller.Account); ok {
		made.Owner = &party.Name
	}
	made.ExternalIDs, _ = caller.ExternalIDs()
	if !options.ShowExternalIDs {
		for i := range made.ExternalIDs {
			made.ExternalIDs[i] = mask
		}
	}
	if verdict != nil {
		made.Outcome, made.Affected, made.LastAffected = &verdict.Outcome, verdict.Calls, timeOrNull(verdict.Last)
		made.Refused, made.DependsOn = verdict.Refused, verdict.DependsOn
	}
	return made
}

func timeOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
