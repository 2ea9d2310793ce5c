package awslive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"golang.org/x/time/rate"
)

// What AWS takes (Security Hub API Reference, BatchImportFindings and
// GetFindings; User Guide, "BatchImportFindings for finding providers").
const (
	// HubBatch and HubBatchBytes are the most findings, and bytes, of one call.
	HubBatch      = 100
	HubBatchBytes = 6 << 20

	hubImportRate = 10 // calls a second
	hubReadRate   = 3
	hubPage       = 100
	hubValues     = 20 // of one filter
)

// Hub is Security Hub in one account and Region. It is used by one goroutine at
// a time.
type Hub struct {
	Account, Region string

	line          *line
	client        *securityhub.Client
	writes, reads *rate.Limiter
	created       map[string]string // of open findings, by id
}

// OpenFinding is a finding that is active in Security Hub.
type OpenFinding struct {
	ID       string
	Resource string // its first one
}

// Refusal is a finding that Security Hub did not take.
type Refusal struct{ ID, Reason string }

// Hub opens the way to the Security Hub of an account, as [Session.Editor] does
// to its roles. The error is a *[Fault].
func (s *Session) Hub(ctx context.Context, account string) (*Hub, error) {
	provider, err := s.credentials(ctx, account)
	if err != nil {
		return nil, err
	}
	member := s.config.Copy()
	member.Credentials = provider
	return &Hub{
		Account: account, Region: s.Region(),
		line: s.line(account, provider), client: securityhub.NewFromConfig(member),
		writes: rate.NewLimiter(hubImportRate, 1), reads: rate.NewLimiter(hubReadRate, 1),
		created: map[string]string{},
	}, nil
}

// Region is the AWS Region that is asked.
func (s *Session) Region() string { return s.config.Region }

// Import creates or updates findings, given in the AWS Security Finding Format,
// of which there are no more than [HubBatch] with no more than [HubBatchBytes].
// Those that [Hub.Open] has told of keep the day on which they were made. Those
// that Security Hub refuses are returned; the error is for the whole
// call, and a *[Fault].
func (h *Hub) Import(ctx context.Context, findings []json.RawMessage) ([]Refusal, error) {
	batch := make([]types.AwsSecurityFinding, len(findings))
	for i, text := range findings {
		if err := json.Unmarshal(text, &batch[i]); err != nil {
			return nil, fmt.Errorf("reading a finding to publish: %w", err)
		}
		if created := h.created[aws.ToString(batch[i].Id)]; created != "" {
			batch[i].CreatedAt = &created
		}
	}
	return h.send(ctx, batch)
}

