package terraform

import (
	"cmp"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/internal/source/template"
	"countersign/trust"
)

// ownAccount names the account of the default provider where its number is not
// known.
const ownAccount = "the account of the default provider"

// provider is what a provider block says of the account it works in. Aliased
// providers are the same account as long as they log in the same way.
type provider struct {
	login     string // what its credentials are; empty: those of the environment
	account   string // 12 digits, where it says
	region    string
	partition string
}

// logins are the attributes of a provider that say who it logs in as.
var logins = []string{"access_key", "profile", "shared_credentials_file", "shared_credentials_files", "shared_config_files"}

// providerFor gives what is known of a provider by a module's name for it.
func (m *module) providerFor(name string) *provider {
	r := m.r
	name = m.provider(name)
	if p := r.providers[name]; p != nil {
		return p
	}
	root := m
	for root.parent != nil {
		root = root.parent
	}
	p := root.readProvider(name)
	r.providers[name] = p
	return p
}

func (m *module) readProvider(name string) *provider {
	kind, alias, _ := strings.Cut(name, ".")
	p := &provider{}
	if alias != "" {
		p.login = "provider " + name
	}
	for _, b := range m.dir.blocks {
		if b.kind != "provider" || len(b.labels) != 1 || b.labels[0] != kind {
			continue
		}
		body, ok := m.r.parse(b)
		if !ok {
			continue
		}
		theirs := ""
		if v := m.scope().attribute(body, "alias"); v != nil {
			theirs, _ = v.isText()
		}
		if theirs == alias {
			m.describeProvider(p, body)
		}
	}
	if alias != "" && p.account == "" {
		if plain := m.providerFor(kind); plain.login == p.login {
			p.account = plain.account
		}
	}
	if p.account == "" && p.login == "" {
		p.account = m.r.options.Account
	}
	if p.partition == "" {
		p.partition = cmp.Or(m.r.options.Partition, "aws")
	}
	return p
}

func (m *module) describeProvider(p *provider, body *hclsyntax.Body) {
	s := m.scope()
	p.login = ""
	for _, name := range logins {
		v := s.attribute(body, name)
		if v != nil && v.kind != null {
			p.login += name + "=" + v.describe() + " "
		}
	}
	if v := s.attribute(body, "allowed_account_ids"); v != nil && v.kind == list && len(v.items) == 1 {
		if id, ok := v.items[0].scalar(); ok && trust.IsAccountID(id) {
			p.account = id
		}
	}
	blocks, _, _ := s.blocksOf(body)
	for i := range blocks {
		if b := &blocks[i]; b.kind == "assume_role" || b.kind == "assume_role_with_web_identity" {
			if v := b.scope.attribute(b.body, "role_arn"); v != nil && v.kind != null {
				m.assumedBy(p, v)
			}
		}
	}
	if v := s.attribute(body, "region"); v != nil {
		if region, ok := v.isText(); ok {
			p.region, p.partition = region, partitionOf(region)
		}
	}
}

// assumedBy takes the account from the role that a provider assumes.
func (m *module) assumedBy(p *provider, arn *value) {
	p.login += "assume_role=" + arn.describe()
	if s, ok := arn.isText(); ok {
		fields := strings.Split(s, ":")
		if len(fields) > 5 && trust.IsAccountID(fields[4]) {
			p.account = fields[4]
			return
		}
	}
	// The account may be known where the role's name is not.
	if pieces := arn.spelled(); len(pieces) > 0 && pieces[0].on == "" {
		fields := strings.Split(pieces[0].text, ":")
		if len(fields) > 5 && trust.IsAccountID(fields[4]) {
			p.account = fields[4]
		}
	}
}

func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "us-iso"), strings.HasPrefix(region, "eu-iso"), strings.HasPrefix(region, "eusc-"):
		return ""
	}
	return "aws"
}

// accountName names a provider's account where its number is not known.
func (p *provider) accountName() string {
	if p.login == "" {
		return ownAccount
	}
	return "the account of " + strings.TrimSpace(p.login)
}

// accountValue is the number of a provider's account.
func (p *provider) accountValue(place trust.Range) *value {
	if p.account != "" {
		return textValue(p.account, place)
	}
	return piecesValue([]piece{{on: p.accountName(), raw: place}}, place, false)
}

// ownNumber is the number of the account as roles in it are judged: a stand-in
// where it is not known.
func (p *provider) ownNumber() string { return cmp.Or(p.account, template.OwnAccount) }

// arn makes an ARN in a provider's account.
func (p *provider) arn(place trust.Range, resource ...*value) *value {
	colon := func(s string) *value { return textValue(s, place) }
	parts := []*value{colon("arn:"), colon(p.partition), colon(":iam::"), p.accountValue(place), colon(":")}
	return joined(append(parts, resource...), place)
}
