package trust_test

import (
	"testing"

	"countersign/trust"
)

// TestVerdictsThatHangOnTheSpellingOfTags holds verdicts worked out by hand.
// The key in the name aws:RequestTag/… is read in any letter case, and a session
// has no two tags whose keys differ in case only (IAM User Guide, "Passing
// session tags in AWS STS"), but the values of aws:TagKeys and
// sts:TransitiveTagKeys are compared as they are spelt. STS looks a transitive
// key up among the tags in any letter case (radkawar/stackd, assume_role.go).
func TestVerdictsThatHangOnTheSpellingOfTags(t *testing.T) {
	const vendor = `"Principal":{"AWS":"444455556666"}`
	allow := func(condition string) string {
		return `{"Effect":"Allow",` + vendor + `,"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{` + condition + `}}`
	}
	deny := func(condition string) string {
		return `,{"Effect":"Deny",` + vendor + `,"Action":"sts:AssumeRole","Condition":{` + condition + `}}`
	}
	const (
		anyKey      = `"ForAnyValue:StringEquals":{"aws:TagKeys":`
		anyPassedOn = `"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":`
		noKey       = `"ForAllValues:StringNotEquals":{"aws:TagKeys":`
		noPassedOn  = `"ForAllValues:StringNotEquals":{"sts:TransitiveTagKeys":`
		secret      = `"sts:ExternalId":"a8f0-771"`
		open, none  = trust.Fail, trust.NotApplicable
	)
	for _, test := range []struct {
		name, statements string
		want             trust.Outcome
	}{
		{"a tag whose key is listed in another case", allow(anyKey + `"CostCenter"},"StringLike":{"aws:RequestTag/costcenter":"*"}`), open},
		{"and passed on", allow(anyPassedOn + `"CostCenter"},"StringLike":{"aws:RequestTag/costcenter":"*"}`), open},
		{"and only there", allow(anyKey + `"Project"},"Null":{"aws:RequestTag/project":"false"}`), open},
		{"and its value in a variable", allow(anyKey + `"CostCenter"},"StringEquals":{"aws:PrincipalTag/CostCenter":"${aws:RequestTag/costcenter}"}`), open},
		{"and compared with a variable", allow(anyKey + `"CostCenter"},"StringEquals":{"aws:RequestTag/costcenter":"${aws:username}"}`), open},
		{"and with an external ID", allow(anyKey + `"CostCenter"},"StringEquals":{"aws:RequestTag/costcenter":"x",` + secret + `}`), trust.Pass},
		{"a way in beside an external ID", allow(`"StringEquals":{`+secret+`}`) + `,` + allow(anyKey+`"CostCenter"},"StringLike":{"aws:RequestTag/costcenter":"*"}`), open},
		{"Denies of all but that tag", allow("") + deny(`"Null":{"aws:RequestTag/project":"true"}`) + deny(noKey+`"Project"}`), open},
		{"Denies of all but that tag, and of its key", allow("") + deny(`"Null":{"aws:RequestTag/project":"true"}`) + deny(noKey+`"Project"}`) +
			deny(`"ForAnyValue:StringEquals":{"aws:TagKeys":"Project"}`), none},
		{"a key spelt in two ways", allow(anyKey+`"a"}`) + deny(noKey+`"A"}`), none},
		{"a key spelt in two ways, and its tag", allow(anyKey+`"a"},"Null":{"aws:RequestTag/A":"false"}`) + deny(noKey+`"A"}`), none},
		{"the other spelling is passed on", allow(anyKey+`"a"}`) + deny(noPassedOn+`"A"}`), open},
		{"only the other spelling is passed on, of keys in small letters", allow(`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`) + deny(noPassedOn+`"B"}`), open},
		{"a key is passed on that may not be passed", allow(`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`) + deny(noPassedOn+`"C"}`), none},
		{"a pattern of keys that may not be passed", allow(`"ForAllValues:StringLike":{"aws:TagKeys":"a*"}`) + deny(`"ForAllValues:StringNotLike":{"sts:TransitiveTagKeys":"B*"}`), none},
		{"two spellings of a pattern", allow(`"ForAllValues:StringLike":{"aws:TagKeys":"a*"}`) + deny(`"ForAllValues:StringNotLike":{"sts:TransitiveTagKeys":"A*"}`), open},
		{"both spellings are passed on", allow(anyPassedOn+`"a"}`) + deny(noPassedOn+`"A"}`), none},
		{"long s is no s", allow(anyKey + `"s"},"StringLike":{"aws:RequestTag/ſ":"*"}`), open},
		{"the sign for kelvin is no k", allow(anyKey + "\"k\"},\"StringLike\":{\"aws:RequestTag/\u212a\":\"*\"}"), open},
		{"the tag is the other one", allow(`"ForAllValues:StringEquals":{"aws:TagKeys":"s"},"StringLike":{"aws:RequestTag/ſ":"*"}`), none},
		{"accents have two cases", allow(anyKey+`"é"}`) + deny(noKey+`"É"}`), open},
		{"two demands, and one of two spellings for each", allow(anyKey+`["a","b"]}`) + deny(noKey+`"A"}`), open}, // b and A
		{"two demands, and no key but one", allow(anyKey+`["a","b"]}`) + deny(noKey+`"A"}`) + deny(`"ForAnyValue:StringEquals":{"aws:TagKeys":"b"}`), none},
		{"a chain of choices", allow(anyKey+`["a","b"]}`) + deny(noKey+`["A","c"]}`) + deny(noKey+`"C"}`), open}, // A, b and C
		{"a chain without end", allow(anyKey+`["a"]}`) + deny(noKey+`["A","c"]}`) + deny(noKey+`"C"}`), none},
		{"one key for two patterns", allow(`"ForAnyValue:StringLike":{"aws:TagKeys":"a*"},"StringLike":{"aws:RequestTag/AB":"*"},"ForAllValues:StringEquals":{"aws:TagKeys":["aB","Ab"]}`) +
			deny(`"ForAllValues:StringNotLike":{"aws:TagKeys":"*B"}`), open},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := `{"Version":"2012-10-17","Statement":[` + test.statements + `]}`
			policy := mustParse(t, []byte(text), trust.Parse)
			question := trust.Question{Subject: trust.Subject{Account: "111122223333", Partition: "aws"}}
			verdict := trust.Decide(policy, question)
			if verdict.Outcome != test.want {
				t.Fatalf("%s, want %s; %s", verdict.Outcome, test.want, verdict.Problem)
			}
			if w := verdict.Witness; w != nil && (!trust.Granted(policy, nil, *w) || w.Admissible(question.Subject, question.Now) != nil) {
				t.Errorf("the witness does not get in: %+v", w)
			}
		})
	}
}

