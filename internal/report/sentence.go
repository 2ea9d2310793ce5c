package report

import (
	"slices"
	"strings"

	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/trust"
)

// headline says in one sentence what was found of a role. Names in it are as
// they are: what can obey them has to be given printable text.
func headline(finding *rule.Finding) string {
	name, verdict := finding.Role.Title(), finding.Verdict
	switch verdict.Outcome {
	case trust.Fail:
		if !verdict.Exploitable {
			return "role " + name + " fails, though nobody can use it today"
		}
		return "role " + name + " fails: " + ruleOf(finding.Rule).Description
	case trust.Pass:
		return "role " + name + " passes: protected by " + strings.Join(verdict.Protection, ", ")
	case trust.NotApplicable:
		return "role " + name + " is not concerned: nobody outside the zone of trust can assume it"
	case trust.Undecided:
		return "role " + name + " cannot be decided: " + obstacle(verdict)
	}
	return "role " + name + " cannot be judged: " + verdict.Problem
}

// obstacle says what keeps a verdict from being known.
func obstacle(verdict *trust.Verdict) string {
	if verdict.Problem != "" {
		return verdict.Problem
	}
	return "it depends on " + strings.Join(verdict.DependsOn, ", ")
}

// because says why a role fails, one sentence for each reason of a scan.
func because(verdict *trust.Verdict) string {
	var parts []string
	for _, reason := range verdict.Reasons[:min(len(verdict.Reasons), mostReasons)] {
		part := reason.Code + ": " + reason.Message
		if where := statementName(reason.Statement, reason.Sid); where != "" && len(verdict.Parts) != 1 {
			part += " (" + where + ")"
		}
		parts = append(parts, part)
	}
	if more := len(verdict.Reasons) - mostReasons; more > 0 {
		parts = append(parts, count(more, "more reason", "more reasons"))
	}
	return strings.Join(parts, "; ")
}

// whole is the headline with the reasons.
func whole(finding *rule.Finding) string {
	text := headline(finding)
	if why := because(finding.Verdict); why != "" {
		text += ". " + why
	}
	return text
}

// advice says what to do about a finding, empty where nothing is to be done.
func advice(finding *rule.Finding) string {
	switch finding.Verdict.Outcome {
	case trust.Fail:
	case trust.Undecided:
		return "give what it depends on, or look at the policy: countersign explain says why"
	case trust.Broken:
		return "correct the trust policy, then judge it again"
	default:
		return ""
	}
	var parts []string
	for _, remedy := range remediesFor(finding.Verdict) {
		parts = append(parts, remedy.String())
	}
	return strings.Join(parts, "; ")
}

// witnessed says in one line which request is granted, empty where none is. The
// request is taken as it is told, without secrets.
func witnessed(finding *rule.Finding, made *result) string {
	if made.Witness == nil {
		return ""
	}
	request := *finding.Verdict.Witness
	request.Context = made.Witness.Context
	return request.Principal + " gets in (" + kindOf(&request) + "), external ID: " + externalIDOf(&request) + ", MFA: " + mfaOf(&request)
}

// details tells a finding as the text format does, without its title.
func details(finding *rule.Finding, options Options) string {
	var text strings.Builder
	options.Color, options.Width = false, proseWidth
	t := &textWriter{page: newPage(&text, options), options: options}
	switch finding.Verdict.Outcome {
	case trust.Fail:
		t.fail(finding)
	case trust.Undecided:
		t.undecided(finding)
	case trust.Broken:
		t.broken(finding)
	default:
		t.identity(finding)
	}
	t.warnings(finding)
	if !isSettled(finding.Verdict) {
		t.links(finding, true)
	}
	_ = t.w.Flush() // into memory
	return strings.TrimRight(text.String(), "\n")
}

// outsideAccounts lists the accounts that get in, each once, in the order of
// the policy. Anyone is "*".
func outsideAccounts(made *result) []string {
	var accounts []string
	for _, party := range made.ThirdParties {
		if party.Account != nil { // a template leaves others open
			accounts = append(accounts, *party.Account)
		}
	}
	return accounts
}

// reasonCodes lists the codes of the reasons, each once.
func reasonCodes(made *result) []string {
	var codes []string
	seen := map[string]bool{}
	for _, reason := range made.Reasons {
		if !seen[reason.Code] {
			seen[reason.Code] = true
			codes = append(codes, reason.Code)
		}
	}
	return codes
}

// titleOf is a finding's title where the rule does not stand beside it.
func titleOf(finding *rule.Finding) string {
	return finding.Role.Title() + ": " + ruleTitle(finding.Rule)
}

// roleUID names the role among all roles: by its ARN, else by file and address.
func roleUID(finding *rule.Finding) string {
	subject := finding.Role
	if subject.ARN != "" {
		return subject.ARN
	}
	address := subject.Source.Address
	if address == "" {
		address = subject.Title()
	}
	return fromRoot(finding, subject.Source.Path) + "#" + address
}

func ruleTitle(id string) string       { return ruleOf(id).Title }
func ruleDescription(id string) string { return "Fails when " + ruleOf(id).Description + "." }
func rulePage(id string) string        { return ruleOf(id).Page }

// ruleOf describes a rule; of an unknown one only the id is known.
func ruleOf(id string) rule.Rule {
	if i := ruleIndex(id); i >= 0 {
		return rule.Rules[i]
	}
	return rule.Rule{ID: id, Title: id, Page: "docs/rules/" + id + ".md"}
}

// requirements names the controls that a finding is evidence for, with their
// frameworks: "NIST 800-53 Rev. 4 AC-6". A control that the rule only touches is
// named when its framework was asked for.
func requirements(finding *rule.Finding, options *Options) (named, frameworks []string) {
	for _, control := range compliance.For(finding.Rule, options.Compliance) {
		if control.Relation == compliance.Adjacent && len(options.Compliance) == 0 {
			continue
		}
		framework, ok := compliance.Find(control.Framework)
		if !ok {
			continue
		}
		named = append(named, framework.Title()+" "+control.ID)
		if title := framework.Title(); !slices.Contains(frameworks, title) {
			frameworks = append(frameworks, title)
		}
	}
	return named, frameworks
}

// ownersOf names the owners of the accounts that get in, each once.
func ownersOf(made *result) []string {
	var owners []string
	for _, party := range made.ThirdParties {
		if party.Name != nil && !slices.Contains(owners, *party.Name) {
			owners = append(owners, *party.Name)
		}
	}
	return owners
}
