package remedy

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"countersign/internal/fix/render"
	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// subject is a role as the forms write it: what is known of it, and the names
// of what is not.
type subject struct {
	name, account string // empty: not known
	document      trust.Value

	path, description, boundary string
	session                     int // seconds
	tags                        []tag
	managed                     []managed
	inline                      []inline
	unknown                     map[property]bool
	lacks                       []string // what else is not known
	stack                       string   // the CloudFormation stack that the role belongs to
}

type tag struct{ key, value string }

type managed struct{ name, arn string }

type inline struct {
	name     string
	document trust.Value
}

// property is something that a role has, in the words of messages.
type property string

const (
	thePath        property = "the path"
	theDescription property = "the description"
	theSession     property = "the longest session"
	theBoundary    property = "the permissions boundary"
	theManaged     property = "the managed policies"
	theInline      property = "the inline policies"
	theTags        property = "the tags"
)

// properties are all of them, in the order of messages.
var properties = []property{thePath, theDescription, theSession, theBoundary, theManaged, theInline, theTags}

func newSubject(remedy Remedy) (*subject, error) {
	from := remedy.Role
	if from.Trust.Sensitive {
		return nil, &RefusedError{"the source says that the trust policy is not to be shown", "change it where it is kept"}
	}
	s := &subject{
		name: from.Name,
		path: from.Path, description: from.Description, session: int(from.MaxSession / time.Second),
		unknown: map[property]bool{},
	}
	if account := from.KnownAccount(); accountID.MatchString(account) {
		s.account = account
	}
	s.document = s.open(remedy.Rewriting.Document)
	if s.path == "" {
		s.path = pathOf(from.ARN, from.Name)
	}
	s.unknown[thePath] = s.path == ""
	s.unknown[theDescription] = s.description == "" && s.session == 0
	s.unknown[theSession] = s.session == 0
	s.takeTags(from.Tags)
	s.takeAccess(from.Access)
	if slices.ContainsFunc(s.texts(), func(text string) bool { return !utf8.ValidString(text) }) {
		return nil, &RefusedError{reason: "a text of the role is not UTF-8"}
	}
	return s, nil
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// texts are all texts of the role.
func (s *subject) texts() []string {
	texts := []string{s.name, s.path, s.description, s.boundary}
	for _, one := range s.tags {
		texts = append(texts, one.key, one.value)
	}
	for _, one := range s.managed {
		texts = append(texts, one.arn)
	}
	for i := range s.inline {
		texts = append(appendTexts(texts, &s.inline[i].document), s.inline[i].name)
	}
	return appendTexts(texts, &s.document)
}

// appendTexts adds the texts of a tree.
func appendTexts(texts []string, v *trust.Value) []string {
	texts = append(texts, v.Text)
	for _, part := range v.Parts {
		texts = append(texts, part.Text)
	}
	for i := range v.Items {
		texts = appendTexts(texts, &v.Items[i])
	}
	for i := range v.Members {
		texts = appendTexts(appendTexts(texts, &v.Members[i].Key), &v.Members[i].Value)
	}
	return texts
}

// pathOf is the path in the ARN of a role: arn:aws:iam::111122223333:role/path/name.
func pathOf(arn, name string) string {
	_, resource, found := strings.Cut(arn, ":role/")
	path, ended := strings.CutSuffix("/"+resource, name)
	if !found || !ended {
		return ""
	}
	return path
}

// takeTags takes all tags but those of AWS, which nobody else can set (IAM User
// Guide, "Tags for AWS Identity and Access Management resources").
func (s *subject) takeTags(tags map[string]string) {
	s.unknown[theTags] = tags == nil
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case key == "aws:cloudformation:stack-name":
			s.stack = tags[key]
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
		default:
			s.tags = append(s.tags, tag{key, tags[key]})
		}
	}
}

func (s *subject) takeAccess(access *role.Access) {
	if access == nil {
		s.unknown[theBoundary], s.unknown[theManaged], s.unknown[theInline] = true, true, true
		return
	}
	s.unknown[theInline] = slices.Contains(access.Lacks, "the inline policies")
	s.unknown[theManaged] = slices.Contains(access.Lacks, "the attached policies")
	// An answer that leaves policies out may have left the boundary out too.
	s.unknown[theBoundary] = access.Boundary == nil && len(access.Lacks) > 0
	if access.Boundary != nil {
		s.boundary = access.Boundary.ARN
		s.unknown[theBoundary] = s.boundary == ""
	}
	for _, policy := range access.Attached {
		if policy.ARN == "" {
			s.lacks = append(s.lacks, "the ARN of the managed policy "+shown(policy.Name))
			continue
		}
		if !slices.ContainsFunc(s.managed, func(m managed) bool { return m.arn == policy.ARN }) {
			s.managed = append(s.managed, managed{policy.Name, policy.ARN})
		}
	}
	for _, policy := range access.Inline {
		document, ok := readInline(&policy)
		if !ok {
			s.lacks = append(s.lacks, "the inline policy "+shown(policy.Name))
			continue
		}
		s.inline = append(s.inline, inline{policy.Name, s.open(document)})
	}
}

