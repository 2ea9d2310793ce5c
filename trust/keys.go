package trust

import "strings"

// keyClass says where a condition key comes from and what it is coupled with
// (semantics: docs/semantics.md, "Request context").
type keyClass uint8

const (
	// keyAbsent is never in the context of sts:AssumeRole: keys of services'
	// calls and of other actions, and keys that nobody defines.
	keyAbsent keyClass = iota
	// keyConstant has one value, which may depend on the kind of caller.
	keyConstant
	// keyFact is about the role: the same in every request.
	keyFact
	// keyFree is text, always there or optional, coupled with nothing.
	keyFree
	keyPrincipal // aws:PrincipalArn, aws:PrincipalAccount, aws:username: one ARN
	keyUserID
	keyOrganization // aws:PrincipalOrgID and aws:PrincipalOrgPaths: one path
	keyEndpointOrganization
	keyTime // aws:CurrentTime, aws:EpochTime, aws:TokenIssueTime
	keyMFAAge
	keyAddress  // aws:SourceIp, aws:VpcSourceIp
	keyIdentity // sts:SourceIdentity, aws:SourceIdentity
	keyRequestTag
	keyTagKeys // aws:TagKeys, sts:TransitiveTagKeys
)

// slot is a variable of the search: what several coupled keys are read from.
type slot int

const (
	slotPrincipal slot = iota
	slotUserID
	slotOrganization
	slotEndpointOrganization
	slotTime
	slotMFAAge
	slotAddress
	slotIdentity
	slotTagKeys
	slotTransitive
	slotExternalID
	slotSessionName
	firstFreeSlot
)

// presence tells whether a key is in the context.
type presence uint8

const (
	absent presence = iota
	optional
	present
)

// keyInfo is what the solver knows of one condition key.
type keyInfo struct {
	name  string // as documented
	class keyClass
	slot  slot
	scope scope
	multi bool // has many values
	// network is set for keys that tell how the call travelled.
	network bool
	form    *shape
	// when tells in which modes the key is present.
	when func(*mode) presence
	text func(*mode) string // keyConstant
}

func inEvery(*mode) presence     { return present }
func mayAlways(*mode) presence   { return optional }
func inRole(m *mode) presence    { return optionalIf(m.kind == RoleSession) }
func inUser(m *mode) presence    { return presentIf(m.kind != RoleSession) }
func inVPC(m *mode) presence     { return presentIf(m.network == throughVPC) }
func mayVPC(m *mode) presence    { return optionalIf(m.network == throughVPC) }
func inOrg(m *mode) presence     { return presentIf(m.organization) }
func inTags(m *mode) presence    { return presentIf(m.tags) }
func mayTags(m *mode) presence   { return optionalIf(m.tags) }
func withMFA(m *mode) presence   { return presentIf(m.mfa()) }
func inSession(m *mode) presence { return presentIf(m.session()) }

func presentIf(yes bool) presence {
	if yes {
		return present
	}
	return absent
}

func optionalIf(yes bool) presence {
	if yes {
		return optional
	}
	return absent
}

func constant(text string) func(*mode) string { return func(*mode) string { return text } }

var (
	freeShape         = simpleShape(textSet, 0, 2048, "x")
	tagValueShape     = simpleShape(tagSet, 0, 256, "x")
	tagKeyShape       = simpleShape(tagSet, 1, 128, "team")
	sessionNameShape  = simpleShape(nameSet, 2, 64, "attack-01")
	externalIDShape   = simpleShape(externSet, 2, 1224, "invented-1")
	accountShape      = simpleShape(digits, 12, 12, "666677778888")
	regionShape       = simpleShape(textSet, 1, 64, "us-east-1")
	userAgentShape    = simpleShape(textSet, 0, 2048, "aws-cli/2")
	arnShape          = simpleShape(textSet, 1, 2048, "arn:aws:ec2:us-east-1:666677778888:instance/i-0123456789abcdef0")
	falseShape        = shape{segments: []segment{{fixed: "false", isFixed: true}}, split: splitSimple}.withExamples()
	organizationShape = orgShape()
)

