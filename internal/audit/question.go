package audit

import (
	"slices"

	"countersign/internal/role"
	"countersign/trust"
)

// Question is what a role is judged by, beside its trust policy.
func (o Options) Question(subject *role.Role) trust.Question {
	subject.Complete()
	question := trust.Question{
		Subject: trust.Subject{
			ARN: subject.ARN, Account: subject.Account, Partition: subject.Partition,
			Organization: o.Organization, Tags: subject.Tags, Name: subject.Name,
		},
		Members: o.Members, Now: o.Now,
	}
	if o.Zone != nil {
		question.Zone = o.Zone(subject)
	}
	if subject.ServiceLinked() { // which resource control policies do not bind
		return question
	}
	question.RCPs = slices.Clone(o.RCPs)
	if o.RCPsFor != nil {
		question.RCPs = append(question.RCPs, o.RCPsFor(subject)...)
	}
	return question
}
