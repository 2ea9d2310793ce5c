package awslive

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"countersign/internal/audit"
	"countersign/internal/source/awslive/snapshot"
	"countersign/trust"
)

// survey asks Organizations, which answers in the management account and in
// those of delegated administrators only.
type survey struct {
	line   *line
	client *organizations.Client
	found  *snapshot.Organization
}

func (s *Session) survey() *survey {
	return &survey{
		line:   s.line(s.Caller.Account, s.config.Credentials),
		client: organizations.NewFromConfig(s.config),
		found:  &snapshot.Organization{},
	}
}

// Own returns the organization of the caller as far as any member may ask: its
// id and its management account. It is nil where there is none.
func (s *Session) Own(ctx context.Context) (*snapshot.Organization, error) {
	survey := s.survey()
	err := survey.organization(ctx)
	var none *types.AWSOrganizationsNotInUseException
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return survey.found, nil
}

// Organization reads the organization of the caller: its accounts and, unless
// they are left out, its resource control policies with what they bind. An
// error, a *[Fault], means that the accounts are not known. Policies that
// cannot be read are reported as incomplete: roles are then judged without
// them, which can show a role as open that is not, and never the reverse.
func (s *Session) Organization(ctx context.Context) (*snapshot.Organization, []audit.Incomplete, error) {
	survey := s.survey()
	if err := survey.organization(ctx); err != nil {
		return nil, nil, err
	}
	if err := survey.tree(ctx); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(survey.found.Accounts, func(a, b snapshot.Account) int { return strings.Compare(a.ID, b.ID) })
	if s.options.NoRCPs {
		return survey.found, nil, nil
	}
	if err := survey.policies(ctx); err != nil {
		survey.found.RCPs = nil
		gap := report(s.Caller.Account, err)
		gap.Reason = "resource control policies could not be read, so roles are judged without them: " + gap.Reason
		return survey.found, []audit.Incomplete{gap}, nil
	}
	slices.SortFunc(survey.found.RCPs, func(a, b snapshot.RCP) int { return strings.Compare(a.ID, b.ID) })
	return survey.found, nil, nil
}

func (s *survey) organization(ctx context.Context) error {
	out, err := ask(ctx, s.line, "organizations:DescribeOrganization",
		func(ctx context.Context) (*organizations.DescribeOrganizationOutput, error) {
			return s.client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		},
		func(out *organizations.DescribeOrganizationOutput) error {
			if out.Organization == nil || aws.ToString(out.Organization.Id) == "" || !trust.IsAccountID(aws.ToString(out.Organization.MasterAccountId)) {
				return malformed("no organization in it")
			}
			return nil
		})
	if err != nil {
		return err
	}
	s.found.ID = aws.ToString(out.Organization.Id)
	s.found.ManagementAccount = aws.ToString(out.Organization.MasterAccountId)
	return nil
}

// deepest is how far units may nest. AWS allows five levels below the root
// (Organizations User Guide, "Quotas"); the bound is there for what answers in
// its place.
const deepest = 20

