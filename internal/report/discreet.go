package report

import (
	"slices"

	"countersign/internal/rule"
)

// discreet returns the finding without the external IDs that its sentences and
// the names of statements may repeat: a slip puts one where a message quotes it.
func discreet(finding *rule.Finding, options *Options) *rule.Finding {
	if !mayRepeat(finding) {
		return finding
	}
	document := openDocument(finding, options)
	if document.secrets == nil || len(document.secrets.texts) == 0 {
		return finding
	}
	verdict := *finding.Verdict
	verdict.Problem = document.secrets.clean(verdict.Problem)
	verdict.Reasons, verdict.Warnings = slices.Clone(verdict.Reasons), slices.Clone(verdict.Warnings)
	for i := range verdict.Reasons {
		reason := &verdict.Reasons[i]
		reason.Message, reason.Sid = document.secrets.clean(reason.Message), document.secrets.clean(reason.Sid)
	}
	for i := range verdict.Warnings {
		verdict.Warnings[i].Message = document.secrets.clean(verdict.Warnings[i].Message)
	}
	cleaned := *finding
	cleaned.Verdict = &verdict
	return &cleaned
}

// mayRepeat reports whether a finding has sentences that quote the policy.
func mayRepeat(finding *rule.Finding) bool {
	verdict := finding.Verdict
	if verdict.Problem != "" || len(verdict.Warnings) > 0 {
		return true
	}
	for i := range verdict.Reasons {
		if verdict.Reasons[i].Sid != "" {
			return true
		}
	}
	return false
}
