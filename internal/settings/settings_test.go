package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"countersign/internal/role"
	"countersign/internal/settings"
	"countersign/trust"
)

func TestZone(t *testing.T) {
	vendor := settings.Account{ID: "444455556666"}
	limited := settings.Account{ID: "777788889999", Roles: []string{"deploy-*", "Auditor"}}
	for name, test := range map[string]struct {
		accounts []settings.Account
		role     role.Role
		want     []string
	}{
		"nobody is trusted by default":                     {nil, role.Role{Name: "a"}, nil},
		"an account without roles is trusted for all":      {[]settings.Account{vendor}, role.Role{Name: "a"}, []string{"444455556666"}},
		"an account is trusted for a role by name":         {[]settings.Account{limited}, role.Role{Name: "Auditor"}, []string{"777788889999"}},
		"the letter case of a role's name counts":          {[]settings.Account{limited}, role.Role{Name: "auditor"}, nil},
		"a star stands for the end of a name":              {[]settings.Account{limited}, role.Role{Name: "deploy-web"}, []string{"777788889999"}},
		"a star may stand for nothing":                     {[]settings.Account{limited}, role.Role{Name: "deploy-"}, []string{"777788889999"}},
		"a name that only contains the pattern is another": {[]settings.Account{limited}, role.Role{Name: "pre-deploy-web"}, nil},
		"a role without a name is not meant by a pattern":  {[]settings.Account{limited}, role.Role{}, nil},
		"the role's own account is not listed":             {[]settings.Account{vendor}, role.Role{Account: "444455556666"}, nil},
		"an account that is named twice is listed once":    {[]settings.Account{vendor, vendor}, role.Role{}, []string{"444455556666"}},
		"the wider of two entries for an account counts": {
			[]settings.Account{{ID: "777788889999", Roles: []string{"x"}}, {ID: "777788889999"}}, role.Role{Name: "a"}, []string{"777788889999"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			zone := settings.Settings{Accounts: test.accounts}.Zone(&test.role)
			if diff := cmp.Diff(test.want, zone.Accounts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestZoneHoldsOrganizationsForEveryRole(t *testing.T) {
	s := settings.Settings{Organizations: []settings.Organization{{ID: "o-aaaaaaaaaa"}, {ID: "o-bbbbbbbbbb", Name: "b"}, {ID: "o-aaaaaaaaaa"}}}
	if diff := cmp.Diff(trust.Zone{Organizations: []string{"o-aaaaaaaaaa", "o-bbbbbbbbbb"}}, s.Zone(&role.Role{Name: "any"})); diff != "" {
		t.Error(diff)
	}
}

// A pattern made from a name by putting stars for parts of it matches the name.
func TestPatternsMatchWhatTheyWereMadeFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab]{0,3}`), 1, 5).Draw(t, "parts")
		var pattern, name strings.Builder
		for i, part := range parts {
			name.WriteString(part)
			if rapid.Bool().Draw(t, "star") {
				pattern.WriteString("*")
			} else {
				pattern.WriteString(parts[i])
			}
		}
		s := settings.Settings{Accounts: []settings.Account{{ID: "444455556666", Roles: []string{pattern.String()}}}}
		if len(s.Zone(&role.Role{Name: name.String()}).Accounts) != 1 {
			t.Fatalf("%q does not match %q", pattern.String(), name.String())
		}
	})
}

func TestHostilePatternsEnd(t *testing.T) {
	pattern := strings.Repeat("*a", 4_000) + "b"
	s := settings.Settings{Accounts: []settings.Account{{ID: "444455556666", Roles: []string{pattern}}}}
	if got := s.Zone(&role.Role{Name: strings.Repeat("a", 8_000)}).Accounts; got != nil {
		t.Errorf("a name without b matched: %v", got)
	}
}

func TestNames(t *testing.T) {
	s := settings.Settings{
		Accounts:      []settings.Account{{ID: "444455556666", Name: "tools"}, {ID: "777788889999"}},
		Organizations: []settings.Organization{{ID: "o-aaaaaaaaaa", Name: "group"}},
	}
	if diff := cmp.Diff(map[string]string{"444455556666": "tools", "o-aaaaaaaaaa": "group"}, s.Names()); diff != "" {
		t.Error(diff)
	}
}
