package trust

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The generators of this file make policies, zones and questions out of few
// words, so that what policies demand, what zones trust and what requests
// carry collide often. sampler_request_test.go makes the requests.

var sampleNow = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

const (
	sampleOwn     = "111122223333"
	sampleTrusted = "222233334444"
	sampleVendor  = "444455556666"
	sampleOther   = "777788889999"
)

var (
	sampleAccounts      = []string{sampleVendor, sampleOther, sampleTrusted, sampleOwn}
	sampleOrganizations = []string{"o-home11111", "o-partner333", "o-evil22222"}
	sampleNames         = []string{"ci", "mallory", "Deployer", "ci-7"}
)

// sampleOperators are the operators of one family each, with operands that the
// family can read whatever the key.
var sampleOperators = map[string][]string{
	"StringEquals":              sampleTexts,
	"StringNotEquals":           sampleTexts,
	"StringEqualsIgnoreCase":    sampleTexts,
	"StringNotEqualsIgnoreCase": sampleTexts,
	"StringLike":                samplePatterns,
	"StringNotLike":             samplePatterns,
	"ArnLike":                   sampleArns,
	"ArnNotLike":                sampleArns,
	"ArnEquals":                 sampleArns,
	"ArnNotEquals":              sampleArns,
	"NumericEquals":             sampleNumbers,
	"NumericNotEquals":          sampleNumbers,
	"NumericLessThan":           sampleNumbers,
	"NumericLessThanEquals":     sampleNumbers,
	"NumericGreaterThan":        sampleNumbers,
	"NumericGreaterThanEquals":  sampleNumbers,
	"DateEquals":                sampleDates,
	"DateNotEquals":             sampleDates,
	"DateLessThan":              sampleDates,
	"DateLessThanEquals":        sampleDates,
	"DateGreaterThan":           sampleDates,
	"DateGreaterThanEquals":     sampleDates,
	"Bool":                      sampleBools,
	"BinaryEquals":              {"c2VjcmV0", "abcd", "AB12", "YQ=="},
	"IpAddress":                 sampleNetworks,
	"NotIpAddress":              sampleNetworks,
}

