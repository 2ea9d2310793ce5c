package cli

import (
	"context"
	"fmt"
	"strings"

	"countersign/internal/source/awslive"
	"countersign/internal/source/cloudtrail"
)

// lookUp asks CloudTrail for the calls. Where it saw everything, what logs lack
// does not matter.
func (o *observation) lookUp(ctx context.Context, s *subject, g *gathering) error {
	if s.role.ARN == "" {
		return &misuse{fmt.Sprintf("the ARN of the role %s is not known", s.role.Name), "CloudTrail is asked for it"}
	}
	since, until := g.to.Span()
	looked, err := s.supply.session.LookUp(ctx, awslive.Lookup{
		Account: s.role.Account, RoleARN: s.role.ARN, Since: since, Until: until, Regions: o.regions,
	}, func(event string) error { return cloudtrail.Take(g.to, event) })
	if looked == nil {
		return err
	}
	if len(looked.Gaps) == 0 && len(looked.Unseen) == 0 {
		g.gaps, g.found.Notes = nil, nil
	}
	g.unread(looked.Gaps)
	g.gaps = append(g.gaps, looked.Unseen...)
	if len(looked.Regions) > 0 {
		g.regions = looked.Regions
		g.found.Notes = append(g.found.Notes, "CloudTrail answered for "+strings.Join(looked.Regions, ", "))
	}
	return err
}
