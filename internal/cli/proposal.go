package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"countersign/internal/fix"
	"countersign/internal/settings"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// proposal holds the flags that say which policy the calls are held against.
type proposal struct {
	file   string
	demand demand
}

func (p *proposal) register(flags *pflag.FlagSet) {
	group := inGroup(flags, "Evidence")
	group(&word{&p.file, "FILE", notEmpty}, "policy", "hold the calls against the trust policy in this file")
	group(&word{&p.demand.require, strings.Join(requirements, "|"), oneOf(requirements...)}, "require", "hold the calls against the role's policy, changed as fix does so that outsiders need this")
	group(&word{&p.demand.externalID, "VALUE", settings.CheckExternalID}, "external-id", "with --require: the external ID that the third party issued")
	group(&age{&p.demand.maxAge}, "mfa-max-age", "with --require mfa: how long ago it may have been shown, such as 1h")
}

func (p *proposal) check(flags *pflag.FlagSet, known bool) error {
	for _, name := range []string{"external-id", "mfa-max-age"} {
		if flags.Changed(name) && p.demand.require == "" {
			return &misuse{fmt.Sprintf("--%s is for --require", name), "add --require, or leave --" + name + " out"}
		}
	}
	switch {
	case p.file != "" && p.demand.require != "":
		return &misuse{"--policy and --require exclude each other", "each says which policy is proposed"}
	case p.demand.require != "" && !known:
		return &misuse{"--require changes the role's trust policy, which is not known", "name the file or directory that holds the role, or give --live"}
	}
	return p.demand.check(flags)
}

// propose makes the policy that is proposed, if any is.
func (o *observation) propose(s *subject) (err error) {
	switch p := &o.proposal; {
	case p.file != "":
		if s.proposed, err = readPolicy(p.file); err != nil {
			return err
		}
		s.source = "the proposed policy in " + p.file
	case p.demand.require != "" && s.current != nil:
		repair := fix.Plan(s.finding, s.options, p.demand.settle(s.settings))
		if !repair.Repaired() {
			hint := repair.Hint
			if len(repair.Missing) > 0 {
				hint = "give the one that the third party issued with --external-id, or list it under external_ids in countersign.yaml"
			}
			return &misuse{"the policy cannot be changed to require that: " + repair.Reason, hint}
		}
		s.proposed = repair.Rewriting.After
		s.source = "its trust policy, changed to require " + requirementNames[p.demand.require]
	}
	return nil
}

var requirementNames = map[string]string{
	string(trust.RequireExternalID): "an external ID",
	string(trust.RequireMFA):        "MFA",
	string(trust.RequireBoth):       "an external ID and MFA",
}

// mostPolicy bounds the text of a policy, in bytes.
const mostPolicy = 1 << 20

// readPolicy reads a trust policy from a file of its own.
func readPolicy(path string) (*trust.Policy, error) {
	fail := func(cause string) (*trust.Policy, error) {
		return nil, &misuse{fmt.Sprintf("--policy: %s: %s", path, cause), "a trust policy as JSON, as aws iam update-assume-role-policy takes it"}
	}
	file, err := os.Open(path)
	if err != nil {
		return fail(cause(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostPolicy+1))
	switch {
	case err != nil:
		return fail(cause(err))
	case len(text) > mostPolicy:
		return fail(fmt.Sprintf("more than %d MB", mostPolicy>>20))
	}
	tree, err := jsontree.Parse(&trust.File{Name: path, Text: text})
	if err != nil {
		return fail(trust.WithoutPlace(err).Error())
	}
	policy, err := trust.Parse(tree)
	if err != nil {
		return fail(trust.WithoutPlace(err).Error())
	}
	return policy, nil
}
