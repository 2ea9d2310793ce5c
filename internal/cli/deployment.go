package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"countersign/internal/source"
	"countersign/internal/source/cloudformation"
	"countersign/internal/source/terraform"
	"countersign/internal/source/walk"
)

// deployment holds the flags that say what infrastructure as code is deployed
// with, and which files are left out.
type deployment struct {
	exclude        []string
	parameters     map[string]string
	parameterFiles []string
	variables      map[string]string
	variableFiles  []string
}

func (d *deployment) register(flags *pflag.FlagSet) {
	d.parameters, d.variables = map[string]string{}, map[string]string{}
	group := inGroup(flags, "Files")
	group(&list{&d.exclude, "GLOB", isPattern}, "exclude", "leave out what matches, as a line of a .gitignore file would; may be repeated")
	group(&pairs{d.parameters}, "parameter", "the value of a CloudFormation parameter; may be repeated")
	group(&list{&d.parameterFiles, "FILE", notEmpty}, "parameter-file", "values of CloudFormation parameters, as the AWS CLI takes them; may be repeated")
	group(&pairs{d.variables}, "var", "the value of a Terraform variable; may be repeated")
	group(&list{&d.variableFiles, "FILE", notEmpty}, "var-file", "values of Terraform variables (.tfvars); may be repeated")
}

func isPattern(glob string) error {
	if err := new(walk.Walker).Exclude(glob); err != nil {
		return &misuse{err.Error(), "as a line of a .gitignore file, without a ! before it"}
	}
	return nil
}

// maxValues bounds a file with values, in bytes.
const maxValues = 4 << 20

// settle reads the files. What is given by a flag of its own goes before.
func (d *deployment) settle(account string) (source.Options, error) {
	options := source.Options{Exclude: d.exclude, Account: account, Variables: d.variables, Parameters: map[string]string{}}
	for _, path := range d.parameterFiles {
		text, err := readValues("parameter-file", path)
		if err != nil {
			return options, err
		}
		values, err := cloudformation.ReadParameters(path, text)
		if err != nil {
			return options, &misuse{"--parameter-file: " + err.Error(), `[{"ParameterKey": …, "ParameterValue": …}], or a map of names to values`}
		}
		for name, value := range values {
			options.Parameters[name] = value
		}
	}
	for name, value := range d.parameters {
		options.Parameters[name] = value
	}
	for _, path := range d.variableFiles {
		text, err := readValues("var-file", path)
		if err != nil {
			return options, err
		}
		options.VariableFiles = append(options.VariableFiles, terraform.VarFile{Name: path, Text: text})
	}
	return options, nil
}

func readValues(flag, path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &misuse{fmt.Sprintf("--%s: cannot read %s: %s", flag, path, cause(err)), ""}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxValues+1))
	switch {
	case err != nil:
		return nil, &misuse{fmt.Sprintf("--%s: cannot read %s: %s", flag, path, cause(err)), ""}
	case len(text) > maxValues:
		return nil, &misuse{fmt.Sprintf("--%s: %s has more than %d MB", flag, path, maxValues>>20), ""}
	}
	return text, nil
}

// pairs is a flag that takes NAME=VALUE, and may be repeated.
type pairs struct{ into map[string]string }

func (p *pairs) String() string { return "" }
func (p *pairs) Type() string   { return "NAME=VALUE" }
func (p *pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return &misuse{"a name, an equals sign and a value are needed", ""} // the value may be a secret
	}
	p.into[name] = value
	return nil
}

// list is a flag that may be repeated, each time with one value, commas
// included.
type list struct {
	into  *[]string
	kind  string
	check func(string) error
}

func (l *list) String() string { return strings.Join(*l.into, ",") }
func (l *list) Type() string   { return l.kind }
func (l *list) Set(text string) error {
	if err := l.check(text); err != nil {
		return err
	}
	*l.into = append(*l.into, text)
	return nil
}
