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
	context := newSingles()
	context.set("aws:PrincipalArn", arn)
	context.set("aws:PrincipalAccount", account)
	context.set("aws:PrincipalType", m.principalType())
	context.set("aws:userid", wholeWord.of(sol.words[slotUserID]))
	context.set("aws:PrincipalIsAWSService", "false")
	context.set("aws:ViaAWSService", "false")
	context.set("aws:SecureTransport", "true")
	context.set("aws:CurrentTime", isoTime(sol.clock))
	context.set("aws:EpochTime", strconv.FormatInt(sol.clock, 10))
	context.set("sts:RoleSessionName", sol.words[slotSessionName][0])
	context.set("aws:RequestedRegion", defaultRegion(m.partition))
	if m.kind == RoleSession {
		r.Principal = "arn:" + m.partition + ":sts::" + account + ":assumed-role/" + name + "/" + userIDSession.of(sol.words[slotUserID])
	} else {
		context.set("aws:username", name)
	}
	if m.session() {
		context.set("aws:TokenIssueTime", isoTime(sol.token))
	}
	if m.kind != UserKey {
		context.set("aws:MultiFactorAuthPresent", boolText(m.mfa()))
	}
	if m.mfa() {
		context.set("aws:MultiFactorAuthAge", sol.age)
	}
	sol.addNetwork(context)
	sol.addIdentity(context)
	sol.addTags(context)
	sol.addWords(p, context)
	p.addFacts(context)
	r.Context = context.Context
	return r
}

// singles is a context under construction; keys of one value share their
// memory.
type singles struct {
	Context
	values []string
}

func newSingles() *singles {
	return &singles{make(Context, 24), make([]string, 0, 24)}
}

func (s *singles) set(key, value string) {
	s.values = append(s.values, value)
	n := len(s.values)
	s.Context[key] = s.values[n-1 : n : n]
}

func (sol *solution) addNetwork(context *singles) {
	if sol.mode.network == overInternet {
		context.set("aws:SourceIp", sol.address)
		return
	}
	context.set("aws:VpcSourceIp", sol.address)
	context.set("aws:SourceVpc", "vpc-0123456789abcdef0")
	context.set("aws:SourceVpce", "vpce-0123456789abcdef0")
}

func (sol *solution) addIdentity(context *singles) {
	word := sol.words[slotIdentity]
	if sol.mode.identity == passed || sol.mode.identity == passedOn {
		context.set("sts:SourceIdentity", word[0])
	}
	if sol.mode.identity == carried || sol.mode.identity == passedOn {
		context.set("aws:SourceIdentity", word[0])
	}
}

func (sol *solution) addTags(context *singles) {
	if len(sol.tagKeys) > 0 {
		context.Context["aws:TagKeys"] = sol.tagKeys
	}
	if len(sol.transitive) > 0 {
		context.Context["sts:TransitiveTagKeys"] = sol.transitive
	}
	for key, value := range sol.tags {
		context.set("aws:RequestTag/"+key, value)
	}
}

// addWords adds the keys that are words of their own, and organizations.
func (sol *solution) addWords(p *program, context *singles) {
	for i, word := range sol.words {
		if word == nil {
			continue
		}
		switch s := slot(i); s {
		case slotOrganization:
			context.set("aws:PrincipalOrgID", orgPathID.of(word))
			context.set("aws:PrincipalOrgPaths", wholeWord.of(word))
		case slotEndpointOrganization:
			context.set("aws:VpceOrgID", orgPathID.of(word))
			context.set("aws:VpceOrgPaths", wholeWord.of(word))
		case slotExternalID:
			context.set("sts:ExternalId", word[0])
		default:
			if s >= firstFreeSlot && p.slots[i].class == keyFree {
				context.set(p.slots[i].name, word[0])
			}
		}
	}
}

// addFacts adds what is known of the role.
func (p *program) addFacts(context *singles) {
	context.set("aws:ResourceAccount", p.subject.Account)
	if p.subject.Organization != "" {
		context.set("aws:ResourceOrgID", p.subject.Organization)
	}
	if p.orgPath != "" {
		context.set("aws:ResourceOrgPaths", p.orgPath)
	}
	for key, value := range p.subject.Tags {
		context.set("aws:ResourceTag/"+key, value)
		context.set("iam:ResourceTag/"+key, value)
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
