package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/waiver"
)

// Stated is one setting in effect, as text, with its place. Line is 0 for what
// nobody has said.
type Stated struct {
	Key   string
	Value string
	Origin
}

// hiddenID stands in for an external ID, as in reports.
const hiddenID = "«redacted»"

// List lists the settings in effect, in the order of docs/configuration.md.
// External IDs are hidden unless they are asked for.
func (s Settings) List(showExternalIDs bool) []Stated {
	var list []Stated
	add := func(key, value string, at Origin) { list = append(list, Stated{key, value, at}) }
	if s.Account != "" {
		add("account", s.Account, s.Origins.Account)
	}
	if s.Organization != "" {
		add("organization", s.Organization, s.Origins.Organization)
	}
	for i, one := range s.Accounts {
		text := named(one.ID, one.Name)
		if len(one.Roles) > 0 {
			text += " for the roles " + strings.Join(one.Roles, ", ")
		}
		add("zone.accounts", text, s.Origins.Accounts[i])
	}
	for i, one := range s.Organizations {
		add("zone.organizations", named(one.ID, one.Name), s.Origins.Organizations[i])
	}
	for i, one := range s.ThirdParties {
		add("third_parties", named(one.Name, one.Kind)+": "+strings.Join(one.Accounts, ", "), s.Origins.ThirdParties[i])
	}
	for i, one := range s.ExternalIDs {
		id := hiddenID
		if showExternalIDs {
			id = one.ID
		}
		add("external_ids", strings.Join(one.Accounts, ", ")+": "+id, s.Origins.ExternalIDs[i])
	}
	for _, key := range slices.Sorted(maps.Keys(s.Severities)) {
		add("severities", key+": "+s.Severities[key].String(), s.Origins.Severities[key])
	}
	for i := range s.Waivers {
		one := &s.Waivers[i]
		add("waivers", waiverText(one), Origin{one.Path, one.Line})
	}
	add("inline.comments", fmt.Sprint(s.Inline.AllowsComments()), s.Origins.Comments)
	add("inline.tags", fmt.Sprint(s.Inline.AllowsTags()), s.Origins.Tags)
	return list
}

// named is an id with what people call it.
func named(id, name string) string {
	if name == "" {
		return id
	}
	return id + " (" + name + ")"
}

func waiverText(w *waiver.Waiver) string {
	text := w.Rule
	if w.Role != "" {
		text += " on " + w.Role
	}
	if w.Tag != nil {
		text += " with tag " + w.Tag.Key + "=" + w.Tag.Value
	}
	if w.Account != "" {
		text += " of account " + w.Account
	}
	if len(w.Party) > 0 {
		text += " for " + strings.Join(w.Party, ", ")
	}
	return text + " until " + w.Until.Format(time.DateOnly) + " by " + w.Owner + ": " + w.Reason
}
