package awslive

import (
	"countersign/internal/audit"
	"countersign/internal/source/awslive/snapshot"
)

// record opens the directory that keeps the answers, if one is wanted.
func (s *Session) record(organization *snapshot.Organization, accounts []string, gaps []audit.Incomplete) (*snapshot.Recorder, error) {
	plan := snapshot.Plan{
		Caller:   snapshot.Caller{Account: s.Caller.Account, ARN: s.Caller.ARN, Partition: s.Caller.Partition},
		RoleName: s.options.RoleName,
		Accounts: accounts, Gaps: gaps, Organization: organization,
	}
	switch {
	case s.options.Save != "":
		return snapshot.Create(s.options.Save, plan)
	case s.options.Resume != "":
		return snapshot.Resume(s.options.Resume, plan)
	}
	return nil, nil
}
