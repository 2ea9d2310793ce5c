// Package schematest holds JSON output to its published schema. Every test that
// makes such output calls it.
package schematest

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document fails the test unless output is one document of --format json.
func Document(t testing.TB, output []byte) {
	t.Helper()
	validate(t, "", output)
}

// Lines fails the test unless output is what --format jsonl writes: results,
// one a line, and at last the summary.
func Lines(t testing.TB, output []byte) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSuffix(output, []byte("\n")), []byte("\n"))
	for i, line := range lines {
		part := "#/$defs/result"
		if i == len(lines)-1 {
			part = "#/$defs/trailer"
		}
		validate(t, part, line)
	}
}

// Diff fails the test unless output is one document of diff --format json.
func Diff(t testing.TB, output []byte) {
	t.Helper()
	validate(t, diffSchema, output)
}

// Frameworks fails the test unless output is one document of compliance
// --format json.
func Frameworks(t testing.TB, output []byte) {
	t.Helper()
	validate(t, frameworksSchema, output)
}

// Parties fails the test unless output is one document of third-parties
// --format json.
func Parties(t testing.TB, output []byte) {
	t.Helper()
	validate(t, partiesSchema, output)
}

// Fix fails the test unless output is one document of fix --format json.
func Fix(t testing.TB, output []byte) {
	t.Helper()
	validate(t, fixSchema, output)
}

// Evidence fails the test unless output is one document of evidence --format json.
func Evidence(t testing.TB, output []byte) {
	t.Helper()
	validate(t, evidenceSchema, output)
}

const (
	fixSchema        = "countersign.fix.v1.json"
	evidenceSchema   = "countersign.evidence.v1.json"
	scanSchema       = "countersign.scan.v1.json"
	diffSchema       = "countersign.diff.v1.json"
	frameworksSchema = "countersign.compliance.v1.json"
	partiesSchema    = "countersign.third-parties.v1.json"
	baselineSchema   = "countersign.baseline.v1.json"
	settingsSchema   = "countersign.config.v1.json"
)

// Baseline fails the test unless output is what --write-baseline writes.
func Baseline(t testing.TB, output []byte) {
	t.Helper()
	validate(t, baselineSchema, output)
}

// Settings fails the test unless output is one document of config show
// --format json.
func Settings(t testing.TB, output []byte) {
	t.Helper()
	validate(t, settingsSchema, output)
}

func validate(t testing.TB, part string, output []byte) {
	t.Helper()
	schemas, err := compile()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(output))
	if err != nil {
		t.Fatalf("the output is not JSON: %v\n%s", err, output)
	}
	if err := schemas[part].Validate(value); err != nil {
		t.Errorf("the output breaks its schema: %v\n%s", err, output)
	}
}

// compile reads the schema once for all tests of a package.
var compile = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, name := range []string{scanSchema, diffSchema, evidenceSchema, frameworksSchema, partiesSchema, fixSchema, baselineSchema, settingsSchema} {
		text, err := readFromRoot(filepath.Join("docs", "schema", name))
		if err != nil {
			return nil, err
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if err := compiler.AddResource(name, value); err != nil {
			return nil, err
		}
	}
	schemas := map[string]*jsonschema.Schema{}
	for part, url := range map[string]string{
		"": scanSchema, "#/$defs/result": scanSchema + "#/$defs/result",
		"#/$defs/trailer": scanSchema + "#/$defs/trailer", diffSchema: diffSchema, evidenceSchema: evidenceSchema,
		frameworksSchema: frameworksSchema, partiesSchema: partiesSchema, fixSchema: fixSchema, baselineSchema: baselineSchema, settingsSchema: settingsSchema,
	} {
		var err error
		if schemas[part], err = compiler.Compile(url); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

// readFromRoot reads a file of the module, whichever of its packages is being
// tested.
func readFromRoot(path string) ([]byte, error) {
	directory, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(directory, "go.mod")); missing == nil {
			return os.ReadFile(filepath.Join(directory, path))
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return nil, os.ErrNotExist
		}
		directory = parent
	}
	return nil, err
}