// readInline gives the tree of a policy that every form can hold.
func readInline(policy *role.InlinePolicy) (trust.Value, bool) {
	document := policy.Document
	if document.Err != nil || document.Sensitive || policy.Name == "" {
		return trust.Value{}, false
	}
	if document.Tree != nil {
		return *document.Tree, document.Tree.Known() && isPlain(*document.Tree)
	}
	if document.Encoded { // decoding uses the room of the text, which others may read
		document.JSON = slices.Clone(document.JSON)
		if document.Decode(); document.Err != nil {
			return trust.Value{}, false
		}
	}
	tree, err := jsontree.Parse(&trust.File{Text: document.JSON})
	return tree, err == nil && isPlain(tree)
}

// isPlain reports whether a tree is an object without what IAM refuses, and
// templates or their readers have no way to say: null, a name twice.
func isPlain(v trust.Value) bool { return v.Kind == trust.Object && hasPlainParts(&v) }

func hasPlainParts(v *trust.Value) bool {
	if v.Kind == trust.Null {
		return false
	}
	for i := range v.Items {
		if !hasPlainParts(&v.Items[i]) {
			return false
		}
	}
	seen := map[string]bool{}
	for i := range v.Members {
		m := &v.Members[i]
		if seen[m.Key.Text] || !hasPlainParts(&m.Key) || !hasPlainParts(&m.Value) {
			return false
		}
		seen[m.Key.Text] = true
	}
	return true
}

// open has the account of a template that nobody told be an unknown part.
func (s *subject) open(v trust.Value) trust.Value {
	if s.account != "" {
		return v
	}
	if v.Kind == trust.String {
		v = openAccount(v)
	}
	v.Items = slices.Clone(v.Items)
	for i := range v.Items {
		v.Items[i] = s.open(v.Items[i])
	}
	v.Members = slices.Clone(v.Members)
	for i := range v.Members {
		v.Members[i].Value = s.open(v.Members[i].Value)
	}
	return v
}

// isPlainNumber reports whether every reader of templates leaves the spelling of
// a number alone. Others are written as texts, which IAM takes as well.
func isPlainNumber(text string) bool { return plainNumber.MatchString(text) }

var plainNumber = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,14})$`)

// ownAccount is what an unknown part depends on that stands for the role's
// account.
const ownAccount = "the account of the role"

func openAccount(v trust.Value) trust.Value {
	parts := v.Parts
	if parts == nil {
		parts = []trust.Part{{Text: v.Text}}
	}
	var opened []trust.Part
	found := false
	for _, part := range parts {
		if part.On != "" {
			opened = append(opened, part)
			continue
		}
		for i, text := range strings.Split(part.Text, template.OwnAccount) {
			if i > 0 {
				found = true
				opened = append(opened, trust.Part{On: ownAccount})
			}
			if text != "" {
				opened = append(opened, trust.Part{Text: text})
			}
		}
	}
	if found {
		v.Parts = opened
	}
	return v
}

// title names the role in a sentence.
func (s *subject) title() string {
	text := "the role"
	if s.name != "" {
		text += " " + shown(s.name)
	}
	if s.account != "" {
		text += " of account " + s.account
	}
	return text
}

// heading says what a template holds.
func (s *subject) heading() string {
	return "T" + s.title()[1:] + ", with the trust policy that closes it."
}

// wrapped breaks a text into lines.
func wrapped(text string) (lines []string) {
	const width = 88
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// notKnown names what is not known, also the policies that are known by name
// only.
func (s *subject) notKnown() (all []string) {
	for _, p := range properties {
		if s.unknown[p] {
			all = append(all, string(p))
		}
	}
	return append(all, s.lacks...)
}

// shown is a text of a stranger's within a sentence or a comment: in quotation
// marks where it holds what could end the line or move the cursor.
func shown(text string) string {
	plain := text != ""
	for _, c := range text {
		plain = plain && c < 0x7f && unicode.IsPrint(c) && c != '"' && c != '\\'
	}
	if plain {
		return text
	}
	return render.Quoted(text)
}

func joined(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}
