package snapshot

import "time"

// Page is one answer that holds roles. As JSON it has the form of the AWS
// CLI's output of the same call, so that a file of pages is an export like any
// other.
type Page struct {
	RoleDetailList []Role `json:",omitempty"` // iam:GetAccountAuthorizationDetails
	Roles          []Role `json:",omitempty"` // iam:ListRoles, with what iam:GetRole adds
	// Policies are managed policies, with the version in force alone
	// (iam:GetAccountAuthorizationDetails).
	Policies []Policy `json:",omitempty"`
}

// Role is a role as IAM answered it (API Reference, "RoleDetail" and "Role").
// Documents are as IAM encodes them.
type Role struct {
	Path                     string            `json:",omitempty"`
	RoleName                 string            `json:",omitempty"`
	RoleID                   string            `json:"RoleId,omitempty"`
	Arn                      string            `json:",omitempty"`
	CreateDate               *time.Time        `json:",omitempty"`
	AssumeRolePolicyDocument *string           `json:",omitempty"`
	Description              string            `json:",omitempty"`
	MaxSessionDuration       int32             `json:",omitempty"`
	RolePolicyList           []InlinePolicy    `json:",omitempty"`
	AttachedManagedPolicies  []AttachedPolicy  `json:",omitempty"`
	PermissionsBoundary      *Boundary         `json:",omitempty"`
	InstanceProfileList      []InstanceProfile `json:",omitempty"`
	Tags                     []Tag             `json:",omitzero"`  // nil when not known
	RoleLastUsed             *LastUsed         `json:",omitempty"` // nil when not known
}

// InlinePolicy is a policy that is part of a role.
type InlinePolicy struct {
	PolicyName     string
	PolicyDocument string
}

// AttachedPolicy is a managed policy that a role carries.
type AttachedPolicy struct {
	PolicyName string
	PolicyArn  string
}

// Policy is a managed policy (API Reference, "ManagedPolicyDetail").
type Policy struct {
	PolicyName        string
	Arn               string
	DefaultVersionID  string `json:"DefaultVersionId"`
	PolicyVersionList []PolicyVersion
}

// PolicyVersion is a version of a managed policy.
type PolicyVersion struct {
	Document         string
	VersionID        string `json:"VersionId"`
	IsDefaultVersion bool
}

// Boundary is a role's permissions boundary.
type Boundary struct {
	PermissionsBoundaryType string
	PermissionsBoundaryArn  string
}

// InstanceProfile is an instance profile that holds a role.
type InstanceProfile struct {
	InstanceProfileName string
	Arn                 string
}

// Tag is a tag of a role.
type Tag struct{ Key, Value string }

// LastUsed is when and where a role was last used. Both are absent when it was
// not used in the time that IAM tracks.
type LastUsed struct {
	LastUsedDate *time.Time `json:",omitempty"`
	Region       string     `json:",omitempty"`
}
