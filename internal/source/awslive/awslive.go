// Package awslive reads roles from AWS itself: from the account of the
// credentials at hand, or from every account of its organization.
//
// It only reads, but for the one call of edit.go and that of hub.go. Credentials,
// Regions, endpoints and certificates come from
// the standard configuration of the AWS SDK and from nowhere else. Every call
// is paced and retried by this package (pace.go, ask.go), and a call that
// fails for good becomes a [Fault] that says what to do: what could not be
// read is reported, never passed over.
package awslive

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"countersign/trust"
)

// DefaultRoleName is the role that is assumed in the accounts of an
// organization where the user names no other.
const DefaultRoleName = "countersign-audit"

// defaultConcurrency is the number of accounts read at a time.
const defaultConcurrency = 8

// fallbackRegion serves where none is configured: IAM and Organizations are
// global, but the SDK derives their endpoints from a Region. Users of other
// partitions have to configure one of theirs.
const fallbackRegion = "us-east-1"

// Options say what to read and how. The zero value reads the account of the
// default credentials.
type Options struct {
	// Profile and Region overrule the standard configuration when not empty.
	Profile, Region string

	// RoleName is the role assumed in the accounts of an organization, with
	// its path if it has one; empty means DefaultRoleName, or
	// DefaultFixRoleName with Changes. RoleExternalID is sent along when not
	// empty, and shown in no message.
	RoleName, RoleExternalID string
	// Changes says that roles are to be changed ([Session.Editor]): messages
	// then name what that takes.
	Changes bool
	// Accounts, when not empty, limits an organization to these accounts,
	// ExcludeAccounts leaves accounts out, OUs (when not empty) limits it to
	// what lies under these units or roots, at any depth.
	Accounts, ExcludeAccounts, OUs []string
	// NoRCPs leaves the resource control policies unread.
	NoRCPs bool
	// Concurrency is the number of accounts read at a time; 0 means 8.
	Concurrency int

	// Save names a directory, absent or empty, that is to keep the raw
	// answers. Resume names one of an earlier run that is gone on with: the
	// accounts it finished are taken from it, and the others are added. At
	// most one of them is set.
	Save, Resume string
	// Note is told what is worth knowing but leaves nothing unread or
	// unjudged. It may be nil; it is called by one goroutine at a time.
	Note func(Note)

	tempo *tempo                            // nil means steady
	load  []func(*config.LoadOptions) error // in place of the environment, for tests
}

// Note is a remark about an account. Account is empty where it concerns none.
type Note struct {
	Account, Text string
}

// Caller is who the credentials belong to (sts:GetCallerIdentity).
type Caller struct {
	Account   string // 12 digits
	ARN       string
	Partition string // "aws", "aws-cn", "aws-us-gov"
}

// Session is an open way to AWS.
type Session struct {
	Caller Caller

	options Options
	tempo   tempo
	config  aws.Config
	meter   meter
	noting  sync.Mutex
	sts     *line // of the caller's account
	lookups lookups
}

// Open loads the standard configuration and asks AWS whose credentials they
// are. The error is a *[Fault] when AWS was asked.
func Open(ctx context.Context, options Options) (*Session, error) {
	s := &Session{options: options, tempo: steady}
	if options.tempo != nil {
		s.tempo = *options.tempo
	}
	if s.options.Concurrency <= 0 {
		s.options.Concurrency = defaultConcurrency
	}
	if s.options.RoleName == "" {
		s.options.RoleName = DefaultRoleName
		if s.options.Changes {
			s.options.RoleName = DefaultFixRoleName
		}
	}
	if err := s.configure(ctx); err != nil {
		return nil, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	s.sts = s.line("", s.config.Credentials)
	client := sts.NewFromConfig(s.config)
	identity, err := ask(ctx, s.sts, "sts:GetCallerIdentity",
		func(ctx context.Context) (*sts.GetCallerIdentityOutput, error) {
			return client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		},
		func(out *sts.GetCallerIdentityOutput) error {
			if !trust.IsAccountID(aws.ToString(out.Account)) || partition(aws.ToString(out.Arn)) == "" {
				return malformed("no account and ARN in it")
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	s.Caller = Caller{
		Account:   aws.ToString(identity.Account),
		ARN:       aws.ToString(identity.Arn),
		Partition: partition(aws.ToString(identity.Arn)),
	}
	s.sts.account = s.Caller.Account
	return s, nil
}

func (s *Session) configure(ctx context.Context) error {
	// A plain *http.Client would make LoadDefaultConfig fail where
	// AWS_CA_BUNDLE is set: only a buildable one can take the certificates.
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 2 * s.options.Concurrency
	})
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(transport),
		config.WithDefaultRegion(fallbackRegion),
		config.WithLogger(logging.Nop{}),
	}
	if s.options.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(s.options.Profile))
	}
	if s.options.Region != "" {
		load = append(load, config.WithRegion(s.options.Region))
	}
	loaded, err := config.LoadDefaultConfig(ctx, append(load, s.options.load...)...)
	if err != nil {
		return err
	}
	// This package retries (ask.go), so the clients must not.
	loaded.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	s.config = loaded
	return nil
}

// line opens a paced line to one service of one account.
func (s *Session) line(account string, credentials aws.CredentialsProvider) *line {
	return &line{
		account: account,
		tempo:   s.tempo,
		pace:    newPacer(s.tempo.floor),
		meter:   &s.meter,
		secrets: []string{s.options.RoleExternalID},
		changes: s.options.Changes,
		renew: func() {
			if cache, ok := credentials.(interface{ Invalidate() }); ok {
				cache.Invalidate()
			}
		},
	}
}

func (s *Session) note(account, format string, arguments ...any) {
	if s.options.Note != nil {
		s.noting.Lock()
		defer s.noting.Unlock()
		s.options.Note(Note{Account: account, Text: fmt.Sprintf(format, arguments...)})
	}
}

// partition returns the second field of an ARN, or nothing if it is none.
func partition(arn string) string {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" {
		return ""
	}
	return fields[1]
}
