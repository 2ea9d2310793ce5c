package report

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/thirdparty"
	"countersign/trust"
)

// partiesSchemaName names the contract of
// docs/schema/countersign.third-parties.v1.json.
const partiesSchemaName = "countersign.third-parties/v1"

type partyEntry struct {
	Label     string      `json:"label"`
	Name      *string     `json:"name"`
	Kind      *string     `json:"kind"`
	Source    *string     `json:"source"`
	Accounts  []string    `json:"accounts"`
	Unguarded bool        `json:"unguarded"`
	Roles     []partyRole `json:"roles"`
}

type partyRole struct {
	Fingerprint string        `json:"fingerprint"`
	ARN         *string       `json:"arn"`
	Name        string        `json:"name"`
	Account     *string       `json:"account"`
	Path        *string       `json:"path"`
	Address     *string       `json:"address"`
	Verdict     trust.Outcome `json:"verdict"`
	Severity    string        `json:"severity"`
	Unguarded   bool          `json:"unguarded"`
	Protection  []string      `json:"protection"`
	ExternalIDs int           `json:"external_ids"`
	Shared      []int         `json:"shared_external_ids"`
	LastUsed    *lastUsed     `json:"last_used"`
	Privilege   *mayDo        `json:"privilege"`
}

type sharedID struct {
	Group        int      `json:"group"`
	ThirdParties []string `json:"third_parties"`
	Roles        []string `json:"roles"`
}

type partiesSummary struct {
	ThirdParties int `json:"third_parties"`
	Unguarded    int `json:"unguarded"`
	Roles        int `json:"roles"`
	RolesJudged  int `json:"roles_judged"`
	Unknown      int `json:"unknown"`
	Error        int `json:"error"`
}

// json writes one document, one third party a line.
func (p *partiesWriter) json(entries []*thirdparty.Entry, shared []thirdparty.Shared, s audit.Summary) error {
	e := newEncoder(p.w, p.options)
	e.text(`{"schema":"` + partiesSchemaName + `","tool":`)
	e.value(tool{"countersign", p.options.Version})
	e.text(`,"zone":`)
	e.value(newZone(p.options.Zone))
	e.text(",\n\"third_parties\":[")
	for i, entry := range entries {
		if i > 0 {
			e.text(",")
		}
		e.text("\n")
		e.value(newPartyEntry(entry))
	}
	e.text("\n],\n\"shared_external_ids\":")
	e.value(newShared(shared))
	e.text(",\n\"summary\":")
	e.value(partiesSummary{len(entries), unguarded(entries), p.Roles(), s.Roles, s.Unknown, s.Error})
	e.text(",\n\"incomplete\":")
	e.value(newIncomplete(s.Incomplete))
	e.text("}\n")
	return e.flush()
}

func newPartyEntry(entry *thirdparty.Entry) partyEntry {
	made := partyEntry{
		Label: entry.Label, Name: orNull(entry.Party.Name), Kind: orNull(entry.Party.Kind), Source: orNull(entry.Party.Origin()),
		Accounts: entry.Accounts, Unguarded: entry.Unguarded,
	}
	for _, a := range entry.Roles {
		made.Roles = append(made.Roles, partyRole{
			Fingerprint: a.Fingerprint, ARN: orNull(a.ARN), Name: a.Name, Account: orNull(a.Account),
			Path: orNull(a.Path), Address: orNull(a.Address),
			Verdict: a.Verdict, Severity: a.Severity.String(), Unguarded: a.Unguarded, Protection: a.Protection,
			ExternalIDs: a.ExternalIDs, Shared: a.Shared, LastUsed: newLastUsed(a.LastUsed),
			Privilege: newMayDo(a.Privilege),
		})
	}
	return made
}

func newShared(all []thirdparty.Shared) []sharedID {
	var made []sharedID
	for _, one := range all {
		next := sharedID{Group: one.Group}
		for _, entry := range one.Parties {
			next.ThirdParties = append(next.ThirdParties, entry.Label)
		}
		for i := range one.Roles {
			next.Roles = append(next.Roles, one.Roles[i].Fingerprint)
		}
		made = append(made, next)
	}
	return made
}

func newLastUsed(used role.LastUsed) *lastUsed {
	if !used.Known {
		return nil
	}
	made := &lastUsed{}
	if !used.At.IsZero() {
		at := used.At.UTC()
		made.At = &at
	}
	return made
}

// partiesHeader are the columns of CSV. Columns are added at the end only.
var partiesHeader = []string{
	"third_party", "kind", "source", "accounts",
	"role", "arn", "role_account", "path", "address", "fingerprint",
	"verdict", "severity", "unguarded", "protection", "external_ids", "shared_external_ids", "last_used",
}

// csv writes RFC 4180: a header, then one record for each role of each third
// party.
func (p *partiesWriter) csv(entries []*thirdparty.Entry, _ []thirdparty.Shared, _ audit.Summary) error {
	writer := csv.NewWriter(p.w)
	writer.UseCRLF = true
	if err := writer.Write(partiesHeader); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	for _, entry := range entries {
		for i := range entry.Roles {
			a := &entry.Roles[i]
			record := []string{
				entry.Label, entry.Party.Kind, entry.Party.Origin(), joinedList(entry.Accounts),
				a.Title, a.ARN, a.Account, a.Path, a.Address, a.Fingerprint,
				string(a.Verdict), a.Severity.String(), strconv.FormatBool(a.Unguarded), joinedList(a.Protection),
				strconv.Itoa(a.ExternalIDs), strings.ReplaceAll(groupsOf(a.Shared), ",", ";"), lastUsedOf(&result{LastUsed: newLastUsed(a.LastUsed)}),
			}
			for i := range record {
				record[i] = csvCell(record[i])
			}
			if err := writer.Write(record); err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
		}
	}
	writer.Flush()
	return writer.Error()
}
