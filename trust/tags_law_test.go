package trust

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// eachChoiceOfTags calls with every choice of session tags out of a few keys in
// their spellings, passed on in any of them or not at all.
func eachChoiceOfTags(call func(keys, transitive []string)) {
	spellings := [][]string{{"team", "Team", "TEAM"}, {"Dept", "dept"}, {"s", "S"}, {"ſ"}}
	var choose func(i int, keys, transitive []string)
	choose = func(i int, keys, transitive []string) {
		if i == len(spellings) {
			call(keys, transitive)
			return
		}
		choose(i+1, keys, transitive)
		for _, key := range spellings[i] {
			more := append(slices.Clip(keys), key)
			choose(i+1, more, transitive)
			for _, passedOn := range spellings[i] {
				choose(i+1, more, append(slices.Clip(transitive), passedOn))
			}
		}
	}
	choose(0, nil, nil)
}

func TestNoChoiceOfTagsIsOverlooked(t *testing.T) {
	outcomes := map[Outcome]int{}
	checkLaw(t, 300, func(t *rapid.T) {
		policy := mustParseTree(t, sampleDocument(t, rapid.SliceOfN(rapid.Custom(sampleTagStatement), 1, 5).Draw(t, "statements")))
		question := Question{Subject: Subject{Account: sampleOwn, Partition: "aws"}, Now: sampleNow}
		verdict := Decide(policy, question)
		outcomes[verdict.Outcome]++
		if verdict.Outcome == Broken {
			t.Fatalf("%s", describe(verdict))
		}
		if verdict.Exploitable || verdict.Outcome == Undecided {
			return
		}
		context := Context{
			"aws:PrincipalArn": {"arn:aws:iam::" + sampleVendor + ":user/ci"}, "aws:PrincipalAccount": {sampleVendor},
			"aws:PrincipalType": {"User"}, "aws:username": {"ci"}, "aws:userid": {"AIDASAMPLE0001"},
			"aws:PrincipalIsAWSService": {"false"}, "aws:ViaAWSService": {"false"}, "aws:SecureTransport": {"true"},
			"aws:CurrentTime": {spellInstant(sampleNow.Unix())}, "aws:EpochTime": {"1795356000"}, "aws:SourceIp": {"198.51.100.7"},
			"sts:RoleSessionName": {"ci"}, "aws:RequestedRegion": {"us-east-1"}, "aws:ResourceAccount": {sampleOwn},
		}
		for _, word := range []string{"team", "dept", "s", "ſ"} {
			if values := []string{"", "blue", "red"}; rapid.Bool().Draw(t, "has a tag") {
				context["aws:PrincipalTag/"+word] = []string{rapid.SampledFrom(values).Draw(t, "value")}
			}
		}
		value := rapid.SampledFrom([]string{"blue", "", "red"}).Draw(t, "value of all tags")
		eachChoiceOfTags(func(keys, transitive []string) {
			request := Request{
				Principal: "arn:aws:iam::" + sampleVendor + ":user/ci", Kind: UserKey, Account: sampleVendor,
				Checks: []string{ActionAssumeRole}, Context: maps.Clone(context),
			}
			for _, key := range keys {
				request.Context["aws:RequestTag/"+key] = []string{value}
			}
			if len(keys) > 0 {
				request.Context["aws:TagKeys"] = keys
				request.Checks = append(request.Checks, ActionTagSession)
			}
			if len(transitive) > 0 {
				request.Context["sts:TransitiveTagKeys"] = transitive
			}
			if !Granted(policy, nil, request) {
				return
			}
			if err := request.Admissible(question.Subject, question.Now); err != nil {
				t.Fatalf("the request cannot be: %v", err)
			}
			t.Fatalf("%s, but this is granted: %v, passed on %v, %+v", describe(verdict), keys, transitive, context)
		})
	})
	t.Logf("outcomes: %v", outcomes)
}