var (
	sampleTexts = []string{
		"acme-7", "ACME-7", "ab", "x", "", "42", "c2VjcmV0", "true", "false", "ci", "team", "blue", sampleVendor,
		"${aws:PrincipalAccount}", "${aws:username}", "${aws:PrincipalTag/team, 'blue'}", "${sts:RoleSessionName}",
		"${aws:PrincipalOrgID}", "${aws:ResourceAccount}", "${aws:userid}", "x-${aws:username}", "${aws:TagKeys, 'ab'}",
		"${sts:ExternalId}", "${aws:SourceIdentity, 'ab'}", "a*", "${*}",
	}
	samplePatterns = []string{
		"acme-7", "acme-*", "*", "?", "??", "a?", "*-7", "**", "acme-?", "ACME*", "a*b*", "", "ci*", "?c*",
		"*${aws:username}*", "${aws:PrincipalAccount}*", "acme-${*}", "${aws:PrincipalTag/team}?", "[0-9]*",
	}
	sampleArns = []string{
		"arn:aws:iam::" + sampleVendor + ":user/ci", "arn:aws:iam::" + sampleVendor + ":role/*", "arn:aws:iam::*:user/*",
		"arn:aws:iam::*:role/Deployer", "arn:aws:iam::7777????9999:*", "arn:*:*:*:*:*", "*",
		"arn:aws:iam::" + sampleVendor + ":root", "arn:aws:iam::${aws:PrincipalAccount}:role/*",
		"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:*/ops/*",
	}
	sampleNumbers  = []string{"0", "42", "3600", "-1", "4.2e1", "1795356000", "1800000000", "129600"}
	sampleDates    = []string{"2026-11-22T14:00:00Z", "2026-11-22T13:00:00Z", "2027-01-01", "2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "1795356001"}
	sampleBools    = []string{"true", "false", "TRUE", "yes"}
	sampleNetworks = []string{"203.0.113.0/24", "203.0.113.9", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1/32", "198.51.100.0/25", "10.0.0.0/8"}
)

// sampleKey is a condition key with the operators people use on it and
// operands of its own.
type sampleKey struct {
	name      string
	operators []string
	operands  []string // fit the operators of the row
}

var (
	sampleStringOperators = []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}
	sampleArnOperators    = []string{"ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike", "StringNotLike", "StringEquals"}
	sampleNumberOperators = []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"}
	sampleDateOperators   = []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"}
	sampleAddressing      = []string{"IpAddress", "NotIpAddress"}
	sampleTruth           = []string{"Bool"}
)

var sampleKeys = []sampleKey{
	{"sts:ExternalId", sampleStringOperators, sampleTexts},
	{"sts:ExternalId", sampleStringOperators, samplePatterns},
	{"aws:MultiFactorAuthPresent", sampleTruth, sampleBools},
	{"aws:MultiFactorAuthAge", sampleNumberOperators, sampleNumbers},
	{"aws:PrincipalArn", sampleArnOperators, sampleArns},
	{"aws:PrincipalAccount", sampleStringOperators, []string{sampleVendor, sampleOther, sampleOwn, sampleTrusted, "4444*", "${aws:ResourceAccount}"}},
	{"aws:PrincipalOrgID", sampleStringOperators, []string{"o-home11111", "o-partner333", "o-*", "${aws:ResourceOrgID}", "O-HOME11111"}},
	{"aws:PrincipalOrgPaths", sampleStringOperators, []string{"o-home11111/*", "o-partner333/r-ab12/ou-ab12-11111111/", "*", "o-evil22222/*"}},
	{"aws:PrincipalType", sampleStringOperators, []string{"User", "AssumedRole", "user", "A*", "Account"}},
	{"aws:username", sampleStringOperators, []string{"ci", "mallory", "CI", "c?", "*", "${aws:PrincipalTag/team}"}},
	{"aws:userid", sampleStringOperators, []string{"AIDASAMPLE0001", "AROA*", "*:ci", "AROASAMPLE0001:mallory"}},
	{"aws:TokenIssueTime", sampleDateOperators, sampleDates},
	{"aws:CurrentTime", sampleDateOperators, sampleDates},
	{"aws:EpochTime", sampleNumberOperators, sampleNumbers},
	{"aws:SourceIp", sampleAddressing, sampleNetworks},
	{"aws:VpcSourceIp", sampleAddressing, sampleNetworks},
	{"aws:SourceVpc", sampleStringOperators, []string{"vpc-0aa11bb22", "vpc-*", "vpc-0cc33dd44"}},
	{"aws:SourceVpce", sampleStringOperators, []string{"vpce-0a1b2c3d", "vpce-*"}},
	{"aws:PrincipalTag/team", sampleStringOperators, sampleTexts},
	{"aws:RequestTag/team", sampleStringOperators, []string{"blue", "b*", "", "${aws:PrincipalTag/team}", "${aws:username}"}},
	{"aws:RequestTag/Dept", sampleStringOperators, []string{"blue", "?*"}},
	{"aws:TagKeys", sampleStringOperators, []string{"team", "Dept", "TEAM", "t*"}},
	{"sts:TransitiveTagKeys", sampleStringOperators, []string{"team", "Dept", "*"}},
	{"sts:RoleSessionName", sampleStringOperators, []string{"ci", "x", "acme-*", "${aws:username}", "??", "*"}},
	{"sts:SourceIdentity", sampleStringOperators, []string{"ci", "mallory", "*", "${aws:SourceIdentity}", "${sts:RoleSessionName}"}},
	{"aws:SourceIdentity", sampleStringOperators, []string{"ci", "m*", "${sts:SourceIdentity}"}},
	{"aws:FederatedProvider", sampleStringOperators, []string{"accounts.google.com", "*"}},
	{"aws:RequestedRegion", sampleStringOperators, []string{"us-east-1", "eu-*"}},
	{"aws:UserAgent", sampleStringOperators, []string{"aws-cli/2", "vendor/*"}},
	{"aws:SecureTransport", sampleTruth, sampleBools},
	{"aws:ViaAWSService", sampleTruth, sampleBools},
	{"aws:PrincipalIsAWSService", sampleTruth, sampleBools},
	{"aws:ResourceAccount", sampleStringOperators, []string{sampleOwn, "1111*", sampleVendor}},
	{"aws:ResourceOrgID", sampleStringOperators, []string{"o-home11111", "*"}},
	{"aws:ResourceTag/env", sampleStringOperators, []string{"prod", "*", "dev"}},
	{"iam:ResourceTag/env", sampleStringOperators, []string{"prod", "p*"}},
	{"aws:SourceArn", sampleArnOperators, sampleArns},
	{"aws:SourceAccount", sampleStringOperators, sampleAccounts},
	{"sts:External-Id", sampleStringOperators, sampleTexts},
	{"token.actions.githubusercontent.com:sub", sampleStringOperators, []string{"repo:acme/*"}},
	{"saml:sub", sampleStringOperators, []string{"ci", "*"}},
}

// samplePolicy draws the tree of a trust policy that Parse accepts.
func samplePolicy(t *rapid.T) Value {
	statement := sampleStatement
	if rapid.IntRange(0, 4).Draw(t, "about tags") == 0 {
		statement = sampleTagStatement
	}
	statements := rapid.SliceOfN(rapid.Custom(statement), 1, 4).Draw(t, "statements")
	return sampleDocument(t, statements)
}

// sampleRCP draws the tree of a resource control policy.
func sampleRCP(t *rapid.T) Value {
	return sampleDocument(t, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value {
		resource := rapid.SampledFrom([]string{"*", "*", "arn:aws:iam::" + sampleOwn + ":role/Target", "arn:aws:iam::*:role/Tar*", "arn:aws:iam::*:role/Else"}).Draw(t, "resource")
		element := rapid.SampledFrom([]string{"Resource", "Resource", "NotResource"}).Draw(t, "resource element")
		members := []Member{
			sampleMember("Effect", Literal("Deny")),
			sampleMember("Principal", Literal("*")),
			sampleActions(t),
			sampleMember(element, Literal(resource)),
		}
		return sampleObject(append(members, sampleConditions(t)...)...)
	}), 1, 2).Draw(t, "statements"))
}

