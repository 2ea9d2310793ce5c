package spelling_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/spelling"
)

func TestNearest(t *testing.T) {
	keys := []string{"account", "organization", "severities", "zone"}
	for name, test := range map[string]struct {
		word string
		want []string
	}{
		"a dropped letter":            {"acount", []string{"account"}},
		"an added letter":             {"zones", []string{"zone"}},
		"two swapped letters":         {"severitise", []string{"severities"}},
		"another spelling":            {"organisation", []string{"organization"}},
		"another letter case":         {"Zone", []string{"zone"}},
		"something else":              {"waivers", nil},
		"the empty word":              {"", nil},
		"a word of hostile length":    {strings.Repeat("a", 1<<20), nil},
		"a short word wholly changed": {"abcd", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, spelling.Nearest(test.word, keys, 1)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNearestPutsTheClosestFirst(t *testing.T) {
	got := spelling.Nearest("deploy-prod", []string{"deploy-test", "deploy-prof", "Deploy-prod", "billing"}, 2)
	if diff := cmp.Diff([]string{"Deploy-prod", "deploy-prof"}, got); diff != "" {
		t.Error(diff)
	}
}
