package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/fix"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/trust"
)

// fixing holds the flags of fix.
type fixing struct {
	judgement
	demand   demand
	changing changing
	roles    []string
	write    bool
	check    bool
	apply    bool
	as       string // the form of a remedy; empty for a diff
	weighing weighing
}

func (c *command) fix() *cobra.Command {
	var flags fixing
	command := &cobra.Command{
		Use:   "fix [PATH ...] | fix --live [ROLE ...]",
		Short: "close the roles that are open, with a proof, as a diff or in the files",
		Long: `Finds the smallest change of each open role's trust policy that lets outsiders in
with the countersign only, and prints it as a diff; --write edits the files. Each
change is proved: nobody inside the zone of trust, no service and no federated
caller is affected, and whoever got in before gets in with the countersign, or is
named. What is edited is read again, and stays as it was unless it passes.

With --live the roles are those of AWS, of which some may be named; --apply changes
them, one after the other, and countersign undo takes that back.

Whether those who assume a role today comply with the change CloudTrail tells: with
--log, or with --live --evidence, each change is said to be safe, breaking or
unproven, and --apply refuses what is breaking.

With --as the whole remedy of one role is printed instead: its new trust policy,
commands, a template that adopts the role, or steps in the console.`,
		Example: `  countersign fix --external-id "$ID" infrastructure/
  countersign fix --external-id "$ID" --write infrastructure/
  countersign fix --require mfa --role OpsAccess infrastructure/
  countersign fix --generate-external-id --role Exporter policy.json
  countersign fix --external-id "$ID" --role Exporter --as terraform account.json
  countersign fix --external-id "$ID" --account 111122223333 --log AWSLogs/ infrastructure/
  countersign fix --live --external-id "$ID" --evidence VendorAccess
  countersign fix --live --external-id "$ID" --evidence --apply VendorAccess`,
		Annotations: map[string]string{judges: fixCodes},
		RunE: func(command *cobra.Command, args []string) error {
			return c.repair(command.Context(), &flags, args)
		},
	}
	flags.register(command)
	return command
}

const fixCodes = `  0  every open role is closed by what was printed or written, or none is open
  1  some role stays open, also since --apply refused a breaking change; with
     --check also when a change would be made
  2  wrong use: a flag, a role's name or the settings are wrong, nothing was done
  3  incomplete: something could not be read or judged
A role that stays open wins over incomplete.`

func (f *fixing) register(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false
	f.demand.register(flags)
	group, run := inGroup(flags, "Repair"), switchInGroup(flags, "Repair")
	group(&words{&f.roles, "NAME[,NAME]", notEmpty}, "role", "only these roles: a name, an ARN or the end of one, or an address")
	run(&f.write, "write", "edit the files")
	run(&f.check, "check", "exit with 1 if a change would be made; print it all the same")
	run(&f.apply, "apply", "with --live: change the roles, after showing what changes and asking")
	group(&number{&f.changing.maxChanges, 100000}, "max-changes", "with --apply: change nothing if more roles than this would change")
	f.registerAs(command)
	f.weighing.register(flags)
	f.judgement.register(command)
	f.changing.register(flags)
	f.changing.complete(command)
	for _, name := range []string{"all", "fail-on", "strict", "compliance", "save", "resume"} {
		if flag := flags.Lookup(name); flag != nil {
			flag.Hidden = true
		}
	}
}

var requirements = []string{string(trust.RequireExternalID), string(trust.RequireMFA), string(trust.RequireBoth)}

// demand holds the flags that say what outsiders are asked for.
type demand struct {
	require             string
	externalID          string
	parameter, variable string
	declare, generate   bool
	maxAge              time.Duration
}

func (d *demand) register(flags *pflag.FlagSet) {
	d.require = string(trust.RequireExternalID)
	group, run := inGroup(flags, "Repair"), switchInGroup(flags, "Repair")
	group(&word{&d.require, strings.Join(requirements, "|"), oneOf(requirements...)}, "require", "what outsiders are asked for: machines an external ID, people MFA")
	group(&word{&d.externalID, "VALUE", settings.CheckExternalID}, "external-id", "the external ID that the third party issued")
	run(&d.generate, "generate-external-id", "make an external ID where nobody issued one, for those who run both ends; it is told once, on standard error")
	group(&word{&d.parameter, "NAME", notEmpty}, "external-id-parameter", "write the external ID as a reference to this CloudFormation parameter")
	group(&word{&d.variable, "NAME", notEmpty}, "external-id-variable", "write the external ID as a reference to this Terraform variable")
	run(&d.declare, "declare", "declare the parameter or variable where it is not")
	group(&age{&d.maxAge}, "mfa-max-age", "with MFA: how long ago it may have been shown, such as 1h")
}

// check refuses what contradicts itself.
func (d *demand) check(flags *pflag.FlagSet) error {
	given := func(names ...string) (list []string) {
		for _, name := range names {
			if flags.Changed(name) {
				list = append(list, "--"+name)
			}
		}
		return list
	}
	ids := given("external-id", "generate-external-id", "external-id-parameter", "external-id-variable")
	switch {
	case len(ids) > 1:
		return &misuse{strings.Join(ids, " and ") + " exclude each other", "each says what the external ID is"}
	case len(ids) > 0 && d.require == string(trust.RequireMFA):
		return &misuse{ids[0] + " is for --require external-id or both", "leave " + ids[0] + " out, or ask for both"}
	case d.maxAge > 0 && d.require == string(trust.RequireExternalID):
		return &misuse{"--mfa-max-age is for --require mfa or both", "add --require mfa, or leave --mfa-max-age out"}
	case d.declare && d.parameter == "" && d.variable == "":
		return &misuse{"--declare is for --external-id-parameter and --external-id-variable", "add one of them, or leave --declare out"}
	}
	return nil
}

