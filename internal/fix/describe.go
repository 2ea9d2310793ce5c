package fix

import (
	"fmt"
	"slices"
	"strings"

	"countersign/trust"
)

// Facts are what there is to say of a repair, a sentence each, for people. None
// holds an external ID.
type Facts struct {
	Does   []string // what the change does
	Proved []string // what was shown of it
	Warns  []string // what to know before it is made
}

// Describe tells a repair that has a change.
func Describe(r *Repair, require trust.Requirement, quota int) Facts {
	var facts Facts
	facts.Does = whatItDoes(r)
	proof := &r.Rewriting.Proof
	if len(proof.Open) == 0 {
		facts.Proved = append(facts.Proved, "nobody inside the zone of trust, no service and no federated caller is affected")
		if len(proof.Gained) == 0 {
			facts.Proved = append(facts.Proved, "nobody gets in who had no way in")
		}
		if len(proof.LockedOut) == 0 {
			facts.Proved = append(facts.Proved, "every outsider who got in gets in with "+countersigns[require])
		}
	}
	for _, open := range proof.Open {
		facts.Warns = append(facts.Warns, "not proved in full: "+open)
	}
	for i := range proof.Gained {
		facts.Warns = append(facts.Warns, "lets in "+named(&proof.Gained[i])+" with the countersign, who had no way in, for example "+proof.Gained[i].Request.Principal)
	}
	for i := range proof.LockedOut {
		facts.Warns = append(facts.Warns, "locks out "+lockedOut(&proof.LockedOut[i]))
	}
	for _, account := range r.Outsiders {
		facts.Warns = append(facts.Warns, "account "+account+" is taken to be of none of the organizations you trust, since an external ID was issued for it")
	}
	facts.Warns = append(facts.Warns, r.advice(require)...)
	if r.Size > quota {
		facts.Warns = append(facts.Warns, fmt.Sprintf("the policy grows to %d characters, and IAM stores %d unless the quota L-C07B4B0D was raised", r.Size, quota))
	}
	return facts
}

// whatItDoes tells the change, a sentence for each part of it.
func whatItDoes(r *Repair) []string {
	var list []string
	for i := range r.Rewriting.Changes {
		list = append(list, does(&r.Rewriting.Changes[i])...)
	}
	return list
}

var countersigns = map[trust.Requirement]string{
	trust.RequireExternalID: "the external ID", trust.RequireMFA: "MFA", trust.RequireBoth: "the external ID and MFA",
}

// does tells one statement's change.
func does(change *trust.Change) []string {
	statement := fmt.Sprintf("statement %d", change.Statement+1)
	var list []string
	if len(change.Conditions) > 0 {
		list = append(list, statement+" "+strings.Join(edits(change.Conditions), ", "))
	}
	if len(change.Out) > 0 {
		names := make([]string, len(change.Out))
		for i := range change.Out {
			names[i] = change.Out[i].Text
		}
		list = append(list, statement+" no longer names "+strings.Join(names, ", "))
	}
	switch n := len(change.Insert); {
	case n == 1:
		list = append(list, "a statement of their own follows it")
	case n > 1:
		list = append(list, fmt.Sprintf("%d statements of their own follow it", n))
	}
	if len(change.Insert) > 0 && len(change.Out) == 0 {
		list[len(list)-1] = strings.Replace(list[len(list)-1], "of their own follow", "for outsiders follow", 1)
	}
	return list
}

func edits(conditions []trust.ConditionEdit) []string {
	var list []string
	for _, edit := range conditions {
		switch {
		case edit.New == nil:
			list = append(list, "drops "+edit.Old.Operator.Name+" on "+edit.Old.Spelling)
		case edit.Old == nil:
			list = append(list, "asks for "+edit.New.Key+" ("+edit.New.Operator+")")
		case edit.Old.Operator.Name == edit.New.Operator && strings.EqualFold(edit.Old.Spelling, edit.New.Key):
			list = append(list, "asks for another value of "+edit.New.Key)
		default:
			list = append(list, "asks for "+edit.New.Key+" by "+edit.New.Operator+" in the place of "+edit.Old.Operator.Name)
		}
	}
	return list
}

func named(a *trust.Affected) string {
	if a.Principal == "*" {
		return "callers of any account"
	}
	return a.Principal
}

func lockedOut(a *trust.Affected) string {
	if a.Request.Kind == trust.RoleSession {
		return "role sessions of " + named(a) + ", which can never show MFA"
	}
	return named(a) + ", for example " + a.Request.Principal
}

// advice says which countersign fits the callers, and what is weak about it.
func (r *Repair) advice(require trust.Requirement) []string {
	var list []string
	for i := range r.Finding.Verdict.Outsiders {
		o := &r.Finding.Verdict.Outsiders[i]
		if require == trust.RequireExternalID && o.Unguarded && strings.Contains(o.Principal, ":user/") {
			list = append(list, o.Principal+" may be a person, for whom MFA fits better: --require mfa")
		}
	}
	for _, warning := range r.Rewriting.Verdict.Warnings {
		switch warning.Code {
		case "external-id-guessable", "external-id-shared", "external-id-placeholder", "public-principal-with-secret":
			if !slices.Contains(list, warning.Message) {
				list = append(list, warning.Message)
			}
		}
	}
	return list
}
