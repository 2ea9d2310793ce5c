package awslive

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"countersign/internal/role"
)

// DefaultFixRoleName is the role that is assumed to change the roles of another
// account, where the user names no other.
const DefaultFixRoleName = "countersign-fix"

// Editor reads and changes single roles of one account. It is used by one
// goroutine at a time.
type Editor struct {
	Account string
	// Through is the ARN of the role that was assumed in the account; empty
	// for the caller's own account.
	Through string

	line *line
	iam  *iam.Client
}

// LiveRole is a role as it is now.
type LiveRole struct {
	Name, ARN, Path string
	ID              string // another one when the role is deleted and made anew
	Policy          string // the trust policy, decoded
}

// ErrNoRole says that there is no role of that name in the account.
var ErrNoRole = errors.New("there is no such role")

// Editor opens the way to the roles of an account: with the caller's own
// credentials for the caller's account, else through the role that the options
// name, which then is one for changing. The error is a *[Fault].
func (s *Session) Editor(ctx context.Context, account string) (*Editor, error) {
	provider, err := s.credentials(ctx, account)
	if err != nil {
		return nil, err
	}
	member := s.config.Copy()
	member.Credentials = provider
	e := &Editor{Account: account, line: s.line(account, provider), iam: iam.NewFromConfig(member)}
	if account != s.Caller.Account {
		e.Through = s.roleIn(account)
	}
	return e, nil
}

// Role reads a role. The error is [ErrNoRole] or a *[Fault].
func (e *Editor) Role(ctx context.Context, name string) (*LiveRole, error) {
	found, err := getRole(ctx, e.line, e.iam, aws.String(name))
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, ErrNoRole
	}
	document := role.Encoded([]byte(aws.ToString(found.AssumeRolePolicyDocument)))
	if document.Decode(); document.Err != nil {
		return nil, document.Err
	}
	return &LiveRole{
		Name: aws.ToString(found.RoleName), ARN: aws.ToString(found.Arn), Path: aws.ToString(found.Path),
		ID: aws.ToString(found.RoleId), Policy: string(document.JSON),
	}, nil
}

// Update gives a role another trust policy. It is sent again when AWS throttles
// it or asks for new credentials, for then nothing was done, and not when no
// answer came: a *[Fault] that is [Fault.Ambiguous] leaves open whether the
// role was changed. The secrets are shown in no message.
func (e *Editor) Update(ctx context.Context, name, policy string, secrets []string) error {
	once := *e.line
	once.tempo.attempts = 1
	once.secrets = slices.Concat(once.secrets, secrets)
	_, err := ask(ctx, &once, "iam:UpdateAssumeRolePolicy",
		func(ctx context.Context) (*iam.UpdateAssumeRolePolicyOutput, error) {
			return e.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
				RoleName: aws.String(name), PolicyDocument: aws.String(policy),
			})
		},
		func(*iam.UpdateAssumeRolePolicyOutput) error { return nil }) // it has no content
	var none *types.NoSuchEntityException
	if errors.As(err, &none) {
		return ErrNoRole
	}
	return err
}

// Ambiguous reports whether AWS may have done what it was asked for although
// the call failed.
func (f *Fault) Ambiguous() bool {
	return f.kind == unanswered || f.kind == garbled || f.kind == interrupted
}

// changeHint says what to do about a fault while roles are changed.
func (f *Fault) changeHint() string {
	const again = "; then see what was done: countersign undo --recover"
	var full *types.LimitExceededException
	switch {
	case errors.As(f.err, &full):
		return "the policy is longer than the account's quota for role trust policies (L-C07B4B0D in Service Quotas); have the quota raised, or shorten the policy"
	case f.kind == throttled:
		return "try again later" + again
	case f.kind == unanswered:
		return "check the network, AWS_ENDPOINT_URL and any proxy" + again
	case f.kind == garbled:
		return "check what answers in the place of AWS: AWS_ENDPOINT_URL, HTTPS_PROXY" + again
	case f.kind == expired:
		return "renew the credentials (aws sso login, or new keys)" + again
	case f.kind == keyless:
		return "set credentials up: aws configure, aws sso login, AWS_PROFILE or --profile"
	case f.kind == interrupted:
		return "see what was done: countersign undo --recover"
	case f.kind == refused && f.Operation == "sts:AssumeRole" && f.Account != "":
		return "deploy the role for changing to this account (docs/aws-permissions.md), let it trust these credentials, and check --fix-role-name and --fix-role-external-id"
	case f.kind == refused:
		return f.permission()
	}
	return ""
}

// roleIn is the ARN of the role that is assumed in another account.
func (s *Session) roleIn(account string) string {
	return "arn:" + s.Caller.Partition + ":iam::" + account + ":role/" + strings.TrimPrefix(s.options.RoleName, "/")
}
