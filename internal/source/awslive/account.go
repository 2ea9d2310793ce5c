package awslive

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// listing returns what reads the roles of one account.
func (s *Session) listing(ctx context.Context, account string) (*listing, error) {
	provider, err := s.credentials(ctx, account)
	if err != nil {
		return nil, err
	}
	member := s.config.Copy()
	member.Credentials = provider
	return &listing{
		line: s.line(account, provider),
		iam:  iam.NewFromConfig(member),
		note: func(format string, arguments ...any) { s.note(account, format, arguments...) },
	}, nil
}

// credentials returns those of the caller for its own account, and those of
// the audit role for any other.
func (s *Session) credentials(ctx context.Context, account string) (aws.CredentialsProvider, error) {
	if account == s.Caller.Account {
		return s.config.Credentials, nil
	}
	provider := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(
		assumer{s.sts, sts.NewFromConfig(s.config), account}, s.roleIn(account),
		func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName
			if s.options.RoleExternalID != "" {
				o.ExternalID = aws.String(s.options.RoleExternalID)
			}
		}))
	// Fetched here so that a refusal is told as one of the role, before
	// anything else is asked of the account.
	if _, err := provider.Retrieve(ctx); err != nil {
		return nil, err
	}
	return provider, nil
}

// sessionName shows in the CloudTrail of the accounts that are read.
const sessionName = "countersign"

// assumer assumes roles over the paced line of the caller's account.
type assumer struct {
	line    *line
	sts     *sts.Client
	account string
}

// AssumeRole implements stscreds.AssumeRoleAPIClient.
func (a assumer) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return ask(ctx, a.line, "sts:AssumeRole",
		func(ctx context.Context) (*sts.AssumeRoleOutput, error) { return a.sts.AssumeRole(ctx, in) },
		func(out *sts.AssumeRoleOutput) error {
			if c := out.Credentials; c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil {
				return malformed("no credentials in it")
			}
			return nil
		})
}
