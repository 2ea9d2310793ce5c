package source

import (
	"bytes"
	"path"
	"slices"

	"countersign/internal/source/cloudformation"

	"github.com/go-json-experiment/json/jsontext"
)

// headSize is how much of a file is looked at to tell what it is.
const headSize = 4096

// content is what a file's first bytes show it to be.
type content uint8

const (
	other         content = iota
	blank                 // nothing but white space so far
	jsonText              // JSON, as an export is
	policyText            // JSON with a Statement: perhaps a bare trust policy
	planText              // a Terraform plan or state
	templateText          // YAML or JSON that may be a template
	configuration         // the Terraform configuration of a directory
	gzipped
	utf16Text
)

var byteOrderMark = []byte("\xEF\xBB\xBF")

// sniff tells what a file is by its first bytes, in UTF-8 with or without a
// byte order mark. YAML can only be told from other text by what it says, or
// by its name, of which there may be none.
func sniff(head []byte, name string) content {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}): // RFC 1952, section 2.3.1
		return gzipped
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}),
		bytes.HasPrefix(head, []byte{'{', 0}), bytes.HasPrefix(head, []byte{0, '{'}),
		bytes.HasPrefix(head, []byte{'[', 0}), bytes.HasPrefix(head, []byte{0, '['}):
		return utf16Text
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	switch {
	case len(text) == 0:
		return blank
	case text[0] == '{':
		return sniffObject(text)
	case text[0] == '[':
		return jsonText
	case bytes.IndexByte(text, 0) >= 0:
		return other
	case slices.Contains(templateNames, path.Ext(name)), beginsLikeTemplate(text) && cloudformation.IsTemplate(text):
		return templateText
	}
	return other
}

// templateKeys are the keys at the top of a CloudFormation template.
var templateKeys = []string{
	"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Transform", "Globals",
	"Resources", "Outputs", "Hooks",
}

// beginsLikeTemplate reports whether the first line of YAML that says something
// is a key of a template. Pages and programs may quote templates further down.
func beginsLikeTemplate(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' || bytes.HasPrefix(line, []byte("---")) || line[0] == '%' {
			continue
		}
		key, _, found := bytes.Cut(line, []byte(":"))
		return found && slices.Contains(templateKeys, string(bytes.Trim(key, `"' `)))
	}
	return false
}

// templateNames are the ends of the names of files that may be YAML.
var templateNames = []string{".yaml", ".yml", ".template", ".cfn"}

// keys are the members at the top of a JSON document that tell what it is.
var keys = map[string]content{
	"RoleDetailList":           jsonText,
	"UserDetailList":           jsonText,
	"GroupDetailList":          jsonText,
	"Policies":                 jsonText,
	"Roles":                    jsonText,
	"Role":                     jsonText,
	"AssumeRolePolicyDocument": jsonText,
	"configurationItems":       jsonText,
	"baseConfigurationItems":   jsonText,
	"resourceType":             jsonText,

	"Statement": policyText,

	"format_version":    planText,
	"terraform_version": planText,
	"planned_values":    planText,
	"resource_changes":  planText,

	"AWSTemplateFormatVersion": templateText,
	"Resources":                templateText,
	"Transform":                templateText,
	"Mappings":                 templateText,
	"Conditions":               templateText,
	"Outputs":                  templateText,
	"Parameters":               templateText,
	"apiVersion":               templateText,
	"kind":                     templateText,
	"items":                    templateText,
	"steps":                    templateText,
	"deployment":               templateText,
	"config":                   templateText,
	"changeSummary":            templateText,
	"resources":                templateText,
	"service":                  templateText,
	"provider":                 templateText,
}

// sniffObject tells a JSON object by the first of its members that says
// something, as far as the head goes. The reader of exports knows best what to
// say of anything else.
func sniffObject(head []byte) content {
	decoder := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := decoder.ReadToken(); err != nil {
		return jsonText
	}
	for decoder.PeekKind() == '"' {
		key, err := decoder.ReadToken()
		if err != nil {
			break
		}
		name := key.String()
		if name == "version" && decoder.PeekKind() == '0' {
			if value, err := decoder.ReadValue(); err == nil && string(value) == "4" {
				return planText // a state file begins so
			}
			continue
		}
		if kind, ok := keys[name]; ok {
			return kind
		}
		if decoder.SkipValue() != nil {
			break
		}
	}
	return jsonText
}

// beginsLikeJSON reports whether UTF-16 text begins like a JSON object or
// array.
func beginsLikeJSON(utf16 []byte) bool {
	for _, b := range utf16 {
		switch b {
		case 0xFE, 0xFF, 0, ' ', '\t', '\r', '\n':
		case '{', '[':
			return true
		default:
			return false
		}
	}
	return false
}
