package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/rcp"
	"countersign/internal/settings"
	"countersign/internal/waiver"
	"countersign/trust"
)

// question holds the flags that decide who is trusted and what else a verdict
// depends on. Every command that judges takes them.
type question struct {
	account              string
	organization         string
	zone                 string
	trusted              []string
	trustedOrganizations []string
	rcpFiles             []string
	at                   time.Time
	config               string
}

const (
	zoneAccount      = "account"
	zoneOrganization = "organization"
)

func (q *question) register(flags *pflag.FlagSet) {
	q.zone = zoneAccount
	group := inGroup(flags, "Zone of trust")
	group(&words{&q.trusted, "ID[,ID]", settings.CheckAccount}, "trust-account", "trust these accounts beside the role's own")
	group(&words{&q.trustedOrganizations, "ID[,ID]", settings.CheckOrganization}, "trust-org", "trust principals that AWS shows to be of these organizations")
	group(&word{&q.zone, "account|organization", oneOf(zoneAccount, zoneOrganization)}, "zone", "where the own zone ends: at the account, or at the organization of --org-id")
	group(&word{&q.organization, "ID", settings.CheckOrganization}, "org-id", "the organization that the roles' account belongs to")
	group(&word{&q.account, "ID", settings.CheckAccount}, "account", "the roles' account, for files that do not tell it")
	group(&words{&q.rcpFiles, "FILE[,FILE]", notEmpty}, "rcp", "resource control policies that bind the roles' account")
	group(&moment{&q.at}, "at", "judge as of this time instead of now")
	group(&word{&q.config, "FILE", notEmpty}, "config", "settings; default: the nearest countersign.yaml up to the top of the git repository")
}

// settle joins flags and settings file. The flags add to the file's zone.
func (q *question) settle() (settings.Settings, audit.Options, error) {
	found, err := q.load()
	if err != nil {
		return settings.Settings{}, audit.Options{}, err
	}
	if q.account != "" {
		found.Account = q.account
	}
	if q.organization != "" {
		found.Organization = q.organization
	}
	for _, id := range q.trusted {
		found.Accounts = append(found.Accounts, settings.Account{ID: id})
	}
	for _, id := range q.trustedOrganizations {
		found.Organizations = append(found.Organizations, settings.Organization{ID: id})
	}
	if q.zone == zoneOrganization {
		if found.Organization == "" {
			return found, audit.Options{}, &misuse{
				"--zone organization: which organization is not known",
				"name it with --org-id o-…; AWS tells it by: aws organizations describe-organization",
			}
		}
		found.Organizations = append(found.Organizations, settings.Organization{ID: found.Organization})
	}
	rcps, err := q.readRCPs()
	if err != nil {
		return found, audit.Options{}, err
	}
	return found, audit.Options{
		Zone:         found.Zone,
		Account:      found.Account,
		Organization: found.Organization,
		RCPs:         rcps,
		Now:          q.now(),
		Severities:   found.Severities,
		Parties:      owners(found),
		Waivers:      waiver.New(found.Waivers, found.Inline, q.now()),
	}, nil
}

func (q *question) load() (settings.Settings, error) {
	path := q.config
	if path == "" {
		var err error
		if path, err = settings.Find("."); err != nil || path == "" {
			return settings.Settings{}, err
		}
		path = fromHere(path)
	}
	found, err := settings.Load(path)
	return found, asMisuse(err)
}

func (q *question) now() time.Time {
	if q.at.IsZero() {
		return time.Now()
	}
	return q.at
}

func (q *question) readRCPs() (policies []*trust.Policy, err error) {
	for _, path := range q.rcpFiles {
		file, err := os.Open(path)
		if err != nil {
			return nil, &misuse{fmt.Sprintf("--rcp: cannot read %s: %s", path, cause(err)), ""}
		}
		more, err := rcp.Read(path, file)
		file.Close()
		if err != nil {
			return nil, asMisuse(err)
		}
		policies = append(policies, more...)
	}
	return policies, nil
}

// fromHere names a file as seen from the current directory, where that is known.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil {
		return relative
	}
	return path
}
