package cli

import (
	"context"
	"fmt"
	"strings"

	"countersign/internal/source/awslive"
	"countersign/internal/source/cloudtrail"
)

// lookUp asks CloudTrail for the calls of one role. Where it saw everything, what
// logs lack does not matter.
func (s *sighting) lookUp(ctx context.Context, session *awslive.Session, g *gathering, one *sought) error {
	if one.role.ARN == "" {
		return &misuse{fmt.Sprintf("the ARN of the role %s is not known", one.role.Name), "CloudTrail is asked for it"}
	}
	since, until := g.to.Span()
	looked, err := session.LookUp(ctx, awslive.Lookup{
		Account: one.role.Account, RoleARN: one.role.ARN, Since: since, Until: until, Regions: s.regions,
	}, func(event string) error { return cloudtrail.Take(g.to, event) })
	if looked == nil {
		return err
	}
	if len(looked.Gaps) == 0 && len(looked.Unseen) == 0 {
		one.gaps, one.notes = nil, nil
	}
	one.incomplete = append(one.incomplete, looked.Gaps...)
	one.gaps = append(one.gaps, unread(looked.Gaps)...)
	one.gaps = append(one.gaps, looked.Unseen...)
	if len(looked.Regions) > 0 {
		one.regions = looked.Regions
		one.notes = append(one.notes, "CloudTrail answered for "+strings.Join(looked.Regions, ", "))
	}
	return err
}