func sampleDocument(t *rapid.T, statements []Value) Value {
	var members []Member
	// Variables live in one of the versions only, so it is drawn most often.
	if version := rapid.SampledFrom([]string{"2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", ""}).Draw(t, "version"); version != "" {
		members = append(members, sampleMember("Version", Literal(version)))
	}
	return sampleObject(append(members, sampleMember("Statement", sampleScalarOrList(t, statements)))...)
}

func sampleStatement(t *rapid.T) Value {
	effect := rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect")
	members := []Member{
		sampleMember("Effect", Literal(effect)),
		samplePrincipal(t),
		sampleActions(t),
	}
	return sampleObject(append(members, sampleConditions(t)...)...)
}

var samplePrincipalEntries = []string{
	"*", "*", "*", sampleVendor, sampleVendor, sampleOther, sampleTrusted, sampleOwn,
	"arn:aws:iam::" + sampleVendor + ":root", "arn:aws:iam::" + sampleOwn + ":root", "arn:aws-cn:iam::" + sampleVendor + ":root",
	"arn:aws:iam::" + sampleVendor + ":user/ci", "arn:aws:iam::" + sampleVendor + ":user/ops/mallory",
	"arn:aws:iam::" + sampleVendor + ":role/Deployer", "arn:aws:iam::" + sampleOther + ":role/ops/ci-7",
	"arn:aws:sts::" + sampleVendor + ":assumed-role/Deployer/ci", "arn:aws:sts::" + sampleVendor + ":federated-user/ci",
	"arn:aws:iam::" + sampleVendor + ":role/*", "AIDASAMPLE0001DELETED",
}