// reference is the flag that has the external ID written as a reference.
func (d *demand) reference() string {
	switch {
	case d.parameter != "":
		return "--external-id-parameter"
	case d.variable != "":
		return "--external-id-variable"
	}
	return ""
}

// settle says what is asked for, with what the settings know.
func (d *demand) settle(found settings.Settings) fix.Demand {
	issuer := &fix.Issuer{Value: d.externalID, Generate: d.generate, ByAccount: map[string]string{}}
	switch {
	case d.parameter != "":
		issuer.Reference = "parameter " + d.parameter
	case d.variable != "":
		issuer.Reference = "var." + d.variable
	}
	party := map[string]string{}
	for _, one := range found.ExternalIDs {
		for _, account := range one.Accounts {
			issuer.ByAccount[account], party[account] = one.ID, strings.Join(one.Accounts, " and ")
		}
	}
	directory := owners(found)
	name := func(account string) string {
		if owner, known := directory.Lookup(account); known {
			return owner.Name
		}
		return ""
	}
	issuer.Party = func(account string) string { return either(party[account], name(account)) }
	return fix.Demand{Require: trust.Requirement(d.require), MaxMFAAge: int(d.maxAge.Seconds()), Issuer: issuer}
}

// age is a flag that takes how long ago something may have been.
type age struct{ into *time.Duration }

func (a *age) String() string { return "" }
func (a *age) Type() string   { return "DURATION" }
func (a *age) Set(text string) error {
	span, err := time.ParseDuration(text)
	// A session with MFA lasts 36 hours at the most (STS API Reference,
	// GetSessionToken).
	if err != nil || span < time.Second || span > 36*time.Hour {
		return &misuse{fmt.Sprintf("%q is no time from 1s to 36h", text), "such as 1h or 30m"}
	}
	*a.into = span
	return nil
}

// chosen tells which roles are to be repaired, and notes which names were found.
type chosen struct {
	wanted []*lookup
}

func choose(names []string) *chosen {
	c := &chosen{}
	for _, name := range names {
		c.wanted = append(c.wanted, &lookup{role: name})
	}
	return c
}

func (c *chosen) has(r *role.Role) bool {
	if len(c.wanted) == 0 {
		return true
	}
	found := false
	for _, one := range c.wanted {
		found = one.wants(r) || found
	}
	return found
}

// result says that a name stands for no role.
func (c *chosen) result() error {
	for _, one := range c.wanted {
		if err := one.result(); err != nil {
			return err
		}
	}
	return nil
}

// judged are all findings of a run, in order.
type judged struct{ all []*rule.Finding }

// Finding implements audit.Sink.
func (j *judged) Finding(finding *rule.Finding) error {
	j.all = append(j.all, finding)
	return nil
}

// repair finds what closes the open roles, and prints or makes it.
func (c *command) repair(ctx context.Context, f *fixing, args []string) error {
	if err := f.demand.check(f.flags); err != nil {
		return err
	}
	if err := c.checkLive(f); err != nil {
		return err
	}
	if f.live.wanted {
		f.roles, args = append(f.roles, args...), nil
	}
	if err := f.checkAs(); err != nil {
		return err
	}
	if err := f.checkWeighing(args); err != nil {
		return err
	}
	wanted, err := f.fixOutputs()
	if err != nil {
		return err
	}
	meter := &meter{}
	supply, err := c.supply(ctx, &f.judgement, args, meter)
	if err != nil {
		return err
	}
	defer supply.done()
	found, options, err := supply.join(&f.question)
	if err != nil {
		return err
	}
	options.Concurrency, options.Keep = f.concurrency, everything
	if screen, isTerminal := terminal(c.streams.Err); isTerminal && !f.quiet {
		options.Progress = func(roles int) { meter.roles.Store(int64(roles)) }
		meter.start(screen, width(screen))
	}
	all := &judged{}
	summary, err := audit.Run(ctx, supply.sources, options, all)
	meter.finish()
	if err != nil {
		return err
	}
	only := choose(f.roles)
	repairs := plan(all.all, only, options, f.demand.settle(found))
	if err := only.result(); err != nil && ctx.Err() == nil {
		c.tell(nil, summary)
		return err
	}
	r := &repairing{settings: found, all: all.all, repairs: repairs, options: options, paths: args, summary: summary, session: supply.session, owners: options.Parties}
	if f.as != "" {
		return c.writeRemedy(ctx, f, wanted, r)
	}
	if f.live.wanted {
		return c.repairLive(ctx, f, wanted, r)
	}
	return c.repairFiles(ctx, f, wanted, r)
}

// plan finds the change of every open role that is meant.
func plan(findings []*rule.Finding, only *chosen, options audit.Options, demand fix.Demand) []*fix.Repair {
	for _, finding := range findings {
		if policy, err := fix.Policy(&finding.Role.Trust); err == nil {
			demand.Issuer.Learn(policy)
		}
	}
	var repairs []*fix.Repair
	for _, finding := range findings {
		if finding.Verdict.Outcome == trust.Fail && only.has(finding.Role) {
			repairs = append(repairs, fix.Plan(finding, options, demand))
		} else {
			only.has(finding.Role) // a role that is named and not open was found
		}
	}
	return repairs
}

// fixOutputs are where a fix is written to.
func (f *fixing) fixOutputs() (outputs, error) {
	wanted, err := f.outputs.settle()
	if err != nil {
		return nil, err
	}
	for _, one := range wanted {
		if !slices.Contains(fixFormats, one.format) {
			return nil, &misuse{fmt.Sprintf("fix does not write %s", one.format), "one of: " + strings.Join(fixFormats, ", ")}
		}
	}
	return wanted, nil
}