func (h *Hub) send(ctx context.Context, batch []types.AwsSecurityFinding) ([]Refusal, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	if err := h.writes.Wait(ctx); err != nil {
		return nil, err
	}
	out, err := ask(ctx, h.line, "securityhub:BatchImportFindings",
		func(ctx context.Context) (*securityhub.BatchImportFindingsOutput, error) {
			return h.client.BatchImportFindings(ctx, &securityhub.BatchImportFindingsInput{Findings: batch})
		},
		func(out *securityhub.BatchImportFindingsOutput) error {
			if out.SuccessCount == nil || int(*out.SuccessCount)+len(out.FailedFindings) < len(batch) {
				return malformed("it does not account for every finding")
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	var refused []Refusal
	for _, one := range out.FailedFindings {
		refused = append(refused, Refusal{aws.ToString(one.Id), aws.ToString(one.ErrorCode) + ": " + aws.ToString(one.ErrorMessage)})
	}
	return refused, nil
}

// Open lists the active findings of the account whose GeneratorId begins with a
// prefix. The error is a *[Fault].
func (h *Hub) Open(ctx context.Context, generator string) ([]OpenFinding, error) {
	var found []OpenFinding
	err := h.find(ctx, h.active(generator), func(page []types.AwsSecurityFinding) error {
		for _, one := range page {
			if !h.owns(one, generator) {
				continue
			}
			open := OpenFinding{ID: aws.ToString(one.Id)}
			h.created[open.ID] = aws.ToString(one.CreatedAt)
			if len(one.Resources) > 0 {
				open.Resource = aws.ToString(one.Resources[0].Id)
			}
			found = append(found, open)
		}
		return nil
	})
	return found, err
}

// owns holds an answer to what was asked: the findings of others are not to be
// archived.
func (h *Hub) owns(one types.AwsSecurityFinding, generator string) bool {
	return aws.ToString(one.AwsAccountId) == h.Account && strings.HasPrefix(aws.ToString(one.GeneratorId), generator) &&
		one.RecordState != types.RecordStateArchived
}

func (h *Hub) active(generator string) *types.AwsSecurityFindingFilters {
	return &types.AwsSecurityFindingFilters{
		GeneratorId:  []types.StringFilter{{Comparison: types.StringFilterComparisonPrefix, Value: &generator}},
		AwsAccountId: equals(h.Account), RecordState: equals(string(types.RecordStateActive)), Region: equals(h.Region),
	}
}

func equals(values ...string) []types.StringFilter {
	var filters []types.StringFilter
	for i := range values {
		filters = append(filters, types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: &values[i]})
	}
	return filters
}

// Archive puts findings away that are resolved, and says how many. The ids are
// those of active findings of the generator. The error is a *[Fault].
func (h *Hub) Archive(ctx context.Context, generator string, ids []string, now time.Time) (archived int, refused []Refusal, err error) {
	for len(ids) > 0 {
		some := ids[:min(len(ids), hubValues)]
		ids = ids[len(some):]
		filters := h.active(generator)
		filters.Id = equals(some...)
		var batch []types.AwsSecurityFinding
		err := h.find(ctx, filters, func(page []types.AwsSecurityFinding) error {
			for _, one := range page {
				if h.owns(one, generator) && slices.Contains(some, aws.ToString(one.Id)) {
					batch = append(batch, resolved(one, now))
				}
			}
			return nil
		})
		if err != nil {
			return archived, refused, err
		}
		not, err := h.send(ctx, batch)
		if err != nil {
			return archived, refused, err
		}
		archived += len(batch) - len(not)
		refused = append(refused, not...)
	}
	return archived, refused, nil
}

// resolved is a finding as it is imported again: archived, and without what
// Security Hub or its users have added, which an import may not carry.
func resolved(one types.AwsSecurityFinding, now time.Time) types.AwsSecurityFinding {
	one.RecordState = types.RecordStateArchived
	one.UpdatedAt = aws.String(now.UTC().Format("2006-01-02T15:04:05.000Z"))
	one.Compliance = &types.Compliance{Status: types.ComplianceStatusPassed}
	one.ProcessedAt, one.Region, one.Note, one.Workflow = nil, nil, nil, nil
	one.UserDefinedFields, one.VerificationState, one.WorkflowState = nil, "", ""
	fields := map[string]string{}
	for name, value := range one.ProductFields {
		if !strings.HasPrefix(name, "aws/") { // Security Hub's own
			fields[name] = value
		}
	}
	one.ProductFields = fields
	return one
}

// find reads findings page by page.
func (h *Hub) find(ctx context.Context, filters *types.AwsSecurityFindingFilters, emit func([]types.AwsSecurityFinding) error) error {
	var next *string
	for {
		if err := h.reads.Wait(ctx); err != nil {
			return err
		}
		out, err := ask(ctx, h.line, "securityhub:GetFindings",
			func(ctx context.Context) (*securityhub.GetFindingsOutput, error) {
				return h.client.GetFindings(ctx, &securityhub.GetFindingsInput{
					Filters: filters, MaxResults: aws.Int32(hubPage), NextToken: next,
				})
			},
			func(out *securityhub.GetFindingsOutput) error {
				if out.Findings == nil {
					return malformed("no findings in it")
				}
				if token := aws.ToString(out.NextToken); token != "" && next != nil && token == *next {
					return malformed("the same page again")
				}
				return nil
			})
		if err != nil {
			return err
		}
		if err := emit(out.Findings); err != nil {
			return err
		}
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		next = out.NextToken
	}
}

// hubHint says what to do about a fault while findings are published.
func (f *Fault) hubHint() string {
	var off *types.InvalidAccessException
	switch {
	case errors.As(f.err, &off):
		return "enable Security Hub in the account and the Region (--region), or leave the account out"
	case f.kind == throttled:
		return "publish again later"
	case f.kind == unanswered:
		return "check the network, AWS_ENDPOINT_URL and any proxy, then publish again"
	case f.kind == interrupted:
		return "publish again"
	case f.kind == refused:
		return "allow " + f.Operation + " (docs/publish.md)"
	}
	return ""
}
