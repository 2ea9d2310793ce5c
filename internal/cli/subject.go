package cli

import (
	"context"
	"fmt"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/fix"
	"countersign/internal/role"
	"countersign/internal/rule"
)

// subject finds the role that is meant, with its trust policy where it is known.
func (c *command) subject(ctx context.Context, o *observation, name string, paths []string, meter *meter) (*subject, error) {
	if len(paths) == 0 && !o.live.wanted {
		return o.withoutPolicy(name)
	}
	supply, err := c.supply(ctx, &o.judgement, paths, meter)
	if err != nil {
		return nil, err
	}
	s := &subject{supply: supply}
	if err := s.find(ctx, o, name); err != nil {
		s.done()
		return nil, err
	}
	return s, nil
}

// withoutPolicy is a role of which nothing but its ARN is known.
func (o *observation) withoutPolicy(arn string) (*subject, error) {
	found, options, err := o.question.settle()
	if err != nil {
		return nil, err
	}
	named, _ := evidence.ParseRole(arn)
	s := &subject{role: named, settings: found, noPolicy: "the role's trust policy is not known"}
	s.question = options.Question(&role.Role{ARN: arn, Account: named.Account, Name: named.Name})
	return s, nil
}

// find reads the sources until the one role that is meant is known.
func (s *subject) find(ctx context.Context, o *observation, name string) error {
	found, options, err := s.supply.join(&o.question)
	if err != nil {
		return err
	}
	s.settings = found
	wanted := &lookup{role: name}
	for i, from := range s.supply.sources {
		s.supply.sources[i] = &filtered{from, wanted}
	}
	options.Keep = everything
	roles := &gathered{}
	summary, err := audit.Run(ctx, s.supply.sources, options, roles)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := wanted.result(); err != nil {
		return err
	}
	s.incomplete = summary.Incomplete
	if s.finding, err = roles.one(name); err != nil {
		return err
	}
	s.options = options
	return s.take(s.finding.Role)
}

// gathered are the roles that fit a name.
type gathered struct{ all []*rule.Finding }

// Finding implements audit.Sink.
func (g *gathered) Finding(finding *rule.Finding) error {
	g.all = append(g.all, finding)
	return nil
}

// one is the role that is meant, if only one can be.
func (g *gathered) one(name string) (*rule.Finding, error) {
	switch len(g.all) {
	case 0:
		return nil, &misuse{fmt.Sprintf("the role %q could not be judged", name), ""}
	case 1:
		return g.all[0], nil
	}
	var names []string
	for _, one := range g.all[:min(len(g.all), nearest)] {
		names = append(names, either(one.Role.ARN, one.Role.Title()))
	}
	return nil, &misuse{fmt.Sprintf("%d roles are called %q", len(g.all), name), "say which one: " + strings.Join(names, " or ")}
}

// take takes over the role and its policy.
func (s *subject) take(one *role.Role) error {
	account := one.KnownAccount()
	if account == "" || one.Name == "" {
		return &misuse{fmt.Sprintf("the account or the name of the role %s is not known", one.Title()), "name the account with --account"}
	}
	s.role = evidence.Role{ARN: one.ARN, Account: account, Name: one.Name}
	s.question = s.options.Question(one)
	policy, err := fix.Policy(&one.Trust)
	if err != nil {
		s.noPolicy = "its trust policy cannot be read: " + err.Error()
		s.incomplete = append(s.incomplete, audit.Incomplete{Source: one.Title(), Reason: s.noPolicy})
		return nil
	}
	s.current = policy
	s.source = "its trust policy as it is"
	if one.Source.Path != "" {
		s.source = "its trust policy in " + one.Source.Path
	}
	return nil
}
