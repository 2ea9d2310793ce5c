package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/settings"
	"countersign/internal/source/awslive"
	"countersign/internal/source/awslive/snapshot"
	"countersign/trust"
)

// live holds the flags of a scan that asks AWS.
type live struct {
	wanted, organization   bool
	profile, region        string
	roleName, externalID   string
	accounts, exclude, ous []string
	noRCPs                 bool
	save, resume           string
}

func (l *live) register(flags *pflag.FlagSet) {
	const heading = "AWS"
	say, group := switchInGroup(flags, heading), inGroup(flags, heading)
	text := func(into *string, name, kind, usage string) { group(&word{into, kind, notEmpty}, name, usage) }
	say(&l.wanted, "live", "read the account of the current AWS credentials instead of files")
	say(&l.organization, "org", "with --live: read every account of its organization")
	text(&l.profile, "profile", "NAME", "the profile of the AWS configuration to use")
	text(&l.region, "region", "NAME", "the AWS Region to ask in")
	text(&l.roleName, "role-name", "NAME", "with --org: the role to assume in each account; default "+awslive.DefaultRoleName)
	text(&l.externalID, "role-external-id", "VALUE", "with --org: the external ID that this role asks for")
	group(&words{&l.accounts, "ID[,ID]", settings.CheckAccount}, "accounts", "with --org: only these accounts")
	group(&words{&l.exclude, "ID[,ID]", settings.CheckAccount}, "exclude-accounts", "with --org: not these accounts")
	group(&words{&l.ous, "ID[,ID]", notEmpty}, "ou", "with --org: only accounts under these organizational units, at any depth")
	say(&l.noRCPs, "no-rcp", "with --org: leave the organization's resource control policies out")
	text(&l.save, "save", "DIR", "with --live: keep the answers of AWS, for scans of the directory without AWS")
	text(&l.resume, "resume", "DIR", "with --live: go on with the run that was kept there, or begin to keep one")
}

// liveFlags are the flags of AWS.
var liveFlags = []string{
	"live", "org", "profile", "region", "role-name", "role-external-id", "accounts", "exclude-accounts", "ou", "no-rcp", "save", "resume",
}

// hide takes the flags out of the help of a command that reads files only.
func (l *live) hide(flags *pflag.FlagSet) {
	for _, name := range liveFlags {
		flags.Lookup(name).Hidden = true
	}
}

// check refuses flags that contradict each other or would do nothing. Some may
// be used by others.
func (l *live) check(flags *pflag.FlagSet, paths, used []string) error {
	needs := func(flag string, names ...string) error {
		for _, name := range names {
			if flags.Changed(name) && !slices.Contains(used, name) {
				return &misuse{fmt.Sprintf("--%s is for --%s", name, flag), "add --" + flag + ", or leave --" + name + " out"}
			}
		}
		return nil
	}
	switch {
	case !l.wanted:
		return needs("live", liveFlags[1:]...)
	case len(paths) > 0:
		return &misuse{"--live reads from AWS, and paths were given too", "scan files and AWS in two runs"}
	case l.save != "" && l.resume != "":
		return &misuse{"--save and --resume exclude each other", "--resume keeps the answers, too"}
	case !l.organization:
		return needs("org", "role-name", "role-external-id", "accounts", "exclude-accounts", "ou", "no-rcp")
	}
	return nil
}

// open asks AWS who is there, and returns what the audit is to read.
func (l *live) open(ctx context.Context, q *question, concurrency int, note func(awslive.Note)) (*supply, error) {
	session, err := awslive.Open(ctx, awslive.Options{
		Profile: l.profile, Region: l.region,
		RoleName: l.roleName, RoleExternalID: l.externalID,
		Accounts: l.accounts, ExcludeAccounts: l.exclude, OUs: l.ous, NoRCPs: l.noRCPs,
		Concurrency: concurrency, Save: l.save, Resume: l.resume, Note: note,
	})
	if err != nil {
		return nil, err
	}
	organization, gaps, err := l.surroundings(ctx, session, q, note)
	if err != nil {
		return nil, err
	}
	var from *awslive.Source
	if l.organization {
		from, err = session.Members(organization, gaps)
	} else {
		from, err = session.Account(organization)
	}
	if err != nil {
		return nil, err
	}
	found := &supply{state: liveState(session.Progress), session: session}
	found.within(organization)
	found.sources = append(found.sources, from)
	return found, nil
}

