package trust

// A mode is one of the finitely many ways a request can be made. Within a mode
// it is settled which keys are there, save those that the caller may leave out
// at will.
type mode struct {
	partition    string
	kind         CallerKind
	organization bool // the caller's account belongs to one
	member       bool // … and it is the role's own
	network      network
	tags         bool // session tags are passed
	identity     identity
}

type network uint8

const (
	overInternet network = iota
	throughVPC           // through a VPC endpoint: no aws:SourceIp
)

// identity is how a source identity comes into a request: not at all, with the
// call, or with the calling session, which may also pass it on by name.
type identity uint8

const (
	noIdentity identity = iota
	passed
	carried
	passedOn
)

func (m *mode) mfa() bool { return m.kind == UserKeyMFA || m.kind == UserSessionMFA }

func (m *mode) session() bool {
	return m.kind == UserSession || m.kind == RoleSession || m.kind == UserSessionMFA
}

func (m *mode) principalType() string {
	if m.kind == RoleSession {
		return "AssumedRole"
	}
	return "User"
}

// checks lists the actions that have to be allowed.
func (m *mode) checks() []string {
	switch {
	case !m.tags && m.identity == noIdentity:
		return plainChecks
	case m.identity == noIdentity:
		return []string{ActionAssumeRole, ActionTagSession}
	case !m.tags:
		return []string{ActionAssumeRole, ActionSetSourceIdentity}
	}
	return []string{ActionAssumeRole, ActionTagSession, ActionSetSourceIdentity}
}

var plainChecks = []string{ActionAssumeRole}

var (
	withoutMFA = []CallerKind{UserKey, RoleSession, UserSession}
	withMFAToo = []CallerKind{UserKey, RoleSession, UserSession, UserKeyMFA, UserSessionMFA}
	onlyMFA    = []CallerKind{UserSessionMFA, UserKeyMFA}
)

// interest is what a policy can tell apart: a dimension of the modes that no
// condition looks at need not be varied.
type interest struct {
	organization, network, tags, identity bool
	// mfa and externalID are set when some condition looks at the countersigns
	// themselves.
	mfa, externalID bool
	// members is set when the accounts of the role's organization are known.
	members bool
}

func (i *interest) note(info *keyInfo) {
	i.network = i.network || info.network
	i.mfa = i.mfa || info.class == keyMFAAge || info.name == "aws:MultiFactorAuthPresent"
	i.externalID = i.externalID || info.slot == slotExternalID
	switch info.class {
	case keyOrganization:
		i.organization = true
	case keyAddress, keyEndpointOrganization:
		i.network = true
	case keyRequestTag, keyTagKeys:
		i.tags = true
	case keyIdentity:
		i.identity = true
	}
}

// each sets m to every mode worth telling apart, the plainest first, and calls
// try until it returns true.
func (i *interest) each(m *mode, partitions []string, kinds []CallerKind, try func(*mode) bool) bool {
	for _, partition := range partitions {
		for _, identity := range i.identities() {
			for _, tags := range truths(i.tags) {
				for _, o := range i.organizations() {
					for _, network := range i.networks() {
						for _, kind := range kinds {
							if (identity == carried || identity == passedOn) && kind != RoleSession {
								continue
							}
							*m = mode{partition, kind, o.any, o.own, network, tags, identity}
							if try(m) {
								return true
							}
						}
					}
				}
			}
		}
	}
	return false
}

// membership is whether the caller's account belongs to an organization, and to
// the role's own.
type membership struct{ any, own bool }

var memberships = [...]membership{{false, false}, {true, false}, {true, true}}

func (i *interest) organizations() []membership {
	switch {
	case !i.organization:
		return memberships[:1]
	case !i.members:
		return memberships[:2]
	}
	return memberships[:]
}

func truths(both bool) []bool {
	if both {
		return bothTruths[:]
	}
	return bothTruths[:1]
}

var (
	bothTruths    = [...]bool{false, true}
	allNetworks   = [...]network{overInternet, throughVPC}
	allIdentities = [...]identity{noIdentity, passed, carried, passedOn}
)

func (i *interest) networks() []network {
	if i.network {
		return allNetworks[:]
	}
	return allNetworks[:1]
}

func (i *interest) identities() []identity {
	if i.identity {
		return allIdentities[:]
	}
	return allIdentities[:1]
}
