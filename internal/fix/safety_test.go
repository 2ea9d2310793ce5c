package fix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/role"
)

func TestSafetyIsToldInWordsWithoutExternalIDs(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	vendor := &evidence.Caller{
		Identity: evidence.AWSAccount, Account: acme, Principal: "AROAEXAMPLE0VENDOR01",
		Manners: []*evidence.Manner{{ExternalID: issued, HasExternalID: true}},
	}
	user := &evidence.Caller{Identity: evidence.IAMUser, Account: other, ARN: "arn:aws:iam::777788889999:user/dana\nsafe: all is well"}
	service := &evidence.Caller{Identity: evidence.AWSService, Service: "backup.amazonaws.com"}
	for name, test := range map[string]struct {
		verdict evidence.Verdict
		want    []string
	}{
		"one who complies": {
			evidence.Verdict{Safety: evidence.Safe, Callers: []evidence.CallerVerdict{{Caller: vendor, Outcome: evidence.Complies}}},
			[]string{"safe: the one caller seen since 2026-08-24 already complies"},
		},
		"two who comply": {
			evidence.Verdict{Safety: evidence.Safe, Callers: []evidence.CallerVerdict{{Caller: vendor, Outcome: evidence.Complies}, {Caller: service, Outcome: evidence.Complies}}},
			[]string{"safe: all 2 callers seen since 2026-08-24 already comply"},
		},
		"those who break": {
			evidence.Verdict{Safety: evidence.Breaking, Callers: []evidence.CallerVerdict{
				{Caller: vendor, Outcome: evidence.Breaks, Last: at, Lacks: []string{"sends another external ID"}},
				{Caller: user, Outcome: evidence.Breaks, Last: at, Lacks: []string{"sends no external ID", "shows no MFA"}},
				{Caller: service, Outcome: evidence.Breaks, Last: at, Refused: true},
				{Caller: vendor, Outcome: evidence.Complies},
			}},
			[]string{
				"breaking: AROAEXAMPLE0VENDOR01 of account 444455556666 (Acme), last 2026-11-22, would be refused: sends another external ID",
				"breaking: arn:aws:iam::777788889999:user/dana safe: all is well of account 777788889999, last 2026-11-22, would be refused: sends no external ID, shows no MFA",
				"breaking: backup.amazonaws.com, last 2026-11-22, would be refused (the policy as it is refuses it already)",
			},
		},
		"what is not known": {
			evidence.Verdict{Safety: evidence.Unproven, Reasons: []string{"what becomes of one caller depends on what the log does not show", "not asked: eu-west-1"}, Callers: []evidence.CallerVerdict{
				{Caller: vendor, Outcome: evidence.Unclear, Last: at, DependsOn: []string{"the caller's tag team", "which role called"}},
			}},
			[]string{
				"unproven: what becomes of one caller depends on what the log does not show; not asked: eu-west-1",
				"unclear: AROAEXAMPLE0VENDOR01 of account 444455556666 (Acme), last 2026-11-22, depends on the caller's tag team; which role called",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Safety(&test.verdict, at.AddDate(0, 0, -90), parties)
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if strings.Contains(fmt.Sprint(got), issued) {
				t.Error("the external ID is told")
			}
		})
	}
}

func TestManyCallersWhoBreakAreCounted(t *testing.T) {
	verdict := evidence.Verdict{Safety: evidence.Breaking}
	for range 25 {
		verdict.Callers = append(verdict.Callers, evidence.CallerVerdict{Caller: &evidence.Caller{Principal: "AROA"}, Outcome: evidence.Breaks})
	}
	got := Safety(&verdict, time.Time{}, parties)
	if len(got) != mostTold+1 || got[mostTold] != "breaking: and 15 more callers" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

func TestCloudTrailKnowsARoleByItsAccountAndItsName(t *testing.T) {
	for name, test := range map[string]struct {
		subject role.Role
		why     string
	}{
		"both":       {role.Role{Account: "111122223333", Name: "reader", ARN: "arn:aws:iam::111122223333:role/reader"}, ""},
		"no account": {role.Role{Name: "reader"}, "the role's account is not known, so its calls are not: name it with --account"},
		"no name":    {role.Role{Account: "111122223333"}, "the role's name is not known before it is made, so its calls are not"},
	} {
		if known, why := Caller(&test.subject); why != test.why || why == "" && (known.Account != "111122223333" || known.Name != "reader") {
			t.Errorf("%s: %+v, %q", name, known, why)
		}
	}
}

// A change that is taken back is neither safe nor breaking.
func TestARepairThatIsRefusedHasNoSafety(t *testing.T) {
	repair := &Repair{}
	repair.Unproven(NotAsked)
	repair.Refuse("its text is made elsewhere", "")
	if repair.Safety != nil || repair.Breaking() {
		t.Errorf("%+v", repair.Safety)
	}
}
