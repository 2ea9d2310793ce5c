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
	const name = "countersign.scan.v1.json"
	text, err := readFromRoot(filepath.Join("docs", "schema", name))
	if err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, value); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for _, part := range []string{"", "#/$defs/result", "#/$defs/trailer"} {
		if schemas[part], err = compiler.Compile(name + part); err != nil {
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
