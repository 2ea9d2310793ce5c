package awslive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"countersign/internal/audit"
)

// Fault is a call that failed for good.
type Fault struct {
	Operation string // as IAM spells the permission, "iam:ListRoles"
	Account   string // empty where none is known yet
	Attempts  int    // how often the call was made

	kind    kind
	err     error
	secrets []string
	changes bool // the call was made to change a role
}

// kind says what became of an attempt, and with that what to do about it.
type kind uint8

const (
	failed      kind = iota // AWS said no, for a reason of its own
	throttled               // too fast
	unanswered              // no answer, or that of a server in trouble
	garbled                 // an answer that AWS would not have given
	expired                 // the credentials were good once
	refused                 // a permission is missing
	keyless                 // there are no credentials, or they cannot be fetched
	interrupted             // the user does not want to know any more
)

var errNoAnswer = errors.New("no answer in time")

// malformed describes an answer that AWS would not have given.
type malformed string

func (m malformed) Error() string { return "the answer is not one of AWS: " + string(m) }

func (f *Fault) Unwrap() error { return f.err }

// note takes down what became of an attempt.
func (f *Fault) note(ctx context.Context, err error) {
	f.Attempts++
	// A profile may name a role to assume: the SDK does so within the call
	// that needs the credentials, and the call that failed is then another.
	if operation := innermost(err); operation != nil && operation.Service() == "STS" {
		f.Operation = "sts:" + operation.Operation()
	}
	f.err = err
	f.kind = kindOf(ctx, err)
}

// innermost returns the operation that an error comes from.
func innermost(err error) *smithy.OperationError {
	var found *smithy.OperationError
	for {
		var next *smithy.OperationError
		if !errors.As(err, &next) {
			return found
		}
		found, err = next, next.Err
	}
}

// Error codes by what to do about them; those of throttling and of server
// trouble are in the SDK's lists.
var (
	expiredCodes = []string{
		"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired",
		"InvalidClientTokenId", "UnrecognizedClientException", "UnauthorizedSSOTokenException",
	}
	refusedCodes = []string{
		"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
		"AccessDeniedForDependencyException", "RegionDisabledException",
	}
)

func kindOf(ctx context.Context, err error) kind {
	var api smithy.APIError
	var garbage malformed
	var decoding *smithy.DeserializationError
	switch {
	case ctx.Err() != nil:
		return interrupted
	case errors.Is(err, errNoAnswer):
		return unanswered
	case errors.As(err, &garbage):
		return garbled
	case errors.As(err, &api) && slices.Contains(expiredCodes, api.ErrorCode()):
		return expired
	case errors.As(err, &api) && slices.Contains(refusedCodes, api.ErrorCode()) && !retryable(err):
		return refused
	case tooFast(err):
		return throttled
	case retryable(err) || serverTrouble(err):
		return unanswered
	case connectionLost(err):
		return unanswered
	case errors.As(err, &decoding):
		return garbled
	case !errors.As(err, &api) && strings.Contains(err.Error(), "credentials"):
		return keyless
	}
	return failed
}

func tooFast(err error) bool {
	if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary {
		return true
	}
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusTooManyRequests
}

func retryable(err error) bool {
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

func serverTrouble(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() >= 500
}

// connectionLost finds what the SDK does not take for a lost connection: an
// answer that breaks off.
func connectionLost(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// Error says what failed, and what AWS said, in one line without secrets.
func (f *Fault) Error() string {
	said := f.said()
	switch f.kind {
	case throttled:
		return fmt.Sprintf("AWS throttled %s %d times and still does", f.Operation, f.Attempts)
	case unanswered:
		return fmt.Sprintf("%s got no answer in %d attempts: %s", f.Operation, f.Attempts, said)
	case garbled:
		return fmt.Sprintf("%s got no sound answer in %d attempts: %s", f.Operation, f.Attempts, said)
	case expired:
		return fmt.Sprintf("%s: the credentials are expired or invalid: %s", f.Operation, said)
	case refused:
		return fmt.Sprintf("%s is refused: %s", f.Operation, said)
	case keyless:
		return fmt.Sprintf("%s: no usable credentials: %s", f.Operation, said)
	case interrupted:
		return f.Operation + " was interrupted"
	}
	return fmt.Sprintf("%s failed: %s", f.Operation, said)
}

// said is what the fault's cause says, cut to a line: the text may come from
// whatever answers in the place of AWS.
func (f *Fault) said() string {
	text := cause(f.err)
	for _, secret := range f.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(redacted)")
		}
	}
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
	const longest = 300
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strings.TrimRight(text, ". ")
}

// cause is what an error says without what the SDK wraps around it: the
// operation is named by the fault, and an empty request id tells nothing.
func cause(err error) string {
	var api smithy.APIError
	var response *awshttp.ResponseError
	var decoding *smithy.DeserializationError
	operation := innermost(err)
	switch {
	case errors.Is(err, errNoAnswer):
		return "the time for it ran out"
	case errors.As(err, &api) && api.ErrorCode() != "UnknownError":
		return strings.TrimSpace(api.ErrorCode() + ": " + api.ErrorMessage())
	case errors.As(err, &decoding):
		return "it cannot be decoded: " + decoding.Err.Error()
	case errors.As(err, &response) && response.Response != nil && response.HTTPStatusCode() != 0:
		return fmt.Sprintf("HTTP status %d", response.HTTPStatusCode())
	case operation != nil:
		return operation.Err.Error()
	}
	return err.Error()
}

// Hint says what to do about the fault.
func (f *Fault) Hint() string {
	if f.changes {
		return f.changeHint()
	}
	if strings.HasPrefix(f.Operation, "securityhub:") {
		if hint := f.hubHint(); hint != "" {
			return hint
		}
	}
	switch f.kind {
	case throttled:
		return "lower --concurrency, or go on later with --resume"
	case unanswered:
		return "check the network, AWS_ENDPOINT_URL and any proxy, then run again; --resume goes on where this run stopped"
	case garbled:
		return "check what answers in the place of AWS: AWS_ENDPOINT_URL, HTTPS_PROXY"
	case expired:
		return "renew the credentials (aws sso login, or new keys) and run again; --resume goes on where this run stopped"
	case keyless:
		return "set credentials up: aws configure, aws sso login, AWS_PROFILE or --profile"
	case interrupted:
		return "run again; --resume goes on where this run stopped"
	case refused:
		return f.permission()
	}
	return ""
}

// permission says which permission or trust is missing.
func (f *Fault) permission() string {
	switch {
	case f.Operation == "sts:AssumeRole" && f.Account == "":
		return "check that the role of the profile may be assumed with its source credentials"
	case f.Operation == "sts:AssumeRole":
		return "deploy the audit role to this account (docs/aws-permissions.md), let it trust these credentials, and check --role-name and --role-external-id"
	case strings.HasPrefix(f.Operation, "organizations:"):
		return "run from the management account or a delegated administrator, with " + f.Operation + " allowed (docs/aws-permissions.md)"
	}
	return "allow " + f.Operation + " (docs/aws-permissions.md)"
}

// report turns whatever ended a piece of work into what the audit reports.
func report(account string, err error) audit.Incomplete {
	var fault *Fault
	if !errors.As(err, &fault) {
		return audit.Incomplete{Source: "aws", Account: account, Reason: err.Error()}
	}
	return audit.Incomplete{Source: fault.Operation, Account: account, Reason: fault.Error(), Hint: fault.Hint()}
}
