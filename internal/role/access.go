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
}

// ManagedPolicy is a policy that stands by itself: a role is attached to it, or
// bounded by it.
type ManagedPolicy struct {
	ARN      string // empty where the source cannot tell it
	Name     string
	Document *Document // of the version in force; nil where the source does not have it
	Missing  string    // why Document is nil, where there is more to say than that
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
// do. Reading it may take a second look at the source, so that few roles are
// asked for it.
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
