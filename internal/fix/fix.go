// Package fix repairs roles: it asks for the change that closes a role with a
// proof, has the text edited where it stands, and reads it again before anything
// is written.
package fix

import (
	"errors"
	"strconv"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// Demand is what outsiders are to be asked for.
type Demand struct {
	Require   trust.Requirement
	MaxMFAAge int // seconds; 0 sets no bound
	Issuer    *Issuer
}

// Repair is one role that fails and what becomes of it.
type Repair struct {
	Finding *rule.Finding
	// Rewriting is the change with its proof; nil where there is none, and then
	// Reason says why.
	Rewriting *trust.Rewriting
	Reason    string // lower case, no full stop
	Hint      string // what to do about it; may be empty
	// Before is the policy that was judged.
	Before *trust.Policy
	// Missing are the accounts of third parties that have to issue an external
	// ID first; "*" stands for callers of any account.
	Missing []string
	// Outsiders are accounts that were taken to belong to no organization of
	// the zone, since a third party issued an external ID for them.
	Outsiders []string
	// Made are the external IDs that were made for it.
	Made []Made
	// Size is the new policy's length as IAM counts it, in characters.
	Size int
	// Safety is what the change does to those who were seen to assume the role;
	// nil where there is no change, and before it was asked for.
	Safety *evidence.Verdict
}

// Repaired reports whether there is a change that closes the role.
func (r *Repair) Repaired() bool { return r.Rewriting != nil }

// Place is where the role's policy stands, for people.
func (r *Repair) Place() string {
	at := r.Finding.Place
	switch {
	case at.Path == "":
		return r.Finding.Role.ARN
	case at.Line == 0:
		return at.Path
	}
	return at.Path + ":" + strconv.Itoa(at.Line)
}

// Refuse takes the change back and says why.
func (r *Repair) Refuse(reason, hint string) {
	r.Rewriting, r.Safety, r.Reason, r.Hint = nil, nil, reason, hint
}

// Plan finds the change of one role that fails.
func Plan(finding *rule.Finding, options audit.Options, demand Demand) *Repair {
	repair := &Repair{Finding: finding}
	subject := finding.Role
	if subject.ServiceLinked() {
		repair.Refuse("AWS owns the trust policy of a service-linked role", "delete the role if the service does not need it")
		return repair
	}
	policy, err := Policy(&subject.Trust)
	if err != nil {
		repair.Refuse("its trust policy cannot be read: "+err.Error(), "")
		return repair
	}
	repair.Before = policy
	demand.Issuer.begin()
	remedy := trust.Remedy{
		Require: demand.Require, MaxMFAAge: demand.MaxMFAAge,
		ExternalID: demand.Issuer.issue, OwnAccount: ownAccount(subject, policy),
	}
	question := options.Question(subject)
	question.Outsiders = demand.Issuer.issuers(policy)
	if len(question.Zone.Organizations) > 0 {
		repair.Outsiders = question.Outsiders
	}
	rewriting, err := trust.Rewrite(policy, question, remedy)
	if needs := (*trust.NeedsExternalIDError)(nil); errors.As(err, &needs) && demand.Issuer.generate(needs.Accounts) {
		rewriting, err = trust.Rewrite(policy, question, remedy)
	}
	if err != nil {
		repair.explain(err, demand.Issuer)
		demand.Issuer.release()
		return repair
	}
	repair.Made = demand.Issuer.used
	repair.Rewriting, repair.Size = rewriting, trust.Size(rewriting.Document)
	return repair
}

// ownAccount is how the role's own account is written where its callers are told
// from outsiders: for a template, whose account nobody knows, by the variable
// that stands for it.
func ownAccount(subject *role.Role, policy *trust.Policy) trust.Value {
	if account := subject.KnownAccount(); account != "" {
		return trust.Literal(account)
	}
	if policy.Version == "2012-10-17" {
		return trust.Literal("${aws:ResourceAccount}")
	}
	return trust.Value{}
}

// explain says why there is no change.
func (r *Repair) explain(err error, issuer *Issuer) {
	var needs *trust.NeedsExternalIDError
	var cannot *trust.CannotRewriteError
	switch {
	case issuer.conflict != "":
		r.Refuse(issuer.conflict, "an external ID serves one third party: list each one's own under external_ids in countersign.yaml")
	case errors.As(err, &needs):
		r.Missing = needs.Accounts
		r.Refuse(needs.Error(), "the third party issues it: --external-id VALUE, or external_ids in countersign.yaml; --generate-external-id makes one for those who run both ends")
	case errors.As(err, &cannot):
		r.Refuse(cannot.Reason, cannot.Hint)
	default:
		r.Refuse(err.Error(), "")
	}
}

// Policy parses a role's trust policy.
func Policy(document *role.Document) (*trust.Policy, error) {
	if document.Err != nil {
		return nil, document.Err
	}
	tree := document.Tree
	if tree == nil {
		parsed, err := jsontree.Parse(&trust.File{Text: document.JSON})
		if err != nil {
			return nil, trust.WithoutPlace(err)
		}
		tree = &parsed
	}
	policy, err := trust.Parse(*tree)
	return policy, trust.WithoutPlace(err)
}
