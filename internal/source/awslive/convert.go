package awslive

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"countersign/internal/source/awslive/snapshot"
)

// fromDetail takes over what GetAccountAuthorizationDetails says of a role.
func fromDetail(d types.RoleDetail) snapshot.Role {
	answer := snapshot.Role{
		Path: aws.ToString(d.Path), RoleName: aws.ToString(d.RoleName), RoleID: aws.ToString(d.RoleId),
		Arn: aws.ToString(d.Arn), CreateDate: d.CreateDate,
		AssumeRolePolicyDocument: d.AssumeRolePolicyDocument,
		PermissionsBoundary:      boundary(d.PermissionsBoundary),
		RoleLastUsed:             lastUsed(d.RoleLastUsed),
		// This call always tells the tags, so none means that there are none.
		Tags: append([]snapshot.Tag{}, tags(d.Tags)...),
	}
	for _, policy := range d.RolePolicyList {
		answer.RolePolicyList = append(answer.RolePolicyList, snapshot.InlinePolicy{
			PolicyName: aws.ToString(policy.PolicyName), PolicyDocument: aws.ToString(policy.PolicyDocument),
		})
	}
	for _, policy := range d.AttachedManagedPolicies {
		answer.AttachedManagedPolicies = append(answer.AttachedManagedPolicies, snapshot.AttachedPolicy{
			PolicyName: aws.ToString(policy.PolicyName), PolicyArn: aws.ToString(policy.PolicyArn),
		})
	}
	for _, profile := range d.InstanceProfileList {
		answer.InstanceProfileList = append(answer.InstanceProfileList, snapshot.InstanceProfile{
			InstanceProfileName: aws.ToString(profile.InstanceProfileName), Arn: aws.ToString(profile.Arn),
		})
	}
	return answer
}

// fromPolicies takes over the version in force of each managed policy.
func fromPolicies(details []types.ManagedPolicyDetail) (page snapshot.Page) {
	for _, detail := range details {
		policy := snapshot.Policy{
			PolicyName: aws.ToString(detail.PolicyName), Arn: aws.ToString(detail.Arn), DefaultVersionID: aws.ToString(detail.DefaultVersionId),
		}
		for _, version := range detail.PolicyVersionList {
			if version.IsDefaultVersion || aws.ToString(version.VersionId) == policy.DefaultVersionID {
				policy.PolicyVersionList = append(policy.PolicyVersionList, snapshot.PolicyVersion{
					Document: aws.ToString(version.Document), VersionID: aws.ToString(version.VersionId), IsDefaultVersion: true,
				})
			}
		}
		page.Policies = append(page.Policies, policy)
	}
	return page
}

// fromRole takes over what ListRoles and GetRole say of a role. ListRoles
// tells neither tags nor last use, so their absence means nothing; whole is
// set for the answer of GetRole, which tells both.
func fromRole(r types.Role, whole bool) snapshot.Role {
	answer := snapshot.Role{
		Path: aws.ToString(r.Path), RoleName: aws.ToString(r.RoleName), RoleID: aws.ToString(r.RoleId),
		Arn: aws.ToString(r.Arn), CreateDate: r.CreateDate,
		AssumeRolePolicyDocument: r.AssumeRolePolicyDocument,
		Description:              aws.ToString(r.Description),
		MaxSessionDuration:       aws.ToInt32(r.MaxSessionDuration),
	}
	if whole {
		answer.Tags = append([]snapshot.Tag{}, tags(r.Tags)...)
		answer.RoleLastUsed = lastUsed(r.RoleLastUsed)
		answer.PermissionsBoundary = boundary(r.PermissionsBoundary)
	}
	return answer
}

func tags(from []types.Tag) (to []snapshot.Tag) {
	for _, tag := range from {
		to = append(to, snapshot.Tag{Key: aws.ToString(tag.Key), Value: aws.ToString(tag.Value)})
	}
	return to
}

func boundary(from *types.AttachedPermissionsBoundary) *snapshot.Boundary {
	if from == nil {
		return nil
	}
	return &snapshot.Boundary{
		PermissionsBoundaryType: string(from.PermissionsBoundaryType),
		PermissionsBoundaryArn:  aws.ToString(from.PermissionsBoundaryArn),
	}
}

func lastUsed(from *types.RoleLastUsed) *snapshot.LastUsed {
	if from == nil {
		return nil
	}
	return &snapshot.LastUsed{LastUsedDate: from.LastUsedDate, Region: aws.ToString(from.Region)}
}
