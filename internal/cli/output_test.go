package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestFormatAndOutputThatStandTogetherBelongTogether(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want outputs
	}{
		"nothing is text to standard output":          {nil, outputs{{"text", "-"}}},
		"a format alone goes to standard output":      {[]string{"--format", "json"}, outputs{{"json", "-"}}},
		"a file alone gets text":                      {[]string{"--output", "a"}, outputs{{"text", "a"}}},
		"the format first":                            {[]string{"--format", "json", "--output", "a"}, outputs{{"json", "a"}}},
		"the file first":                              {[]string{"--output", "a", "--format", "json"}, outputs{{"json", "a"}}},
		"two pairs, the format first":                 {[]string{"--format", "json", "--output", "a", "--format", "jsonl", "--output", "b"}, outputs{{"json", "a"}, {"jsonl", "b"}}},
		"two pairs, the file first":                   {[]string{"--output", "a", "--format", "json", "--output", "b", "--format", "jsonl"}, outputs{{"json", "a"}, {"jsonl", "b"}}},
		"text beside a file":                          {[]string{"--format", "text", "--format", "json", "--output", "a"}, outputs{{"text", "-"}, {"json", "a"}}},
		"text behind a file":                          {[]string{"--format", "json", "--output", "a", "--format", "text"}, outputs{{"json", "a"}, {"text", "-"}}},
		"two files without a format are both text":    {[]string{"--output", "a", "--output", "b"}, outputs{{"text", "a"}, {"text", "b"}}},
		"a hyphen is standard output":                 {[]string{"--format=json", "--output=-"}, outputs{{"json", "-"}}},
		"one format to two places takes two mentions": {[]string{"--format", "json", "--output", "a", "--format", "json"}, outputs{{"json", "a"}, {"json", "-"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var flags outputs
			set := pflag.NewFlagSet("", pflag.ContinueOnError)
			flags.register(set, formatNames())
			if err := set.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			got, err := flags.settle()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(output{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
