package cloudformation

import (
	"strings"
	"testing"
)

func TestTemplatesInTheStyleOfVendors(t *testing.T) {
	for _, test := range []struct {
		file       string
		parameters map[string]string
		want       []string
		places     []string // lines and texts of the first reasons
	}{
		{"monitoring.yaml", nil, []string{"ReaderRole pass (default)", "ForwarderRole not-applicable (default)"}, []string{"", ""}},
		{"monitoring.yaml", map[string]string{"VendorAccountId": own, "Permissions": "Core"}, []string{"ReaderRole not-applicable"}, []string{""}},
		{"monitoring.yaml", map[string]string{"ExternalId": ""}, []string{"ReaderRole fail (default)", "ForwarderRole not-applicable (default)"}, []string{`38:17 "sts:ExternalId": !Ref ExternalId`, ""}},
		{"scanner.yaml", nil, []string{"OptionalRole fail (default)", "PatternRole fail", "OrganizationRole fail", "PeopleRole pass"}, []string{
			"8:15 arn:aws:iam::444455556666:role/scanner", "56:17 sts:ExternalId: scan-*", "68:30 'aws:PrincipalOrgID': o-exampleorg1", ""}},
		{"scanner.yaml", map[string]string{"ExternalId": "9f86d081-884c"}, []string{"OptionalRole pass (default)", "PatternRole fail", "OrganizationRole fail", "PeopleRole pass"}, nil},
	} {
		r := readFile(t, "testdata/vendors", test.file, Options{Account: own, Parameters: test.parameters})
		if got, want := r.said(), strings.Join(test.want, "; "); got != want || len(r.incomplete) > 0 {
			t.Errorf("%s: got %q, %v, want %q", test.file, got, r.incomplete, want)
			continue
		}
		for i, want := range test.places {
			if got := r.roles[i].at(); got != want {
				t.Errorf("%s: %s at %q, want %q", test.file, r.roles[i].Source.Address, got, want)
			}
		}
	}
}
