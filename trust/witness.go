package trust

import (
	"strconv"
	"strings"
)

// request writes a solution out as the complete request it stands for.
func (sol *solution) request(p *program) Request {
	p.effort.spend(150)
	m := &sol.mode
	principal := sol.words[slotPrincipal]
	arn := wholeWord.of(principal)
	account, name := principalAccount.of(principal), principalName.of(principal)
	r := Request{
		Principal: arn, Kind: m.kind, Account: account, Checks: m.checks(), Resource: p.roleARN(m.partition),
	}
	context := Context{
		"aws:PrincipalArn":          {arn},
		"aws:PrincipalAccount":      {account},
		"aws:PrincipalType":         {m.principalType()},
		"aws:userid":                {wholeWord.of(sol.words[slotUserID])},
		"aws:PrincipalIsAWSService": {"false"},
		"aws:ViaAWSService":         {"false"},
		"aws:SecureTransport":       {"true"},
		"aws:CurrentTime":           {isoTime(sol.clock)},
		"aws:EpochTime":             {strconv.FormatInt(sol.clock, 10)},
		"sts:RoleSessionName":       sol.words[slotSessionName],
		"aws:RequestedRegion":       {defaultRegion(m.partition)},
	}
	if m.kind == RoleSession {
		r.Principal = "arn:" + m.partition + ":sts::" + account + ":assumed-role/" + name + "/" + userIDSession.of(sol.words[slotUserID])
	} else {
		context["aws:username"] = []string{name}
	}
	if m.session() {
		context["aws:TokenIssueTime"] = []string{isoTime(sol.token)}
	}
	if m.kind != UserKey {
		context["aws:MultiFactorAuthPresent"] = []string{boolText(m.mfa())}
	}
	if m.mfa() {
		context["aws:MultiFactorAuthAge"] = []string{sol.age}
	}
	sol.addNetwork(context)
	sol.addIdentity(context)
	sol.addTags(context)
	sol.addWords(p, context)
	p.addFacts(context)
	r.Context = context
	return r
}

func (sol *solution) addNetwork(context Context) {
	if sol.mode.network == overInternet {
		context["aws:SourceIp"] = []string{sol.address}
		return
	}
	context["aws:VpcSourceIp"] = []string{sol.address}
	context["aws:SourceVpc"] = []string{"vpc-0123456789abcdef0"}
	context["aws:SourceVpce"] = []string{"vpce-0123456789abcdef0"}
}

func (sol *solution) addIdentity(context Context) {
	word := sol.words[slotIdentity]
	if sol.mode.identity == passed || sol.mode.identity == passedOn {
		context["sts:SourceIdentity"] = word
	}
	if sol.mode.identity == carried || sol.mode.identity == passedOn {
		context["aws:SourceIdentity"] = word
	}
}

func (sol *solution) addTags(context Context) {
	if len(sol.tagKeys) > 0 {
		context["aws:TagKeys"] = sol.tagKeys
	}
	if len(sol.transitive) > 0 {
		context["sts:TransitiveTagKeys"] = sol.transitive
	}
	for key, value := range sol.tags {
		context["aws:RequestTag/"+key] = []string{value}
	}
}

// addWords adds the keys that are words of their own, and organizations.
func (sol *solution) addWords(p *program, context Context) {
	for i, word := range sol.words {
		if word == nil {
			continue
		}
		switch s := slot(i); s {
		case slotOrganization:
			context["aws:PrincipalOrgID"] = []string{orgPathID.of(word)}
			context["aws:PrincipalOrgPaths"] = []string{wholeWord.of(word)}
		case slotEndpointOrganization:
			context["aws:VpceOrgID"] = []string{orgPathID.of(word)}
			context["aws:VpceOrgPaths"] = []string{wholeWord.of(word)}
		case slotExternalID:
			context["sts:ExternalId"] = word
		default:
			if s >= firstFreeSlot && p.slots[i].class == keyFree {
				context[p.slots[i].name] = []string{word[0]}
			}
		}
	}
}

// addFacts adds what is known of the role.
func (p *program) addFacts(context Context) {
	context["aws:ResourceAccount"] = []string{p.subject.Account}
	if p.subject.Organization != "" {
		context["aws:ResourceOrgID"] = []string{p.subject.Organization}
	}
	if p.orgPath != "" {
		context["aws:ResourceOrgPaths"] = []string{p.orgPath}
	}
	for key, value := range p.subject.Tags {
		context["aws:ResourceTag/"+key] = []string{value}
		context["iam:ResourceTag/"+key] = []string{value}
	}
}

// roleARN is the role's ARN, made up from what is known where it is not given.
func (p *program) roleARN(partition string) string {
	if p.subject.ARN != "" {
		return p.subject.ARN
	}
	name := p.subject.Name
	if name == "" {
		name = "role"
	}
	return "arn:" + partition + ":iam::" + p.subject.Account + ":role/" + name
}

func defaultRegion(partition string) string {
	switch {
	case partition == "aws-cn":
		return "cn-north-1"
	case strings.HasPrefix(partition, "aws-us-gov"):
		return "us-gov-west-1"
	}
	return "us-east-1"
}
