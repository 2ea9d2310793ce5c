package cloudformation

import (
	"strconv"
	"strings"
	"time"

	"countersign/internal/role"
	"countersign/trust"
)

// policyTypes are the resources that put policies on roles.
var policyTypes = []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"}

// fillAccess says what a role may do, as far as the template tells: what it
// attaches elsewhere is not seen. It leaves the judgement of trust policies as
// it is, their budget included.
func (t *evaluator) fillAccess(found *role.Role, logical string, properties trust.Value) {
	if properties.Kind != trust.Object || t.spare < maxSteps {
		return
	}
	total, steps, assumed := t.total, t.steps, t.assumed
	t.total, t.steps = t.spare, maxSteps
	defer func() {
		t.spare = t.total
		t.total, t.steps, t.assumed = total, steps, assumed
	}()
	access := &role.Access{}
	t.attached(access, properties)
	t.inline(access, properties)
	t.elsewhere(access, logical, found.Name)
	if bound, has := properties.Get("PermissionsBoundary"); has {
		if policies := t.managed(access, bound, "the permissions boundary"); len(policies) == 1 {
			access.Boundary = &policies[0]
		} else if len(policies) > 1 {
			access.Boundary = &role.ManagedPolicy{Name: "of several", Missing: "it depends on a condition"}
		}
	}
	if t.macro != "" {
		access.Lacks = append(access.Lacks, "what the macro "+t.macro+" adds")
	}
	found.Access = access
	if text, has := properties.Get("Description"); has {
		found.Description = t.textOf(text)
	}
	if text, has := properties.Get("MaxSessionDuration"); has {
		if seconds, err := strconv.ParseUint(t.textOf(text), 10, 31); err == nil {
			found.MaxSession = time.Duration(seconds) * time.Second
		}
	}
}

// attached takes over ManagedPolicyArns.
func (t *evaluator) attached(access *role.Access, properties trust.Value) {
	list, has := properties.Get("ManagedPolicyArns")
	if !has {
		return
	}
	if list.Kind != trust.Array {
		list = t.evaluate(list)
	}
	for _, item := range flat(list) {
		access.Attached = append(access.Attached, t.managed(access, item, "the attached policies")...)
	}
}

// managed returns the policies that an ARN stands for: one, or the options of
// a condition, or none of what is lacking.
func (t *evaluator) managed(access *role.Access, arn trust.Value, what string) (policies []role.ManagedPolicy) {
	if logical := t.policyNamed(arn); logical != "" {
		body, _ := t.outline.Get(logical)
		properties, _ := body.Get("Properties")
		document := t.documentOf(properties)
		return []role.ManagedPolicy{{Name: logical, Document: &document}}
	}
	for _, option := range flat(t.evaluate(arn)) {
		switch option.Kind {
		case trust.Absent:
		case trust.String:
			spelt := display(option)
			policies = append(policies, role.ManagedPolicy{ARN: spelt, Name: spelt[strings.LastIndexByte(spelt, '/')+1:]})
		default:
			access.Lacks = append(access.Lacks, what+", which depend on "+orName(dependsOn(option), "what cannot be read"))
		}
	}
	return policies
}

// policyNamed is the logical id of the managed policy that Ref of it names.
func (t *evaluator) policyNamed(v trust.Value) string {
	name, argument, isCall := call(v)
	if !isCall || name != "Ref" && name != "Fn::GetAtt" {
		return ""
	}
	logical := argument.Text
	if argument.Kind == trust.Array && len(argument.Items) > 0 {
		logical = argument.Items[0].Text
	}
	logical, _, _ = strings.Cut(logical, ".")
	if body, found := t.outline.Get(logical); !found || typeOf(body) != "AWS::IAM::ManagedPolicy" {
		return ""
	}
	return logical
}

// flat lists the items of a list, and of the options of choices in it: what may
// be there counts.
func flat(v trust.Value) (all []trust.Value) {
	if v.Kind != trust.Array && v.Kind != trust.Choice {
		return []trust.Value{v}
	}
	for _, item := range v.Items {
		if _, _, isCall := call(item); isCall {
			all = append(all, item)
		} else {
			all = append(all, flat(item)...)
		}
	}
	return all
}

// inline takes over Policies.
func (t *evaluator) inline(access *role.Access, properties trust.Value) {
	list, has := properties.Get("Policies")
	if !has {
		return
	}
	if list.Kind != trust.Array {
		list = t.evaluate(list)
	}
	for _, item := range flat(list) {
		if _, _, isCall := call(item); isCall {
			item = t.evaluate(item)
		}
		for _, option := range flat(item) {
			switch option.Kind {
			case trust.Absent:
			case trust.Object:
				access.Inline = append(access.Inline, t.inlinePolicy(option))
			default:
				access.Lacks = append(access.Lacks, "the inline policies, which depend on "+orName(dependsOn(option), "what cannot be read"))
			}
		}
	}
}

func (t *evaluator) inlinePolicy(properties trust.Value) role.InlinePolicy {
	name, _ := properties.Get("PolicyName")
	return role.InlinePolicy{Name: display(t.evaluate(name)), Document: t.documentOf(properties)}
}

func (t *evaluator) documentOf(properties trust.Value) role.Document {
	document, has := properties.Get("PolicyDocument")
	if !has {
		tree := unknown("a policy without a document", properties.Range)
		return role.Document{Tree: &tree}
	}
	return t.policy(document)
}

// elsewhere adds the policies that other resources of the template put on the
// role.
func (t *evaluator) elsewhere(access *role.Access, logical, name string) {
	if t.attachments == nil {
		t.findAttachments()
	}
	for _, other := range t.attachments[logical] {
		t.attach(access, other)
	}
	if name != "" && name != logical {
		for _, other := range t.attachments["name "+name] {
			t.attach(access, other)
		}
	}
}

func (t *evaluator) attach(access *role.Access, other string) {
	body, _ := t.outline.Get(other)
	if exists := t.exists(body); exists.Kind == trust.Bool && exists.Text == "false" {
		return
	}
	properties, _ := body.Get("Properties")
	if typeOf(body) == "AWS::IAM::ManagedPolicy" {
		document := t.documentOf(properties)
		access.Attached = append(access.Attached, role.ManagedPolicy{Name: other, Document: &document})
		return
	}
	access.Inline = append(access.Inline, t.inlinePolicy(properties))
}

// findAttachments notes which resources put policies on which roles, by the
// roles' logical ids, or by "name " and their names.
func (t *evaluator) findAttachments() {
	t.attachments = map[string][]string{}
	for _, name := range t.outline.Mentioning(policyTypes...) {
		body, _ := t.outline.Get(name)
		properties, _ := body.Get("Properties")
		var roles []trust.Value
		switch typeOf(body) {
		case "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy":
			list, _ := properties.Get("Roles")
			roles = flat(list)
		case "AWS::IAM::RolePolicy":
			if one, has := properties.Get("RoleName"); has {
				roles = []trust.Value{one}
			}
		}
		for _, one := range roles {
			key := ""
			if function, argument, isCall := call(one); isCall && function == "Ref" {
				key = argument.Text
			} else if text := t.textOf(one); text != "" {
				key = "name " + text
			}
			if key != "" {
				t.attachments[key] = append(t.attachments[key], name)
			}
		}
	}
}
