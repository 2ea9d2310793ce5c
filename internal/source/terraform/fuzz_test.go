package terraform

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"countersign/internal/role"
	"countersign/trust"
)

// FuzzRead holds the reader to what it promises for any text: it ends, every
// fault has a reason, every role a policy or a reason why there is none, and
// every place lies in its file.
func FuzzRead(f *testing.F) {
	fixtures, err := filepath.Glob("testdata/tf-*/main.tf*")
	if err != nil || len(fixtures) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, name := range fixtures {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), filepath.Ext(name) == ".json")
	}
	f.Add(vendorModule, false)
	f.Add(documented("statement {\n"+principals444+externalID+"}"), false)
	f.Add("resource \"aws_iam_role\" \"r\" {\r\n assume_role_policy = <<-E\r\n  {\"Statement\": [%{ for a in [1] ~} {} %{~ endfor }]}\r\n E\r\n}", false)
	f.Add("module \"m\" {\n source = \"./\"\n for_each = toset([\"a\"])\n}\noutput \"x\" { value = module.m[*].x }", false)
	f.Add(`{"locals":{"a":"${[for k, v in {a = \"\\u00e9\"} : upper(v)...]}"},"resource":[{"aws_iam_role":{"r":[{"assume_role_policy":"${local.a}"}]}}]}`, true)
	f.Fuzz(func(t *testing.T, text string, isJSON bool) {
		name := "main.tf"
		if isJSON {
			name = "main.tf.json"
		}
		files := fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}, "terraform.tfvars": &fstest.MapFile{Data: []byte(shortened(text))}}
		err := ReadDirectory(context.Background(), FS(files), ".", Options{}, Output{
			Role: func(r *role.Role) error {
				if (r.Trust.Tree == nil) == (r.Trust.Err == nil) {
					t.Fatalf("neither a policy nor a reason: %+v", r)
				}
				if r.Source.Line < 1 || r.Source.Column < 1 || r.Source.Path == "" || r.Source.Address == "" {
					t.Fatalf("no place: %+v", r.Source)
				}
				if r.Trust.Tree != nil {
					checkPlaces(t, *r.Trust.Tree)
				}
				return nil
			},
			Incomplete: func(i Incomplete) {
				if i.Path == "" || i.Reason == "" {
					t.Fatalf("%+v", i)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func shortened(text string) string { return text[:min(len(text), 200)] }

func checkPlaces(t *testing.T, v trust.Value) {
	t.Helper()
	if r := v.Range; r.File != nil && (r.Start < 0 || r.End < r.Start || r.End > len(r.File.Text)) {
		t.Fatalf("range %d–%d of %d bytes", r.Start, r.End, len(r.File.Text))
	}
	if (v.Kind == trust.Unknown || v.Kind == trust.Choice) && v.On == "" {
		t.Fatalf("unknown without a name: %+v", v)
	}
	for _, part := range v.Parts {
		if part.Text == "" && part.On == "" {
			t.Fatalf("an empty part: %+v", v)
		}
	}
	for _, item := range v.Items {
		checkPlaces(t, item)
	}
	for _, m := range v.Members {
		checkPlaces(t, m.Key)
		checkPlaces(t, m.Value)
	}
}

// FuzzCut holds the scanner to its bounds: blocks lie in order in the text.
func FuzzCut(f *testing.F) {
	f.Add([]byte("\uFEFFresource \"a\" b { x = <<-E\n ${\"}\"} $${ \n E\n /* } */ # }\n}\nlocals{}"))
	f.Add([]byte("a \"b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		chunks, faults := cut(text)
		at := 0
		for _, c := range chunks {
			if c.start < at || c.end <= c.start || c.end > len(text) || text[c.end-1] != '}' {
				t.Fatalf("block %+v behind %d", c, at)
			}
			at = c.end
		}
		for _, f := range faults {
			if f.offset < 0 || f.offset > len(text) || f.reason == "" {
				t.Fatalf("fault %+v", f)
			}
		}
	})
}