// surroundings reads the organization: all of it where it is to be read or to
// be trusted, else as much as a member account may ask.
func (l *live) surroundings(ctx context.Context, session *awslive.Session, q *question, note func(awslive.Note)) (*snapshot.Organization, []audit.Incomplete, error) {
	if l.organization || q.zone == zoneOrganization {
		return session.Organization(ctx)
	}
	own, err := session.Own(ctx)
	account := session.Caller.Account
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil, err
	case err != nil:
		note(awslive.Note{Account: account, Text: fmt.Sprintf("the organization of account %s is not known: %v", account, err)})
	case own != nil && own.ManagementAccount != account && len(q.rcpFiles) == 0:
		note(awslive.Note{Account: account, Text: fmt.Sprintf("the resource control policies of organization %s were not read; --org reads them, --rcp takes them from a file", own.ID)})
	}
	return own, nil, nil
}

// noting returns what tells notes on stderr, beside the bar if there is one.
func (c *command) noting(j *judgement, meter *meter) func(awslive.Note) {
	out := meter.beside(c.streams.Err)
	return func(note awslive.Note) {
		if !j.quiet {
			fmt.Fprintf(out, "note: %s\n", printable(note.Text))
		}
	}
}

// kept opens the directory of kept answers among paths. Its organization holds
// for its own roles only, so it is judged alone.
func kept(paths []string) (*supply, error) {
	if len(paths) > 1 {
		return nil, &misuse{"answers kept by --save are scanned alone", "scan the directory and the other paths in two runs"}
	}
	snap, err := snapshot.Open(paths[0])
	if err != nil {
		return nil, err
	}
	found := &supply{bytes: snap.Progress, close: snap.Close}
	found.within(snap.Organization)
	found.sources = append(found.sources, snap)
	return found, nil
}

// supply is what an audit reads, with what its sources tell of the
// organization.
type supply struct {
	sources      []audit.Source
	organization *snapshot.Organization // nil when not known
	bind         func(*role.Role) []*trust.Policy
	bytes        func() (read, total int64)
	state        func(seconds float64) string // in place of bytes
	close        func() error
	session      *awslive.Session // nil unless AWS is read
}

// done closes what was opened.
func (s *supply) done() {
	if s.close != nil {
		_ = s.close() // it was read only
	}
}

// within takes over what is known of the organization.
func (s *supply) within(organization *snapshot.Organization) {
	if organization == nil {
		return
	}
	bind, gaps := organization.Controls()
	s.organization, s.bind = organization, bind
	if len(gaps) > 0 {
		s.sources = append(s.sources, missing(gaps))
	}
}

// join adds what is known of the organization to the settings, which flags and
// file go before, and to what roles are judged by.
func (s *supply) join(q *question) (settings.Settings, audit.Options, error) {
	if s.organization != nil && q.organization == "" {
		q.organization = s.organization.ID
	}
	found, options, err := q.settle()
	if err != nil || s.organization == nil {
		return found, options, err
	}
	options.RCPsFor = s.bind
	if members := s.organization.Members(); len(members) > 0 && found.Organization == s.organization.ID {
		options.Members = members
	}
	if q.zone != zoneOrganization || found.Organization != s.organization.ID {
		return found, options, nil
	}
	members := s.organization.Members()
	trusted := found.Zone
	options.Zone = func(subject *role.Role) trust.Zone {
		zone := trusted(subject)
		if len(zone.Accounts) == 0 {
			zone.Accounts = members // the same slice for all, which the audit sees
		} else {
			zone.Accounts = append(zone.Accounts, members...)
		}
		return zone
	}
	return found, options, nil
}

// missing is a source of nothing but what is missing.
type missing []audit.Incomplete

// Roles implements audit.Source.
func (m missing) Roles(_ context.Context, _ func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	for _, gap := range m {
		incomplete(gap)
	}
	return nil
}

// liveState spells how far a session has come.
func liveState(progress func() awslive.Progress) func(seconds float64) string {
	return func(seconds float64) string {
		p := progress()
		text := fmt.Sprintf("%d roles · %.0f roles/s", p.Roles, float64(p.Roles)/max(seconds, 1e-3))
		if p.Accounts > 1 {
			text = fmt.Sprintf("%d of %d accounts · %s", p.AccountsDone, p.Accounts, text)
			if p.AccountsDone > 0 && p.AccountsDone < p.Accounts {
				left := seconds / float64(p.AccountsDone) * float64(p.Accounts-p.AccountsDone)
				text += fmt.Sprintf(" · about %.0f s left", left)
			}
		}
		if p.Throttled > 0 {
			text += fmt.Sprintf(" · AWS throttled %d of %d calls", p.Throttled, p.Calls)
		}
		return text
	}
}

// hintOf returns the hint that an error carries.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
