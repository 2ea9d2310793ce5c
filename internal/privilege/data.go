package privilege

import (
	"fmt"
	"strings"
)

// readVerbs begin the names of actions that change nothing. AWS names actions
// so that the first word tells (Service Authorization Reference, where their
// access levels are Read and List).
var readVerbs = []string{
	"get", "list", "describe", "batchget", "batchdescribe", "batchcheck", "batchdetect", "batchread", "adminget", "adminlist",
	"query", "scan", "search", "select", "read", "view", "lookup", "head", "download", "receive", "retrieve", "filter",
	"simulate", "preview", "estimate", "discover", "decrypt", "validate", "detect", "test", "check",
}

// readActions change nothing although their names begin otherwise: AWS lets
// its policy ReadOnlyAccess have them.
var readActions = []string{
	"athena:batch*", "cloudwatch:generatequery*", "codecommit:gitpull", "codedeploy:batch*", "codestar:verify*", "comprehend:classify*", "comprehend:contains*",
	"config:deliver*", "datapipeline:evaluateexpression", "devops-guru:startcostestimation", "ds:verify*", "dynamodb:partiqlselect",
	"elasticbeanstalk:request*", "es:eshttpget", "es:eshttphead", "gamelift:resolvealias", "iam:generate*", "identitystore:ismemberingroups",
	"iotanalytics:samplechanneldata", "kms:verify*", "lightsail:is*", "logs:startlivetail", "logs:startquery", "logs:stoplivetail",
	"logs:stopquery", "mediaconvert:probe", "polly:synthesizespeech", "rekognition:comparefaces", "rekognition:recognizecelebrities",
	"sdb:domainmetadata", "servicequotas:startquotautilizationreport", "swf:count*", "verifiedpermissions:isauthorized*",
	"wellarchitected:exportlens", "xray:canceltraceretrieval", "xray:starttraceretrieval",
}

// reads reports whether all actions of a pattern, in small letters, change
// nothing.
func reads(action string) bool {
	_, name, found := strings.Cut(action, ":")
	if !found {
		return false
	}
	name = literalPrefix(name)
	if strings.HasPrefix(action, "license-manager:check") {
		return false // licenses are checked out and in
	}
	for _, verb := range readVerbs {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	for _, known := range readActions {
		if covers(known, action) {
			return true
		}
	}
	return false
}

// isHarmless reports whether actions of a pattern touch no data: those of STS
// hand out sessions, which the ways look at.
func isHarmless(action string) bool { return strings.HasPrefix(action, "sts:") }

// data says whether the role writes or reads, and by what.
func (j *judgement) data() *Privilege {
	best := &Privilege{}
	for i := range j.allows {
		s := &j.allows[i]
		for k, action := range s.actions.cells() {
			level := ReadsData
			if s.actions.negated || !reads(action) {
				level = WritesData
			}
			if level <= best.Level || isHarmless(action) {
				continue
			}
			for _, resource := range s.resources.cells() {
				if got := min(level, j.remains(s, action, resource)); got > best.Level {
					best = &Privilege{Level: got, Because: granted(s, k, resource)}
				}
			}
		}
		if best.Level == WritesData {
			break
		}
	}
	return best
}

// granted says what an action of a statement allows; a statement that stands
// for a whole policy is told by its name.
func granted(s *source, action int, resource string) string {
	if s.plain {
		return s.place()
	}
	what, on := "all but some actions", resource
	if !s.actions.negated {
		what = s.actions.spelt[action]
	}
	if s.resources.negated {
		on = "all but some resources"
	}
	return fmt.Sprintf("%s on %s by %s", what, on, s.place())
}

// remains says what is left of actions that are allowed on resources, with what
// denies and limits them.
func (j *judgement) remains(s *source, action, resource string) Level {
	for _, d := range j.denies {
		if !j.spend(d.actions.cost(action) + d.resources.cost(resource)) {
			return None
		}
		if d.resources.contains(resource) && j.deniesAll(d, s, action) {
			return None
		}
	}
	level := WritesData
	for _, limit := range j.limits {
		most := None
		for _, b := range limit {
			if !j.spend(b.actions.cost(action) + b.resources.cost(resource)) {
				return None
			}
			if most = max(most, j.overlap(b, s, action, resource)); most == WritesData {
				break
			}
		}
		level = min(level, most)
	}
	return level
}

// deniesAll reports whether a Deny names all actions of a cell. One that stands
// for all but some is denied by what denies everything alone.
func (j *judgement) deniesAll(d *statement, s *source, action string) bool {
	if !s.actions.negated {
		return d.actions.contains(action)
	}
	return d.actions.contains("*")
}

// overlap says what a statement of a limit leaves of actions on a resource.
func (j *judgement) overlap(b *statement, s *source, action, resource string) Level {
	onResource := false
	for _, r := range b.resources.cells() {
		onResource = onResource || meets(r, resource)
	}
	if !onResource {
		return None
	}
	most := None
	for _, limit := range b.actions.cells() {
		switch {
		case b.actions.negated && !s.actions.negated && !b.actions.negatedLeaves(action):
		case !s.actions.negated && !intersects(limit, action):
		case s.actions.negated && !s.actions.negatedLeaves(limit):
		case isHarmless(limit):
		case b.actions.negated || !reads(limit):
			return WritesData
		default:
			most = ReadsData
		}
	}
	return most
}

// negatedLeaves reports whether a negation leaves something of a pattern.
func (s *set) negatedLeaves(p string) bool {
	for _, left := range s.patterns {
		if covers(left, p) {
			return false
		}
	}
	return true
}
