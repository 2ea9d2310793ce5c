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
			"name": func(value *yaml.Node) error { return r.text(value, &party.Name, checkLabel) },
			"kind": func(value *yaml.Node) error { return r.text(value, &party.Kind, checkLabel) },
			"accounts": func(list *yaml.Node) error {
				return r.list(list, func(value *yaml.Node) error {
					var id string
					if err := r.text(value, &id, CheckAccount); err != nil {
						return err
					}
					if line, twice := lines[id]; twice {
						return r.fault(value, fmt.Sprintf("account %q stands here twice, first in line %d", id, line), "an account has one owner: keep one of them")
					}
					lines[id] = value.Line
					party.Accounts = append(party.Accounts, id)
					return nil
				})
			},
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
		return nil
	})
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
