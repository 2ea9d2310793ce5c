package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// proposal holds the flags that say which policy the calls are held against.
type proposal struct {
	file       string
	require    string
	externalID string
}

func (p *proposal) register(flags *pflag.FlagSet) {
	group := inGroup(flags, "Evidence")
	group(&word{&p.file, "FILE", notEmpty}, "policy", "hold the calls against the trust policy in this file")
	requirements := []string{string(trust.RequireExternalID), string(trust.RequireMFA), string(trust.RequireBoth)}
	group(&word{&p.require, strings.Join(requirements, "|"), oneOf(requirements...)}, "require", "hold the calls against the role's policy, changed so that outsiders need this")
	group(&word{&p.externalID, "VALUE", notEmpty}, "external-id", "with --require: the external ID that the third party issued")
}

func (p *proposal) check(flags *pflag.FlagSet, known bool) error {
	switch {
	case p.file != "" && p.require != "":
		return &misuse{"--policy and --require exclude each other", "each says which policy is proposed"}
	case p.require != "" && !known:
		return &misuse{"--require changes the role's trust policy, which is not known", "name the file or directory that holds the role, or give --live"}
	case flags.Changed("external-id") && (p.require == "" || p.require == string(trust.RequireMFA)):
		return &misuse{"--external-id is for --require external-id or both", "add --require external-id, or leave --external-id out"}
	}
	return nil
}

// propose makes the policy that is proposed, if any is.
func (o *observation) propose(s *subject) (err error) {
	switch p := &o.proposal; {
	case p.file != "":
		if s.proposed, err = readPolicy(p.file); err != nil {
			return err
		}
		s.source = "the proposed policy in " + p.file
	case p.require != "" && s.current != nil:
		if s.proposed, err = p.rewrite(s.current, s.question); err != nil {
			return err
		}
		s.source = "its trust policy, changed to require " + requirementNames[p.require]
	}
	return nil
}

var requirementNames = map[string]string{
	string(trust.RequireExternalID): "an external ID",
	string(trust.RequireMFA):        "MFA",
	string(trust.RequireBoth):       "an external ID and MFA",
}

// rewrite changes the role's policy so that outsiders need the countersign.
func (p *proposal) rewrite(policy *trust.Policy, question trust.Question) (*trust.Policy, error) {
	rewriting, err := trust.Rewrite(policy, question, trust.Remedy{
		Require: trust.Requirement(p.require),
		ExternalID: func(string) (trust.Value, bool) {
			return trust.Literal(p.externalID), p.externalID != ""
		},
	})
	return p.rewritten(rewriting, err)
}

func (p *proposal) rewritten(rewriting *trust.Rewriting, err error) (*trust.Policy, error) {
	switch refusal := err.(type) {
	case nil:
		return rewriting.After, nil
	case *trust.NeedsExternalIDError:
		return nil, &misuse{refusal.Error(), "give the one that the third party issued with --external-id"}
	case *trust.CannotRewriteError:
		return nil, &misuse{"the policy cannot be changed to require that: " + refusal.Reason, refusal.Hint}
	}
	return nil, err
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
