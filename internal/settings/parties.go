package settings

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// thirdParties reads the owners of accounts. An account has one owner.
func (r reader) thirdParties(node *yaml.Node, into *Settings) error {
	lines := map[string]int{}
	return r.list(node, func(item *yaml.Node) error {
		var party ThirdParty
		err := r.mapping(item, fields{
			"name":     func(value *yaml.Node) error { return r.text(value, &party.Name, checkLabel) },
			"kind":     func(value *yaml.Node) error { return r.text(value, &party.Kind, checkLabel) },
			"accounts": func(list *yaml.Node) error { return r.owned(list, lines, &party.Accounts) },
		})
		switch {
		case err != nil:
			return err
		case party.Name == "":
			return r.fault(item, "a third party without name", "add name: what reports shall call it")
		case len(party.Accounts) == 0:
			return r.fault(item, "a third party without accounts", `add accounts: ["444455556666"]`)
		}
		into.ThirdParties = append(into.ThirdParties, party)
		into.Origins.ThirdParties = append(into.Origins.ThirdParties, r.origin(item))
		return nil
	})
}

// owned reads accounts of which each has one owner. lines holds where those
// before stand.
func (r reader) owned(list *yaml.Node, lines map[string]int, into *[]string) error {
	return r.list(list, func(value *yaml.Node) error {
		var id string
		if err := r.text(value, &id, CheckAccount); err != nil {
			return err
		}
		if line, twice := lines[id]; twice {
			return r.fault(value, fmt.Sprintf("account %q stands here twice, first in line %d", id, line), "an account has one owner: keep one of them")
		}
		lines[id] = value.Line
		*into = append(*into, id)
		return nil
	})
}

// externalIDs reads what third parties issued. An external ID is shown in no
// message.
func (r reader) externalIDs(node *yaml.Node, into *Settings) error {
	r.secretive = true
	accounts, ids := map[string]int{}, map[string]int{}
	return r.list(node, func(item *yaml.Node) error {
		var one ExternalID
		err := r.mapping(item, fields{
			"accounts": func(list *yaml.Node) error { return r.owned(list, accounts, &one.Accounts) },
			"id": func(value *yaml.Node) error {
				if err := r.text(value, &one.ID, CheckExternalID); err != nil {
					return err
				}
				if line, twice := ids[one.ID]; twice {
					return r.fault(value, fmt.Sprintf("the external ID stands here twice, first in line %d", line), "an external ID serves one third party: list its accounts together")
				}
				ids[one.ID] = value.Line
				return nil
			},
		})
		switch {
		case err != nil:
			return err
		case one.ID == "":
			return r.fault(item, "an entry without id", "add id: the external ID that the third party issued")
		case len(one.Accounts) == 0:
			return r.fault(item, "an external ID without accounts", `add accounts: ["444455556666"], those of the third party that issued it`)
		}
		into.ExternalIDs = append(into.ExternalIDs, one)
		into.Origins.ExternalIDs = append(into.Origins.ExternalIDs, r.origin(item))
		return nil
	})
}

// CheckExternalID accepts what a caller can send (STS API Reference, AssumeRole,
// ExternalId).
func CheckExternalID(text string) error {
	legal := func(c rune) bool {
		return c < 128 && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("_+=,.@:/-", c))
	}
	if len(text) < 2 || len(text) > 1224 || strings.IndexFunc(text, func(c rune) bool { return !legal(c) }) >= 0 {
		return &Error{"the value is no external ID that a caller can send", "an external ID has 2 to 1,224 letters, digits and characters of _+=,.@:/-"}
	}
	return nil
}

// longestLabel bounds what a name takes of every line that it stands in.
const longestLabel = 100

// checkLabel accepts a name that fits on a line.
func checkLabel(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &Error{"is empty", ""}
	case len([]rune(text)) > longestLabel:
		return &Error{fmt.Sprintf("is longer than %d characters", longestLabel), ""}
	case strings.ContainsFunc(text, unicode.IsControl):
		return &Error{"has a line break or a control character in it", ""}
	}
	return nil
}