// keys are the condition keys of sts:AssumeRole that have a form or a coupling
// of their own (Service Authorization Reference, AWS STS; IAM User Guide,
// "Global condition context keys"). The names are in lower case.
var keys = map[string]*keyInfo{
	"sts:externalid":      {name: "sts:ExternalId", class: keyFree, slot: slotExternalID, form: &externalIDShape, when: mayAlways},
	"sts:rolesessionname": {name: "sts:RoleSessionName", class: keyFree, slot: slotSessionName, form: &sessionNameShape, when: inEvery},
	"sts:sourceidentity":  {name: "sts:SourceIdentity", class: keyIdentity, slot: slotIdentity, when: func(m *mode) presence { return presentIf(m.identity == passed || m.identity == passedOn) }},
	"aws:sourceidentity":  {name: "aws:SourceIdentity", class: keyIdentity, slot: slotIdentity, when: func(m *mode) presence { return presentIf(m.identity == carried || m.identity == passedOn) }},

	"aws:principalarn":     {name: "aws:PrincipalArn", class: keyPrincipal, slot: slotPrincipal, when: inEvery},
	"aws:principalaccount": {name: "aws:PrincipalAccount", class: keyPrincipal, slot: slotPrincipal, scope: principalAccount, when: inEvery},
	"aws:username":         {name: "aws:username", class: keyPrincipal, slot: slotPrincipal, scope: principalName, when: inUser},
	"aws:userid":           {name: "aws:userid", class: keyUserID, slot: slotUserID, when: inEvery},
	"aws:principaltype":    {name: "aws:PrincipalType", class: keyConstant, when: inEvery, text: (*mode).principalType},

	"aws:principalorgid":    {name: "aws:PrincipalOrgID", class: keyOrganization, slot: slotOrganization, scope: orgPathID, when: inOrg},
	"aws:principalorgpaths": {name: "aws:PrincipalOrgPaths", class: keyOrganization, slot: slotOrganization, multi: true, when: inOrg},

	"aws:multifactorauthpresent": {name: "aws:MultiFactorAuthPresent", class: keyConstant, when: func(m *mode) presence { return presentIf(m.kind != UserKey) }, text: func(m *mode) string { return boolText(m.mfa()) }},
	"aws:multifactorauthage":     {name: "aws:MultiFactorAuthAge", class: keyMFAAge, slot: slotMFAAge, when: withMFA},
	"aws:tokenissuetime":         {name: "aws:TokenIssueTime", class: keyTime, slot: slotTime, scope: tokenTime, when: inSession},
	"aws:currenttime":            {name: "aws:CurrentTime", class: keyTime, slot: slotTime, scope: clockTime, when: inEvery},
	"aws:epochtime":              {name: "aws:EpochTime", class: keyTime, slot: slotTime, scope: epochTime, when: inEvery},

	"aws:sourceip":     {name: "aws:SourceIp", class: keyAddress, slot: slotAddress, when: func(m *mode) presence { return presentIf(m.network == overInternet) }},
	"aws:vpcsourceip":  {name: "aws:VpcSourceIp", class: keyAddress, slot: slotAddress, when: inVPC},
	"aws:sourcevpc":    {name: "aws:SourceVpc", network: true, class: keyFree, form: textLike("vpc-0123456789abcdef0"), when: inVPC},
	"aws:sourcevpce":   {name: "aws:SourceVpce", network: true, class: keyFree, form: textLike("vpce-0123456789abcdef0"), when: inVPC},
	"aws:sourcevpcarn": {name: "aws:SourceVpcArn", network: true, class: keyFree, form: textLike("arn:aws:ec2:us-east-1:666677778888:vpc/vpc-0123456789abcdef0"), when: mayVPC},
	"aws:vpceaccount":  {name: "aws:VpceAccount", network: true, class: keyFree, form: &accountShape, when: mayVPC},
	"aws:vpceorgid":    {name: "aws:VpceOrgID", class: keyEndpointOrganization, slot: slotEndpointOrganization, scope: orgPathID, when: mayVPC},
	"aws:vpceorgpaths": {name: "aws:VpceOrgPaths", class: keyEndpointOrganization, slot: slotEndpointOrganization, multi: true, when: mayVPC},

	"aws:securetransport":       {name: "aws:SecureTransport", class: keyConstant, when: inEvery, text: constant("true")},
	"aws:viaawsservice":         {name: "aws:ViaAWSService", class: keyConstant, when: inEvery, text: constant("false")},
	"aws:principalisawsservice": {name: "aws:PrincipalIsAWSService", class: keyConstant, when: inEvery, text: constant("false")},
	"aws:assumedroot":           {name: "aws:AssumedRoot", class: keyFree, form: &falseShape, when: mayAlways},

	"aws:requestedregion": {name: "aws:RequestedRegion", class: keyFree, form: &regionShape, when: inEvery},
	"aws:useragent":       {name: "aws:UserAgent", class: keyFree, form: &userAgentShape, when: mayAlways},
	"aws:referer":         {name: "aws:referer", class: keyFree, form: &freeShape, when: mayAlways},

	"aws:tagkeys":           {name: "aws:TagKeys", class: keyTagKeys, slot: slotTagKeys, multi: true, when: inTags},
	"sts:transitivetagkeys": {name: "sts:TransitiveTagKeys", class: keyTagKeys, slot: slotTransitive, multi: true, when: mayTags},

	"aws:resourceaccount":  {name: "aws:ResourceAccount", class: keyFact},
	"aws:resourceorgid":    {name: "aws:ResourceOrgID", class: keyFact},
	"aws:resourceorgpaths": {name: "aws:ResourceOrgPaths", class: keyFact, multi: true},
}