func samplePrincipal(t *rapid.T) Member {
	switch rapid.IntRange(0, 11).Draw(t, "principal") {
	case 0:
		return sampleMember("Principal", Literal("*"))
	case 1:
		return sampleMember("Principal", sampleObject(
			sampleMember("Service", Literal("ec2.amazonaws.com")),
			sampleMember("AWS", sampleEntries(t, samplePrincipalEntries, 0))))
	case 2:
		return sampleMember("Principal", sampleObject(
			sampleMember("Federated", Literal("arn:aws:iam::"+sampleOwn+":saml-provider/idp"))))
	case 3:
		return sampleMember("NotPrincipal", sampleObject(sampleMember("AWS", sampleEntries(t, samplePrincipalEntries, 1))))
	}
	return sampleMember("Principal", sampleObject(sampleMember("AWS", sampleEntries(t, samplePrincipalEntries, 1))))
}

func sampleActions(t *rapid.T) Member {
	if rapid.IntRange(0, 9).Draw(t, "action element") == 0 {
		return sampleMember("NotAction", sampleEntries(t, []string{"sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRoleWith*", "sts:assumerole", "iam:*"}, 1))
	}
	return sampleMember("Action", sampleEntries(t, []string{
		"sts:AssumeRole", "sts:AssumeRole", "sts:AssumeRole", "STS:assumerole", "sts:*", "*", "sts:TagSession", "sts:SetSourceIdentity",
		"sts:?ssumeRole", "sts:Assume*", "sts:AssumeRoleWithSAML", "sts:[TA]*",
	}, 1))
}

func sampleEntries(t *rapid.T, pool []string, atLeast int) Value {
	texts := rapid.SliceOfNDistinct(rapid.SampledFrom(pool), atLeast, 3, rapid.ID).Draw(t, "entries")
	values := make([]Value, len(texts))
	for i, text := range texts {
		values[i] = Literal(text)
	}
	return sampleScalarOrList(t, values)
}

func sampleScalarOrList(t *rapid.T, values []Value) Value {
	if len(values) == 1 && rapid.Bool().Draw(t, "scalar") {
		return values[0]
	}
	return Value{Kind: Array, Items: values}
}

