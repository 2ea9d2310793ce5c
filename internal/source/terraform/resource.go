package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// resourceInstance is one instance of a resource or a data source.
type resourceInstance struct {
	*instance
	module  *module
	block   *block
	address string
}

// maxKept bounds how many policies are kept for the next reference to them.
const maxKept = 2000

// attribute gives an attribute: what the configuration sets, or what is known
// of how AWS makes it.
func (i *resourceInstance) attribute(name string, at trust.Range) *value {
	body, ok := i.module.r.parse(i.block)
	if !ok || len(i.block.labels) < 2 {
		return unknownValue(i.address+"."+name, at)
	}
	if i.block.kind == "data" {
		if v := i.dataAttribute(body, name, at); v != nil {
			return v
		}
	} else if v := i.madeAttribute(body, name, at); v != nil {
		return v
	}
	if set := body.Attributes[name]; set != nil {
		return i.scope.eval(set.Expr)
	}
	v := unknownValue(i.address+"."+name, at)
	v.solid = slices.Contains(alwaysThere, name)
	return v
}

// alwaysThere are attributes that are made with every resource that has them:
// its names, and what the random provider draws.
var alwaysThere = []string{"arn", "id", "result", "hex", "b64_std", "b64_url", "dec", "unique_id"}

func (i *resourceInstance) provider(body *hclsyntax.Body) *provider {
	name := "aws"
	if attribute := body.Attributes["provider"]; attribute != nil {
		if given := providerName(attribute.Expr); given != "" {
			name = given
		}
	}
	return i.module.providerFor(name)
}

// dataAttribute gives what AWS or the provider answers.
func (i *resourceInstance) dataAttribute(body *hclsyntax.Body, name string, at trust.Range) *value {
	switch i.block.labels[0] + "." + name {
	case "aws_iam_policy_document.json", "aws_iam_policy_document.minified_json":
		return i.policy(body, at)
	case "aws_caller_identity.account_id", "aws_caller_identity.id":
		return i.provider(body).accountValue(at)
	case "aws_caller_identity.arn": // of a user or a session, in any case of the account
		return i.provider(body).arn(at, textValue("user/", at), unknownValue(i.address+".arn", at))
	case "aws_partition.partition", "aws_partition.id":
		return textValue(i.provider(body).partition, at)
	case "aws_partition.dns_suffix":
		if i.provider(body).partition == "aws-cn" {
			return textValue("amazonaws.com.cn", at)
		}
		return textValue("amazonaws.com", at)
	case "aws_region.name", "aws_region.id", "aws_region.region":
		if p := i.provider(body); p.region != "" {
			return textValue(p.region, at)
		}
	case "aws_iam_role.arn", "aws_iam_user.arn", "aws_iam_group.arn":
		return i.iamARN(body, i.block.labels[0], name, at)
	case "template_file.rendered":
		written, variables := i.scope.attribute(body, "template"), i.scope.attribute(body, "vars")
		if variables == nil {
			variables = objectValue(nil, at)
		}
		if written != nil {
			return each([]*value{written, variables}, at, func(args []*value) *value { return templateText(i.scope, args, at) })
		}
	case "local_file.content":
		if path := i.scope.attribute(body, "filename"); path != nil {
			return each([]*value{path}, at, func(args []*value) *value { return readFile(i.scope, args, at) })
		}
	}
	return nil
}

// policy is the JSON of a policy document, as the value it encodes.
func (i *resourceInstance) policy(body *hclsyntax.Body, at trust.Range) *value {
	r := i.module.r
	if kept := r.policies[i]; kept != nil {
		return kept
	}
	if r.making[i] {
		return unknownValue(i.address+" (depends on itself)", at)
	}
	r.making[i] = true
	place := i.scope.place(hclRange(i.block))
	made := each([]*value{policyDocument(i.scope, body, place)}, place, func(args []*value) *value {
		if args[0].kind == unknown {
			return args[0]
		}
		return piecesValue([]piece{{document: args[0], raw: place}}, place, args[0].assumed)
	})
	delete(r.making, i)
	if len(r.policies) >= maxKept {
		clear(r.policies)
	}
	r.policies[i] = made
	return made
}

// madeAttribute gives attributes of resources of this configuration that
// follow from what it says.
func (i *resourceInstance) madeAttribute(body *hclsyntax.Body, name string, at trust.Range) *value {
	kind := i.block.labels[0]
	switch kind + "." + name {
	case "aws_iam_role.arn", "aws_iam_user.arn", "aws_iam_group.arn", "awscc_iam_role.arn":
		return i.iamARN(body, strings.Replace(kind, "awscc", "aws", 1), name, at)
	case "aws_iam_role.id", "aws_iam_user.id", "aws_iam_role.name", "aws_iam_user.name":
		if v := i.scope.attribute(body, "name"); v != nil && v.kind != null {
			return v
		}
	case "aws_iam_openid_connect_provider.arn":
		if u := i.scope.attribute(body, "url"); u != nil {
			if s, ok := u.isText(); ok {
				return i.provider(body).arn(at, textValue("oidc-provider/"+strings.TrimPrefix(s, "https://"), at))
			}
		}
		return i.provider(body).arn(at, textValue("oidc-provider/", at), unknownValue(i.address+".url", at))
	case "aws_iam_saml_provider.arn":
		if n := i.scope.attribute(body, "name"); n != nil {
			return i.provider(body).arn(at, textValue("saml-provider/", at), n)
		}
	}
	return nil
}

// iamARN is the ARN of a role or a user of the own account.
func (i *resourceInstance) iamARN(body *hclsyntax.Body, kind, attribute string, at trust.Range) *value {
	s := i.scope
	kind = strings.TrimPrefix(kind, "aws_iam_")
	label := "name"
	if i.block.kind == "data" {
		label = kind + "_name"
		if body.Attributes[label] == nil {
			label = "name"
		}
	} else if i.block.labels[0] == "awscc_iam_role" {
		label = "role_name"
	}
	name := s.attribute(body, label)
	if name == nil || name.kind == null {
		name = unknownValue(i.address+".name", at)
	}
	parts := []*value{textValue(kind, at), textValue("/", at), name}
	if path := s.attribute(body, "path"); path != nil && path.kind != null {
		parts[1] = path
	} else if i.block.kind == "data" {
		parts = []*value{textValue(kind+"/", at), name}
	}
	v := i.provider(body).arn(at, parts...)
	if v.bad {
		return unknownValue(i.address+"."+attribute, at)
	}
	return v
}
