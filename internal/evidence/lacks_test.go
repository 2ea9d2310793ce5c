package evidence

import (
	"strings"
	"testing"
)

func TestWhatACallLacksIsSaid(t *testing.T) {
	const needsBoth = `{"StringEquals":{"sts:ExternalId":"right"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}`
	key := func(c *Call) { c.Credentials = LongTerm }
	for name, test := range map[string]struct {
		call  Call
		after string
		want  string
	}{
		"no external ID":                    {byRole(), allow(wholeAccount, needsID), "sends no external ID"},
		"another external ID":               {with(byRole(), externalID("wrong")), allow(wholeAccount, needsID), "sends another external ID"},
		"no external ID of two":             {byRole(), allow(wholeAccount, `{"StringEquals":{"sts:ExternalId":["one","two"]}}`), "sends no external ID"},
		"no external ID of a pattern":       {byRole(), allow(wholeAccount, `{"StringLike":{"sts:ExternalId":"right-*"}}`), "sends no external ID"},
		"no MFA, of a user":                 {with(byUser(), key), allow(wholeAccount, needsMFA), "shows no MFA"},
		"no MFA, of a role":                 {byRole(), allow(wholeAccount, needsMFA), "shows no MFA, which a role's session never can"},
		"neither":                           {with(byUser(), key), allow(wholeAccount, needsBoth), "sends no external ID; shows no MFA"},
		"MFA alone":                         {with(with(byUser(), key), externalID("right")), allow(wholeAccount, needsBoth), "shows no MFA"},
		"an account that is not let in":     {byRole(), allow(`{"AWS":"555566667777"}`, needsID), ""},
		"a condition that nobody can meet":  {byRole(), allow(wholeAccount, `{"StringEquals":{"sts:ExternalId":"right","sts:External-Id":"x"}}`), ""},
		"a tag of the call beside the ID":   {byRole(), allow(wholeAccount, `{"StringEquals":{"sts:ExternalId":"right","aws:RequestTag/team":"blue"}}`), ""},
		"an external ID that is refused":    {with(byRole(), externalID("wrong")), allow(wholeAccount, `{"StringNotEquals":{"sts:ExternalId":"wrong"}}`), ""},
		"an organization beside the ID":     {byRole(), allow(wholeAccount, `{"StringEquals":{"sts:ExternalId":"right","aws:PrincipalOrgID":"o-exampleorg1"}}`), "sends no external ID"},
		"the ID where the policy has a gap": {with(byRole(), externalID("right")), allow(wholeAccount, needsID), "complies"},
	} {
		t.Run(name, func(t *testing.T) {
			after := policy(t, test.after)
			verdict := Replay(seen([]Call{test.call}, after), Change{After: after, Subject: subject(), Now: now})
			caller := verdict.Callers[0]
			got := strings.Join(caller.Lacks, "; ")
			if caller.Outcome != Breaks {
				got = string(caller.Outcome)
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if strings.Contains(got, "right") {
				t.Error("the external ID is told")
			}
		})
	}
}
