// Package thirdparty tells who owns an AWS account: from a list that is built
// in, and from what the user says. A name is a fact about an account, never a
// judgement: no verdict, severity or exit code depends on it.
package thirdparty

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"countersign/trust"
)

// Kinds of owners that the built-in list tells apart. A user may write other
// ones.
const (
	Vendor = "vendor"
	AWS    = "aws" // the own account of an AWS service
)

// Sources of a name.
const (
	Settings = "settings"
	list     = "known_aws_accounts"
)

// Party is the owner of an account.
type Party struct {
	Name   string
	Kind   string // Vendor, AWS or the user's word; may be empty where the user named it
	Source string // where the name comes from
	// Seen is the date of the list, as 2006-01-02; empty for the user's names.
	Seen    string
	Retired bool // the owner does not use the account any more
}

// Origin is where the name comes from, with the date of the list.
func (p Party) Origin() string { return strings.TrimSpace(p.Source + " " + p.Seen) }

// String is the name with what is known of it, for people.
func (p Party) String() string {
	var about []string
	switch p.Kind {
	case "":
	case AWS:
		about = append(about, "AWS")
	default:
		about = append(about, p.Kind)
	}
	if p.Retired {
		about = append(about, "retired")
	}
	return p.Name + " (" + strings.Join(append(about, "per "+p.Origin()), ", ") + ")"
}

// Owner is what a user says of accounts.
type Owner struct {
	Name, Kind string // Kind may be empty
	Accounts   []string
}

// Directory knows owners. The nil Directory knows the built-in list.
type Directory struct{ named map[string]Party }

// New returns a directory in which the user's owners go before the built-in
// list, and earlier owners before later ones.
func New(owners []Owner) *Directory {
	named := map[string]Party{}
	for _, owner := range owners {
		for _, account := range owner.Accounts {
			if _, taken := named[account]; !taken {
				named[account] = Party{Name: owner.Name, Kind: owner.Kind, Source: Settings}
			}
		}
	}
	return &Directory{named}
}

// Lookup returns the owner of an account, and whether one is known.
func (d *Directory) Lookup(account string) (Party, bool) {
	if d != nil {
		if party, ok := d.named[account]; ok {
			return party, true
		}
	}
	party, ok := known()[account]
	return party, ok
}

// AWSServiceAccount is the code of the warning that an AWS service's own
// account is among the outsiders of a role.
const AWSServiceAccount = "aws-service-account"

// Warnings points out accounts of AWS services among outsiders. AWS publishes
// these ids for policies of buckets, keys, topics and endpoints; a role is
// assumed by a service principal (IAM User Guide, "Create a role to delegate
// permissions to an AWS service").
func (d *Directory) Warnings(outsiders []trust.Outsider) []trust.Warning {
	var list []trust.Warning
	said := map[string]bool{}
	for _, outsider := range outsiders {
		party, ok := d.Lookup(outsider.Account)
		if !ok || party.Kind != AWS || said[outsider.Account] {
			continue
		}
		said[outsider.Account] = true
		list = append(list, trust.Warning{
			Code: AWSServiceAccount, Statement: outsider.Statement, Range: outsider.Range,
			Message: fmt.Sprintf("%s is an account of AWS itself, %s, which is unusual here: an AWS service assumes a role by its service principal",
				outsider.Account, party),
		})
	}
	return list
}

//go:embed accounts.tsv
var accounts string

// known is the built-in list. Most runs never ask for it.
var known = sync.OnceValue(func() map[string]Party { return parse(accounts) })

// parse reads the list: comments, of which one tells the date, a heading, and
// one account a line. A test holds the file to that.
func parse(text string) map[string]Party {
	found := make(map[string]Party, strings.Count(text, "\n"))
	seen := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if date, ok := strings.CutPrefix(line, "# seen "); ok {
			seen = date
		}
		fields := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(fields) != 5 || fields[0] == "account_id" {
			continue
		}
		found[fields[0]] = Party{Name: fields[1], Kind: fields[2], Source: list, Seen: seen, Retired: fields[4] == "retired"}
	}
	return found
}
