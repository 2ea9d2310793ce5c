package role

import "errors"

// Access is what a role may do: the policies on it, as far as the source tells
// them.
type Access struct {
	Attached []ManagedPolicy // in the order of the source
	Inline   []InlinePolicy  // in the order of the source
	Boundary *ManagedPolicy  // the permissions boundary; nil where there is none
	// Lacks names what the source does not tell, such as "the inline policies".
	Lacks []string
	// Library has the documents of managed policies; nil where the source has
	// none beside those that are here already.
	Library Library
}

// Library has the documents of managed policies. Find returns that of the
// version in force, or nil and why it is not known, if there is more to say
// than that the source does not have it. It may read a file again or ask AWS,
// and is asked by several goroutines at once.
type Library interface {
	Find(arn string) (document *Document, missing string)
}

// ManagedPolicy is a policy that stands by itself: a role is attached to it, or
// bounded by it.
type ManagedPolicy struct {
	ARN      string // empty where the source cannot tell it
	Name     string
	Document *Document // of the version in force; nil where it is not here: see Resolve
	Missing  string    // why Document is nil, where there is more to say than that
}

// Resolve has the document of a policy taken from the library.
func (a *Access) Resolve(policy *ManagedPolicy) {
	if policy.Document == nil && policy.Missing == "" && policy.ARN != "" && a.Library != nil {
		policy.Document, policy.Missing = a.Library.Find(policy.ARN)
	}
}

// InlinePolicy is a policy that is part of a role.
type InlinePolicy struct {
	Name     string
	Document Document
}

// AccessDetails fills in what a role may do, its description and the longest
// session.
type AccessDetails interface{ FillAccess(*Role) }

// CompleteAccess fills in what the source has held back of what the role may
// do, but for the documents of managed policies.
func (r *Role) CompleteAccess() {
	if held := r.AccessDetails; held != nil {
		r.AccessDetails = nil
		held.FillAccess(r)
	}
}

// IdentityPolicy makes the document of a policy that says what a role may do,
// of text as [Encoded] takes it, and has it decoded.
func IdentityPolicy(text []byte) Document {
	document := Encoded(text)
	if document.Decode(); document.Err != nil {
		document.Err = errors.New("it cannot be decoded")
	}
	return document
}