// tree walks down from the roots, which gives each account's parents with two
// listings for each unit instead of one call for each account.
func (s *survey) tree(ctx context.Context) error {
	roots, err := collect(ctx, s.line, "organizations:ListRoots",
		func(ctx context.Context, token *string) ([]types.Root, *string, error) {
			out, err := s.client.ListRoots(ctx, &organizations.ListRootsInput{NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Roots, out.NextToken, nil
		})
	if err != nil {
		return err
	}
	for _, root := range roots {
		if err := s.below(ctx, []string{aws.ToString(root.Id)}); err != nil {
			return err
		}
	}
	return nil
}

// below reads the accounts under the last of parents, at any depth.
func (s *survey) below(ctx context.Context, parents []string) error {
	parent := aws.String(parents[len(parents)-1])
	s.found.Units = append(s.found.Units, *parent)
	accounts, err := collect(ctx, s.line, "organizations:ListAccountsForParent",
		func(ctx context.Context, token *string) ([]types.Account, *string, error) {
			out, err := s.client.ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: parent, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Accounts, out.NextToken, nil
		})
	if err != nil {
		return err
	}
	for _, account := range accounts {
		id := aws.ToString(account.Id)
		if !trust.IsAccountID(id) {
			return s.nonsense("organizations:ListAccountsForParent", "an account without an id")
		}
		s.found.Accounts = append(s.found.Accounts, snapshot.Account{
			ID: id, Name: aws.ToString(account.Name), State: state(account), Parents: slices.Clone(parents),
		})
	}
	units, err := collect(ctx, s.line, "organizations:ListOrganizationalUnitsForParent",
		func(ctx context.Context, token *string) ([]types.OrganizationalUnit, *string, error) {
			out, err := s.client.ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: parent, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.OrganizationalUnits, out.NextToken, nil
		})
	if err != nil {
		return err
	}
	if len(units) > 0 && len(parents) >= deepest {
		return s.nonsense("organizations:ListOrganizationalUnitsForParent", "its units nest deeper than AWS allows")
	}
	for _, unit := range units {
		if err := s.below(ctx, append(slices.Clone(parents), aws.ToString(unit.Id))); err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) nonsense(operation, what string) *Fault {
	return &Fault{Operation: operation, Account: s.line.account, Attempts: 1, kind: garbled, err: malformed(what)}
}

// state reads an account's state from the field that AWS introduced in 2025,
// or from the one that it replaces.
func state(account types.Account) string {
	if account.State != "" {
		return string(account.State)
	}
	return string(account.Status)
}

// policies reads the resource control policies and what they are attached to.
func (s *survey) policies(ctx context.Context) error {
	listed, err := collect(ctx, s.line, "organizations:ListPolicies",
		func(ctx context.Context, token *string) ([]types.PolicySummary, *string, error) {
			out, err := s.client.ListPolicies(ctx, &organizations.ListPoliciesInput{
				Filter: types.PolicyTypeResourceControlPolicy, NextToken: token,
			})
			if err != nil {
				return nil, nil, err
			}
			return out.Policies, out.NextToken, nil
		})
	if err != nil {
		return err
	}
	s.found.RCPs = []snapshot.RCP{}
	for _, summary := range listed {
		// RCPFullAWSAccess, which AWS attaches everywhere, allows everything
		// and so restricts nothing.
		if summary.AwsManaged {
			continue
		}
		rcp, err := s.policy(ctx, summary)
		if err != nil {
			return err
		}
		s.found.RCPs = append(s.found.RCPs, rcp)
	}
	return nil
}

func (s *survey) policy(ctx context.Context, summary types.PolicySummary) (snapshot.RCP, error) {
	rcp := snapshot.RCP{
		ID: aws.ToString(summary.Id), ARN: aws.ToString(summary.Arn), Name: aws.ToString(summary.Name), Targets: []string{},
	}
	out, err := ask(ctx, s.line, "organizations:DescribePolicy",
		func(ctx context.Context) (*organizations.DescribePolicyOutput, error) {
			return s.client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: summary.Id})
		},
		func(out *organizations.DescribePolicyOutput) error {
			if out.Policy == nil || aws.ToString(out.Policy.Content) == "" {
				return malformed("no policy in it")
			}
			return nil
		})
	if err != nil {
		return rcp, err
	}
	rcp.Content = aws.ToString(out.Policy.Content)
	targets, err := collect(ctx, s.line, "organizations:ListTargetsForPolicy",
		func(ctx context.Context, token *string) ([]types.PolicyTargetSummary, *string, error) {
			out, err := s.client.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: summary.Id, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Targets, out.NextToken, nil
		})
	for _, target := range targets {
		rcp.Targets = append(rcp.Targets, aws.ToString(target.TargetId))
	}
	slices.Sort(rcp.Targets)
	return rcp, err
}

// collect reads a listing of Organizations to its end. Its pages may be short
// or empty and still lead on.
func collect[T any](ctx context.Context, l *line, operation string,
	page func(ctx context.Context, token *string) ([]T, *string, error),
) (all []T, err error) {
	type answer struct {
		items []T
		token *string
	}
	var at cursor
	for at.more() {
		out, err := ask(ctx, l, operation,
			func(ctx context.Context) (answer, error) {
				items, token, err := page(ctx, at.marker)
				return answer{items, token}, err
			},
			func(out answer) error {
				if out.items == nil {
					return malformed("no list in it")
				}
				return at.follows(aws.ToString(out.token) != "", out.token)
			})
		if err != nil {
			return nil, err
		}
		all = append(all, out.items...)
		at.advance(aws.ToString(out.token) != "", out.token)
	}
	return all, nil
}
