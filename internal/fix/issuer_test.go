package fix

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/trust"
	"countersign/trust/jsontree"
)

const (
	acme, acmeToo = "444455556666", "444455556677"
	other         = "777788889999"
)

// parties say that two accounts are of one third party.
func parties(account string) string {
	if account == acme || account == acmeToo {
		return "Acme"
	}
	return ""
}

func parsed(t interface{ Fatal(...any) }, text string) *trust.Policy {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func asking(principal, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":"sts:AssumeRole","Condition":{%s}}]}`, principal, condition)
}

func TestAnExternalIDServesOneThirdParty(t *testing.T) {
	issuer := &Issuer{Value: "k3-Vq8sT7xx", Party: parties}
	for _, account := range []string{acme, acmeToo, acme} { // two accounts of one may share
		issuer.begin()
		if value, ok := issuer.issue(account); !ok || value.Text != "k3-Vq8sT7xx" {
			t.Errorf("%s gets %v, %v", account, value.Text, ok)
		}
	}
	for _, account := range []string{other, "*"} {
		issuer.begin()
		if _, ok := issuer.issue(account); ok {
			t.Errorf("%s gets what Acme has", account)
		}
		if !strings.Contains(issuer.conflict, "the external ID is that of Acme already") || strings.Contains(issuer.conflict, "k3-Vq8sT7xx") {
			t.Errorf("the conflict is told as %q", issuer.conflict)
		}
	}
}

func TestAReferenceServesOneThirdPartyToo(t *testing.T) {
	issuer := &Issuer{Reference: "var.vendor_id", Party: parties}
	issuer.begin()
	if value, ok := issuer.issue(acme); !ok || value.Kind != trust.Unknown || value.On != "var.vendor_id" {
		t.Errorf("%+v, %v", value, ok)
	}
	if _, ok := issuer.issue(other); ok {
		t.Error("another third party gets the same reference")
	}
}

func TestWhatIsListedGoesBeforeWhatIsGiven(t *testing.T) {
	issuer := &Issuer{Value: "given-1", ByAccount: map[string]string{acme: "listed-1", other: "listed-1"}, Party: parties}
	issuer.begin()
	if value, ok := issuer.issue(acme); !ok || value.Text != "listed-1" {
		t.Errorf("%v, %v", value.Text, ok)
	}
	if _, ok := issuer.issue(other); ok {
		t.Error("one external ID is listed for two third parties, and both get it")
	}
}

func TestARoleThatGetsNoChangeClaimsNoExternalID(t *testing.T) {
	issuer := &Issuer{Value: "k3-Vq8sT7xx", Party: parties}
	issuer.begin()
	issuer.issue(acme)
	issuer.issue(other) // conflicts, so the role stays as it is
	issuer.release()
	issuer.begin()
	if _, ok := issuer.issue(other); !ok {
		t.Errorf("nobody has it, and it is refused: %s", issuer.conflict)
	}
	// What a policy asks for stays taken.
	learned := &Issuer{Value: "k3-Vq8sT7xx", Party: parties}
	learned.Learn(parsed(t, asking(`{"AWS":"`+acme+`"}`, `"StringEquals":{"sts:ExternalId":"k3-Vq8sT7xx"}`)))
	learned.begin()
	learned.issue(other)
	learned.release()
	learned.begin()
	if _, ok := learned.issue(other); ok {
		t.Error("what a policy asks Acme for is given to another third party")
	}
}

// Which external IDs a policy asks which third party for: read off its text.
func TestExternalIDsInPoliciesAreTaken(t *testing.T) {
	const root = `{"AWS":"arn:aws:iam::444455556666:root"}`
	for name, test := range map[string]struct {
		policy string
		taken  bool
	}{
		"by its value":                 {asking(root, `"StringEquals":{"sts:ExternalId":"x-1"}`), true},
		"one of two values":            {asking(root, `"StringEquals":{"sts:externalid":["x-0","x-1"]}`), true},
		"in a condition that is loose": {asking(root, `"StringEqualsIfExists":{"sts:ExternalId":"x-1"}`), true},
		"of a role":                    {asking(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, `"StringEquals":{"sts:ExternalId":"x-1"}`), true},
		"beside a service":             {asking(`{"Service":"ec2.amazonaws.com","AWS":"444455556666"}`, `"StringEquals":{"sts:ExternalId":"x-1"}`), true},
		"of two third parties":         {asking(`{"AWS":["444455556666","222233334444"]}`, `"StringEquals":{"sts:ExternalId":"x-1"}`), true},
		"another value":                {asking(root, `"StringEquals":{"sts:ExternalId":"x-2"}`), false},
		"a pattern":                    {asking(root, `"StringLike":{"sts:ExternalId":"x-*"}`), false},
		"a value that is refused":      {asking(root, `"StringNotEquals":{"sts:ExternalId":"x-1"}`), false},
		"another key":                  {asking(root, `"StringEquals":{"sts:RoleSessionName":"x-1"}`), false},
		"of anybody":                   {asking(`"*"`, `"StringEquals":{"sts:ExternalId":"x-1"}`), false},
		"a Deny":                       {strings.Replace(asking(root, `"StringEquals":{"sts:ExternalId":"x-1"}`), "Allow", "Deny", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := &Issuer{Value: "x-1", Party: parties}
			issuer.Learn(parsed(t, test.policy))
			issuer.begin()
			if _, ok := issuer.issue(other); ok == test.taken {
				t.Errorf("another third party gets it: %v", ok)
			}
			issuer.begin()
			if _, ok := issuer.issue(acme); !ok && test.taken {
				t.Error("its own third party does not get it")
			}
		})
	}
}

func TestExternalIDsAreMadeOnceForEachThirdPartyOfRandomBits(t *testing.T) {
	issuer := &Issuer{Generate: true, Party: parties}
	issuer.begin()
	if _, ok := issuer.issue(acme); ok {
		t.Fatal("one is there before it is made")
	}
	if !issuer.generate([]string{acme, acmeToo, other, "*"}) {
		t.Fatal("none is made")
	}
	first := map[string]string{}
	for _, account := range []string{acme, acmeToo, other, "*"} {
		value, ok := issuer.issue(account)
		bits, err := hex.DecodeString(value.Text)
		if !ok || err != nil || len(bits) != 16 { // 128 bits
			t.Errorf("%s gets %q", account, value.Text)
		}
		first[account] = value.Text
	}
	if first[acme] != first[acmeToo] || first[acme] == first[other] || first[other] == first["*"] {
		t.Errorf("made: %v", first)
	}
	if len(issuer.used) != 3 || issuer.used[0].Party != "Acme" || issuer.used[1].Party != "account "+other || issuer.used[2].Party != "callers of any account" {
		t.Errorf("told: %v", issuer.used)
	}
	issuer.begin()
	if !issuer.generate([]string{acme}) {
		t.Error("it is not there for the next role")
	}
	if value, _ := issuer.issue(acme); value.Text != first[acme] || len(issuer.used) != 1 {
		t.Errorf("the next role gets %q", value.Text)
	}
	if (&Issuer{}).generate([]string{acme}) {
		t.Error("one is made that nobody asked for")
	}
}

// Whatever is learned, listed, given and made, in whatever order: no external ID
// goes to two third parties.
func TestNoExternalIDGoesToTwoThirdParties(t *testing.T) {
	accounts := []string{acme, acmeToo, other, "222233334444", "*"}
	ids := []string{"x-1", "x-2", "x-3"}
	rapid.Check(t, func(t *rapid.T) {
		pick := func(list []string, label string) string { return rapid.SampledFrom(list).Draw(t, label) }
		issuer := &Issuer{Party: parties, Generate: rapid.Bool().Draw(t, "generate"), ByAccount: map[string]string{}}
		for range rapid.IntRange(0, 3).Draw(t, "listed") {
			issuer.ByAccount[pick(accounts[:4], "account")] = pick(ids, "id")
		}
		if rapid.Bool().Draw(t, "given") {
			issuer.Value = pick(ids, "value")
		}
		has := map[string]string{}
		hold := func(id, account string) {
			party := either(parties(account), account)
			if owner, known := has[id]; known && owner != party {
				t.Fatalf("%s has %s, and %s gets it", owner, id, party)
			}
			has[id] = party
		}
		for range rapid.IntRange(0, 2).Draw(t, "policies") {
			id, account := pick(ids, "id"), pick(accounts[:4], "account")
			issuer.Learn(parsed(t, asking(`{"AWS":"`+account+`"}`, `"StringEquals":{"sts:ExternalId":"`+id+`"}`)))
			if _, known := has[id]; !known {
				hold(id, account) // of several that have it already, it stays the first one's
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "roles") {
			issuer.begin()
			got := map[string]string{}
			failed := false
			for range rapid.IntRange(1, 3).Draw(t, "statements") {
				account := pick(accounts, "account")
				value, ok := issuer.issue(account)
				if !ok && issuer.generate([]string{account}) {
					value, ok = issuer.issue(account)
				}
				if failed = failed || !ok; ok {
					got[account] = value.Text
				}
			}
			if failed {
				issuer.release()
				continue
			}
			for account, id := range got {
				hold(id, account)
			}
		}
	})
}

func either(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