// TestVerdictsThatHangOnTheCharactersOfTags holds verdicts worked out by hand
// from the pattern [\p{L}\p{Z}\p{N}_.:/=+\-@]* of the keys and values of tags (STS
// API Reference, Tag).
func TestVerdictsThatHangOnTheCharactersOfTags(t *testing.T) {
	for condition, want := range map[string]trust.Outcome{
		`{"StringEquals":{"aws:RequestTag/team":"a b_.:/=+-@"}}`:                                                      trust.Fail,
		`{"StringEquals":{"aws:RequestTag/team":"Käse ٣"}}`:                                                           trust.Fail,
		`{"StringEquals":{"aws:RequestTag/team":"a*b"}}`:                                                              trust.NotApplicable,
		`{"StringLike":{"aws:RequestTag/team":"a*b"}}`:                                                                trust.Fail,
		`{"StringLike":{"aws:RequestTag/team":"*${$}*"}}`:                                                             trust.NotApplicable,
		`{"StringEquals":{"aws:RequestTag/team":"€"}}`:                                                                trust.NotApplicable,
		`{"Null":{"aws:RequestTag/a,b":"false"}}`:                                                                     trust.NotApplicable,
		`{"Null":{"aws:RequestTag/a b":"false"}}`:                                                                     trust.Fail,
		`{"ForAnyValue:StringEquals":{"aws:TagKeys":"a;b"}}`:                                                          trust.NotApplicable,
		`{"ForAnyValue:StringLike":{"aws:TagKeys":"?"}}`:                                                              trust.Fail,
		`{"StringEquals":{"aws:PrincipalTag/team":"a,b"}}`:                                                            trust.NotApplicable,
		`{"StringNotEquals":{"aws:PrincipalTag/team":"a,b"}}`:                                                         trust.Fail,
		`{"Null":{"aws:PrincipalTag/a,b":"false"}}`:                                                                   trust.NotApplicable,
		`{"Null":{"aws:PrincipalTag/a,b":"true"}}`:                                                                    trust.Fail,
		`{"StringEquals":{"sts:RoleSessionName":"${aws:PrincipalTag/a}"}}`:                                            trust.Fail,
		`{"StringLike":{"sts:RoleSessionName":"*,*"},"StringEquals":{"aws:PrincipalTag/a":"${sts:RoleSessionName}"}}`: trust.NotApplicable,
	} {
		text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:*","Condition":` + condition + `}]}`
		verdict := trust.Decide(mustParse(t, []byte(text), trust.Parse), trust.Question{Subject: trust.Subject{Account: "111122223333", Partition: "aws"}})
		if verdict.Outcome != want {
			t.Errorf("%s: %s, want %s; %s", condition, verdict.Outcome, want, verdict.Problem)
		}
	}
}

func TestTagsOfTheRoleAreReadInAnyASCIICase(t *testing.T) {
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:ResourceTag/ÉTAT":"prod"}}}}`
	for key, want := range map[string]trust.Outcome{"État": trust.Fail, "état": trust.NotApplicable} {
		verdict := trust.Decide(mustParse(t, []byte(text), trust.Parse), trust.Question{
			Subject: trust.Subject{Account: "111122223333", Partition: "aws", Tags: map[string]string{key: "prod"}},
		})
		if verdict.Outcome != want {
			t.Errorf("%s: %s, want %s; %s", key, verdict.Outcome, want, verdict.Problem)
		}
	}
}
