package snapshot

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"countersign/internal/role"
)

// access is what IAM answered of what a role may do.
type access struct {
	library     role.Library
	inline      []InlinePolicy
	attached    []AttachedPolicy
	boundary    *Boundary
	description string
	session     int32 // seconds
	whole       bool  // the answer tells all policies
}

// accessOf takes over what an answer tells. whole is set for the one that
// tells all policies.
func accessOf(r *Role, whole bool, library role.Library) access {
	return access{library, r.RolePolicyList, r.AttachedManagedPolicies, r.PermissionsBoundary, r.Description, r.MaxSessionDuration, whole}
}

// FillAccess implements role.AccessDetails.
func (a *access) FillAccess(found *role.Role) {
	found.Description = a.description
	found.MaxSession = time.Duration(a.session) * time.Second
	if !a.whole && a.boundary == nil {
		return
	}
	told := &role.Access{Library: a.library}
	if !a.whole {
		told.Lacks = []string{"the inline policies", "the attached policies"}
	}
	for _, policy := range a.inline {
		told.Inline = append(told.Inline, role.InlinePolicy{
			Name: policy.PolicyName, Document: role.IdentityPolicy([]byte(policy.PolicyDocument)),
		})
	}
	for _, policy := range a.attached {
		told.Attached = append(told.Attached, role.ManagedPolicy{ARN: policy.PolicyArn, Name: policy.PolicyName})
	}
	if a.boundary != nil {
		arn := a.boundary.PermissionsBoundaryArn
		told.Boundary = &role.ManagedPolicy{ARN: arn, Name: arn[strings.LastIndexByte(arn, '/')+1:]}
	}
	found.Access = told
}

// Shelf holds documents of managed policies. The zero value is empty. It is
// not safe for concurrent use until it is full.
type Shelf struct {
	documents map[string]string // by ARN, as IAM encodes them
	size      int
	missing   string
}

// shelfSize bounds the documents that are held, in bytes: an account has at
// most 5,000 customer managed policies of at most 6,144 characters each (IAM
// User Guide, "IAM and AWS STS quotas").
const shelfSize = 48 << 20

// Add takes in the policies of a page.
func (s *Shelf) Add(page Page) {
	if s.documents == nil {
		s.documents = map[string]string{}
	}
	for _, policy := range page.Policies {
		for _, version := range policy.PolicyVersionList {
			if !version.IsDefaultVersion {
				continue
			}
			if s.size += len(version.Document); s.size > shelfSize {
				s.missing = fmt.Sprintf("the account has more than %d MB of managed policies", shelfSize>>20)
				return
			}
			s.documents[policy.Arn] = version.Document
		}
	}
}

// Fail says why what is not there is not there.
func (s *Shelf) Fail(reason string) { s.missing = reason }

// Find looks a document up, as role.Library has it.
func (s *Shelf) Find(arn string) (document *role.Document, missing string) {
	text, ok := s.documents[arn]
	if !ok {
		return nil, s.missing
	}
	made := role.IdentityPolicy([]byte(text))
	return &made, ""
}

// kept is a role.Library of what a directory keeps.
type kept struct {
	root    *os.Root
	account string
	once    sync.Once
	shelf   Shelf
}

// Find implements role.Library.
func (k *kept) Find(arn string) (*role.Document, string) {
	k.once.Do(func() {
		err := pages(k.root, policiesFile(k.account), policiesOf(k.account), func(page Page, _ int) error {
			k.shelf.Add(page)
			return nil
		})
		if err != nil {
			k.shelf.Fail("the run that kept these answers did not keep it")
		}
	})
	return k.shelf.Find(arn)
}
