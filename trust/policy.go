package trust

import (
	"math/big"
	"net/netip"
)

// Policy is a trust policy (or a resource control policy) with a meaning.
// [Parse] makes it, whole or not at all; nobody changes it afterwards.
type Policy struct {
	// Version is "2012-10-17" or "2008-10-17", which is also what a document
	// without one means (IAM User Guide, "Version"). Policy variables work
	// only under the former; under the latter "${" is plain text.
	Version    string
	Statements []Statement
	// Warnings name what IAM would refuse to store although it has a meaning.
	Warnings []Warning
	Range    Range

	// document is the tree the policy was parsed from. When some of it is
	// unknown, Statements are those of its first completion only.
	document Value
	// open is set when some of the document is unknown, aboutRole when it
	// looks at keys that are facts of the role, sparesAccount when a Deny
	// spares a whole account by NotPrincipal.
	open, aboutRole, sparesAccount bool
}

// Open reports whether some of the document is unknown, so that [Evaluate] answers
// for one of many policies that it may be.
func (p *Policy) Open() bool { return p.open }

// Document is the tree that the policy was parsed from.
func (p *Policy) Document() Value { return p.document }

// Effect is what a statement does to the requests it matches.
type Effect uint8

const (
	Deny Effect = iota
	Allow
)

// Statement is one statement of a policy.
type Statement struct {
	Index  int // position in the document, from 0
	Sid    string
	Effect Effect

	// Principals is empty when nobody is named. NotPrincipal turns the
	// list into its complement.
	Principals   []Principal
	NotPrincipal bool

	// Actions are patterns over "service:Name" in lower case. NotAction turns
	// the list into its complement.
	Actions   []Operand
	NotAction bool

	// Resources are patterns over the role's ARN, which only resource control
	// policies carry. Empty means every resource. NotResource turns the list
	// into its complement.
	Resources   []Operand
	NotResource bool

	Conditions []Condition // all have to hold
	Range      Range
}

// PrincipalForm is what a principal entry selects.
type PrincipalForm uint8

const (
	// Nobody matches no caller: a wildcard inside an ARN, a CanonicalUser, a
	// federated-user session (which may not call AssumeRole), free text.
	Nobody PrincipalForm = iota
	// Anyone is AWS:"*" and the bare "*".
	Anyone
	// Account is a 12-digit id or the account's root ARN: every user and role
	// session of the account.
	Account
	// User is one IAM user by its ARN, path included.
	User
	// Role is every session of one role, by the role's ARN, path included.
	Role
	// Session is one session name of one role (an assumed-role ARN, which
	// carries no path).
	Session
	// Deleted is a unique id (AIDA…, AROA…): what IAM shows once the principal
	// is deleted. It matches nobody.
	Deleted
	// Service is an AWS service.
	Service
	// Federated is a SAML or OIDC provider.
	Federated
)

// Principal is one entry of a Principal or NotPrincipal element.
type Principal struct {
	Form PrincipalForm
	Text string // as it is spelt

	// Partition and Account are set for the forms Account, User, Role and
	// Session. Partition is empty where only the 12 digits are given: the
	// role's own partition is meant.
	Partition string
	Account   string
	// RoleName and SessionName are set for the form Session.
	RoleName, SessionName string

	Range Range
}

// Family groups the operators that compare in the same way.
type Family uint8

const (
	StringExact      Family = iota // StringEquals
	StringIgnoreCase               // StringEqualsIgnoreCase
	StringPattern                  // StringLike
	ArnPattern                     // ArnEquals, ArnLike: the same thing
	NumericEqual
	NumericLess
	NumericLessOrEqual
	NumericGreater
	NumericGreaterOrEqual
	DateEqual
	DateLess
	DateLessOrEqual
	DateGreater
	DateGreaterOrEqual
	BoolEqual
	BinaryEqual
	IPAddress
	NullTest
)

// SetOperator is the prefix of an operator for keys with many values.
type SetOperator uint8

const (
	NoSetOperator SetOperator = iota
	ForAllValues
	ForAnyValue
)

// Operator is a condition operator taken apart. Negated is set for the …Not…
// forms of the families String…, ArnPattern, NumericEqual, DateEqual and
// IPAddress.
type Operator struct {
	Name     string // as it is spelt
	Family   Family
	Negated  bool
	IfExists bool
	Set      SetOperator
	Range    Range
}

// Condition is one key under one operator, with the values it is held against.
type Condition struct {
	Operator Operator
	Key      string // in lower case: condition keys ignore case
	Spelling string // the key as it is spelt
	KeyRange Range
	Values   []Operand // ORed; NORed when the operator is negated; may be empty
	Range    Range     // from the key to the end of the values
}

// Operand is one value of a condition, or one action or resource pattern,
// ready to be compared. Which field beside Text and Pieces is set follows from
// the operator's family.
type Operand struct {
	Text   string // the JSON scalar as text
	Pieces []Piece

	Number *big.Rat // Numeric…
	Millis int64    // Date…: milliseconds since 1970-01-01T00:00:00Z
	Bool   bool     // BoolEqual, NullTest: true when the text is "true" in any letter case
	// Prefix is the network of an IPAddress operand. It is the zero Prefix
	// for an IPv6 network with host bits set, which matches no address.
	Prefix netip.Prefix

	Range Range
}

// PieceKind tells what a [Piece] matches.
type PieceKind uint8

const (
	LiteralPiece  PieceKind = iota // Text itself
	AnyRunPiece                    // "*": any run of characters, also none
	AnyOnePiece                    // "?": exactly one UTF-16 code unit
	VariablePiece                  // ${Key} or ${Key, 'Default'}
)

// Piece is a part of a pattern. Operands of the families String…, ArnPattern
// and BinaryEqual, actions and resources consist of pieces; neighbouring
// literals are joined, and the empty string has none.
type Piece struct {
	Kind       PieceKind
	Text       string // LiteralPiece
	Key        string // VariablePiece: in lower case
	Default    string // VariablePiece
	HasDefault bool
}

// Warning points out something that does not decide the verdict.
type Warning struct {
	Code      string
	Statement int // index, or -1 for the document
	Message   string
	Range     Range
}