// roleSessionKeys may be in the context of a caller that is a role session:
// what the session was made from, chosen by the outside account.
var roleSessionKeys = map[string]string{
	"aws:federatedprovider":              "aws:FederatedProvider",
	"ec2:sourceinstancearn":              "ec2:SourceInstanceArn",
	"ec2:roledelivery":                   "ec2:RoleDelivery", // the version of the metadata service (EC2 User Guide, "Instance metadata")
	"lambda:sourcefunctionarn":           "lambda:SourceFunctionArn",
	"aws:ec2instancesourcevpc":           "aws:Ec2InstanceSourceVpc",
	"aws:ec2instancesourceprivateipv4":   "aws:Ec2InstanceSourcePrivateIPv4",
	"ssm:sourceinstancearn":              "ssm:SourceInstanceARN",
	"glue:roleassumedby":                 "glue:RoleAssumedBy",
	"glue:credentialissuingservice":      "glue:CredentialIssuingService",
	"identitystore:userid":               "identitystore:UserId",
	"aws:chatbotsourcearn":               "aws:ChatbotSourceArn",
	"saml:namequalifier":                 "saml:namequalifier",
	"saml:sub":                           "saml:sub",
	"saml:sub_type":                      "saml:sub_type",
	"cognito-identity.amazonaws.com:amr": "cognito-identity.amazonaws.com:amr",
	"cognito-identity.amazonaws.com:aud": "cognito-identity.amazonaws.com:aud",
	"cognito-identity.amazonaws.com:sub": "cognito-identity.amazonaws.com:sub",
	"accounts.google.com:aud":            "accounts.google.com:aud",
	"accounts.google.com:sub":            "accounts.google.com:sub",
	"graph.facebook.com:app_id":          "graph.facebook.com:app_id",
	"graph.facebook.com:id":              "graph.facebook.com:id",
	"www.amazon.com:app_id":              "www.amazon.com:app_id",
	"www.amazon.com:user_id":             "www.amazon.com:user_id",
}

func textLike(example string) *shape {
	s := simpleShape(textSet, 1, 2048, example)
	return &s
}

func init() {
	for _, info := range keys {
		if info.scope == (scope{}) {
			info.scope = wholeWord
		}
		if info.class == keyFree && info.slot == 0 {
			info.slot = firstFreeSlot
		}
	}
}

// lookupKey finds what is known of a key in lower case. The slot of a free key
// without one of its own is left to the caller (firstFreeSlot).
func lookupKey(key, spelling string) *keyInfo {
	if info, ok := keys[key]; ok {
		return info
	}
	if name, ok := roleSessionKeys[key]; ok {
		return &keyInfo{name: name, class: keyFree, slot: firstFreeSlot, scope: wholeWord, form: &arnShape, when: inRole,
			multi: key == "cognito-identity.amazonaws.com:amr"}
	}
	tagged := func(prefix string) bool { return len(key) > len(prefix) && strings.HasPrefix(key, prefix) }
	switch {
	case tagged("aws:principaltag/") && tagKeyShape.legal([]string{key[len("aws:principaltag/"):]}):
		return &keyInfo{name: "aws:PrincipalTag/" + spelling[len("aws:principaltag/"):], class: keyFree, slot: firstFreeSlot, scope: wholeWord, form: &tagValueShape, when: mayAlways}
	case tagged("aws:requesttag/") && tagKeyShape.legal([]string{key[len("aws:requesttag/"):]}):
		return &keyInfo{name: "aws:RequestTag/" + spelling[len("aws:requesttag/"):], class: keyRequestTag, slot: firstFreeSlot, scope: wholeWord, form: &tagValueShape, when: mayTags}
	case tagged("aws:resourcetag/"):
		return &keyInfo{name: "aws:ResourceTag/" + spelling[len("aws:resourcetag/"):], class: keyFact}
	case tagged("iam:resourcetag/"):
		return &keyInfo{name: "iam:ResourceTag/" + spelling[len("iam:resourcetag/"):], class: keyFact}
	}
	return &keyInfo{name: spelling, class: keyAbsent}
}

func boolText(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}