// sampleConditions draws no Condition element, or one with up to three
// conditions.
func sampleConditions(t *rapid.T) []Member {
	var blocks []Member
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		operator, condition := sampleCondition(t)
		at := slices.IndexFunc(blocks, func(m Member) bool { return m.Key.Text == operator })
		if at < 0 {
			blocks = append(blocks, sampleMember(operator, sampleObject(condition)))
		} else if _, taken := blocks[at].Value.Get(condition.Key.Text); !taken {
			blocks[at].Value.Members = append(blocks[at].Value.Members, condition)
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	return []Member{sampleMember("Condition", sampleObject(blocks...))}
}

// sampleCondition draws an operator and one key with its values: mostly as
// people write them, sometimes any operator on any key.
func sampleCondition(t *rapid.T) (operator string, condition Member) {
	key := rapid.SampledFrom(sampleKeys).Draw(t, "key")
	if rapid.IntRange(0, 3).Draw(t, "focus") == 0 {
		// The keys the question is about, more often than all the others.
		key = sampleKeys[rapid.IntRange(0, 3).Draw(t, "countersign key")]
	}
	name := rapid.SampledFrom([]string{key.name, key.name, sampleSwapCase(key.name)}).Draw(t, "spelling")
	if rapid.IntRange(0, 7).Draw(t, "null") == 0 {
		return "Null", sampleMember(name, sampleEntries(t, sampleBools, 1))
	}
	operator = rapid.SampledFrom(key.operators).Draw(t, "operator")
	operands := key.operands
	if rapid.IntRange(0, 5).Draw(t, "any operator") == 0 {
		operator = rapid.SampledFrom(sampleOperatorNames).Draw(t, "operator")
		operands = sampleOperators[operator]
	}
	values := sampleEntries(t, operands, 1)
	if rapid.IntRange(0, 15).Draw(t, "empty") == 0 {
		values = Value{Kind: Array}
	}
	prefix := rapid.SampledFrom([]string{"", "", "", "", "ForAllValues:", "ForAnyValue:"}).Draw(t, "set operator")
	suffix := rapid.SampledFrom([]string{"", "", "", "IfExists"}).Draw(t, "suffix")
	return prefix + operator + suffix, sampleMember(name, values)
}

var sampleOperatorNames = func() []string {
	var names []string
	for name := range sampleOperators {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

func sampleSwapCase(text string) string {
	swapped := []byte(text)
	for i, c := range swapped {
		if 'a' <= c|0x20 && c|0x20 <= 'z' {
			swapped[i] = c ^ 0x20
		}
	}
	return string(swapped)
}

func sampleMember(key string, value Value) Member { return Member{Key: Literal(key), Value: value} }

func sampleObject(members ...Member) Value { return Value{Kind: Object, Members: members} }

// sampleZone draws whom the user trusts.
func sampleZone(t *rapid.T) Zone {
	zone := Zone{}
	if rapid.Bool().Draw(t, "trusts an account") {
		zone.Accounts = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{sampleTrusted, sampleVendor, sampleOther}), 1, 2, rapid.ID).Draw(t, "accounts")
	}
	if rapid.Bool().Draw(t, "trusts an organization") {
		zone.Organizations = rapid.SliceOfNDistinct(rapid.SampledFrom(sampleOrganizations), 1, 2, rapid.ID).Draw(t, "organizations")
	}
	return zone
}

// sampleQuestion draws what the decision depends on beside the trust policy.
// The role's account is always known.
func sampleQuestion(t *rapid.T) Question {
	question := Question{
		Subject: Subject{ARN: "arn:aws:iam::" + sampleOwn + ":role/Target", Account: sampleOwn, Partition: "aws", Name: "Target"},
		Zone:    sampleZone(t),
		Now:     sampleNow,
	}
	if rapid.IntRange(0, 7).Draw(t, "without ARN") == 0 {
		question.Subject.ARN, question.Subject.Partition = "", ""
	}
	if rapid.Bool().Draw(t, "organization known") {
		question.Subject.Organization = "o-home11111"
	}
	if rapid.Bool().Draw(t, "tags known") {
		question.Subject.Tags = rapid.SampledFrom([]map[string]string{{}, {"env": "prod"}, {"env": "dev", "Team": "blue"}}).Draw(t, "tags")
	}
	if rapid.IntRange(0, 4).Draw(t, "with an RCP") == 0 {
		rcp, err := ParseRCP(sampleRCP(t))
		if err != nil {
			t.Fatalf("sampled RCP: %v", err)
		}
		question.RCPs = []*Policy{rcp}
	}
	return question
}

func TestSampledPoliciesAndRequestsAreWhatTheyClaimToBe(t *testing.T) {
	seen := sampleCoverage{}
	rapid.Check(t, func(t *rapid.T) {
		policy, err := Parse(samplePolicy(t))
		if err != nil {
			t.Fatalf("sampled policy: %v", err)
		}
		question := sampleQuestion(t)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		requests := sampleRequests([]*Policy{policy}, question, random, 20)
		if len(requests) != 20 {
			t.Fatalf("asked for 20 requests, got %d", len(requests))
		}
		for _, request := range requests {
			if err := request.Admissible(question.Subject, question.Now); err != nil {
				t.Fatalf("%v: %+v", err, request)
			}
			seen.note(request, question, policy)
		}
	})
	seen.demandEverything(t)
}
