package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"countersign/internal/evidence"
)

// The logs of two accounts, and roles of which some are called by nobody.
var someRoles = []string{
	"arn:aws:iam::111122223333:role/reader", "arn:aws:iam::111122223333:role/teams/Exporter", "arn:aws:iam::111122223333:role/quiet",
	"arn:aws:iam::444455556666:role/reader", "arn:aws:iam::777788889999:role/reader",
}

var (
	spanBegins = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	spanEnds   = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
)

// seenOf is what is known of a role when logs have been read.
type seenOf struct {
	Evidence *evidence.Evidence
	Gaps     []string
	Regions  []string
}

// readFor reads a text for some roles at once.
func readFor(t interface{ Fatal(...any) }, text string, roles ...string) map[string]seenOf {
	to := evidence.NewCollectors(spanBegins, spanEnds)
	for _, arn := range roles {
		role, _ := evidence.ParseRole(arn)
		to.Want(role, []string{"sts:rolesessionname"})
	}
	r := newReader(to)
	if err := r.read(context.Background(), strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	all := map[string]seenOf{}
	for _, arn := range roles {
		role, _ := evidence.ParseRole(arn)
		all[arn] = seenOf{to.Of(arn).Evidence(), r.coverage.Gaps(role.Account, spanBegins, spanEnds, "us-east-1"), r.coverage.Regions(role.Account)}
	}
	return all
}

func accountOf(arn string) string { return strings.Split(arn, ":")[4] }

// someRecord is a record of one of the roles, of another one, or of something else,
// in one of the spellings that JSON leaves open.
func someRecord(t *rapid.T) string {
	n := rapid.IntRange(0, 1<<20).Draw(t, "n")
	arn := rapid.SampledFrom(append([]string{"arn:aws:iam::111122223333:role/other"}, someRoles...)).Draw(t, "role")
	account := accountOf(arn)
	name := rapid.SampledFrom([]string{"AssumeRole", "AssumeRole", "AssumeRole", "ListRoles", "AssumeRoot"}).Draw(t, "name")
	parameters := rapid.SampledFrom([]string{
		`"roleArn":"%s","roleSessionName":"s"`, `"roleArn" : "%s", "roleSessionName":"t"`, `"role\u0041rn":"%s"`,
		`"principalTags":{"roleArn":"arn:aws:iam::111122223333:role/other"},"roleArn":"%s"`,
		`"incomingTransitiveTags":{"roleArn":["x"]},"roleArn":"%s"`, `"note":"a \u003croleArn\u003e","roleArn":"%s"`,
		`"description":"AssumeRole","name":"%s"`,
	}).Draw(t, "parameters")
	spelt := rapid.SampledFrom([]func(string) string{
		func(text string) string { return text },
		func(text string) string { return strings.ReplaceAll(text, "/", `\/`) },
		func(text string) string { return strings.ReplaceAll(text, "r", `\u0072`) },
		strings.ToUpper,
		strings.ToLower,
	}).Draw(t, "spelt")
	name2 := arn[strings.LastIndexByte(arn, '/')+1:]
	written := strings.TrimSuffix(arn, name2) + spelt(name2)
	recipient := rapid.SampledFrom([]string{`,"recipientAccountId":"` + account + `"`, `,"recipientAccountId": "` + account + `"`, `,"recipientAccountId":"999999999999"`, ``}).Draw(t, "recipient")
	at := spanBegins.Add(time.Duration(n%5000-300) * time.Minute).Format(time.RFC3339)
	return fmt.Sprintf(`{"userIdentity":{"type":"AWSAccount","principalId":"AROAEXAMPLE%d:s","accountId":"555566667777"},"eventTime":"%s","eventSource":"sts.amazonaws.com","eventName":"%s","awsRegion":"%s","userAgent":"\u003cx\u003e","requestParameters":{%s},"eventID":"%d","eventType":"AwsApiCall"%s}`,
		n%3, at, name, []string{"us-east-1", "eu-west-1"}[n%2], fmt.Sprintf(parameters, written), n, recipient)
}

func TestReadingForManyRolesIsReadingForEachOfThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(someRecord), 1, 40).Draw(t, "records")
		text := `{"Records":[` + strings.Join(records, ",") + `]}`
		together := readFor(t, text, someRoles...)
		for _, arn := range someRoles {
			if diff := cmp.Diff(readFor(t, text, arn)[arn].Evidence, together[arn].Evidence); diff != "" {
				t.Fatalf("%s, alone and together:\n%s", arn, diff)
			}
			// Records that do not say whose log they stand in are of the account of
			// the role that is called, so all roles of the account tell of them.
			neighbours := slices.DeleteFunc(slices.Clone(someRoles), func(other string) bool { return accountOf(other) != accountOf(arn) })
			own := readFor(t, text, neighbours...)[arn]
			if len(own.Regions) > 0 || len(together[arn].Regions) > 0 {
				if diff := cmp.Diff(own, together[arn]); diff != "" {
					t.Fatalf("%s, with its account and with others:\n%s", arn, diff)
				}
			}
		}
	})
}

// What is passed over by its text is what would be passed over when taken apart.
func TestNoRecordThatMattersIsPassedOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := someRecord(t)
		to := evidence.NewCollectors(spanBegins, spanEnds)
		for _, arn := range someRoles {
			role, _ := evidence.ParseRole(arn)
			to.Want(role, nil)
		}
		r := newReader(to)
		r.record.split([]byte(text))
		if !r.record.assumes() {
			return
		}
		call, err := r.record.call()
		if err == nil && to.Of(call.RoleARN) != nil && !r.mayMatter([]byte(text)) {
			t.Fatalf("passed over: %s", text)
		}
	})
}

func TestEachAccountHasItsOwnGaps(t *testing.T) {
	record := func(account, region string, day int) string {
		return fmt.Sprintf(`{"eventName":"x","eventTime":"2026-11-%02dT10:00:00Z","awsRegion":"%s","eventID":"%s-%d","eventType":"AwsApiCall","recipientAccountId":"%s"}`, day, region, account, day, account)
	}
	var records []string
	for range 100 { // more than are looked at in any case
		for day := 20; day <= 23; day++ {
			records = append(records, record("111122223333", "us-east-1", day))
		}
	}
	records = append(records, record("444455556666", "eu-west-1", 21))
	seen := readFor(t, `{"Records":[`+strings.Join(records, ",")+`]}`, someRoles...)
	want := map[string][]string{
		"arn:aws:iam::111122223333:role/reader": nil,
		"arn:aws:iam::444455556666:role/reader": {
			"the logs have no record of 3 days between 2026-11-20 and 2026-11-23",
			"the logs have no record of us-east-1, where calls of the global endpoint are logged",
		},
		"arn:aws:iam::777788889999:role/reader": {"the logs have records of other accounts, and none of account 777788889999"},
	}
	for arn, gaps := range want {
		if diff := cmp.Diff(gaps, seen[arn].Gaps); diff != "" {
			t.Errorf("%s: %s", arn, diff)
		}
	}
}
