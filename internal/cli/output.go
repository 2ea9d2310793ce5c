package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"countersign/internal/report"
)

// stdout is the file name that stands for standard output.
const stdout = "-"

// textFormat is the format for people, and the default.
var textFormat = report.Formats[0].Name

// output is one report that is asked for.
type output struct {
	format string // empty until --format names it
	path   string // empty until --output names it
}

// outputs are the --format and --output flags, in the order in which they are
// given: the two that stand next to each other belong together, whichever
// comes first.
type outputs []output

func (o *outputs) register(flags *pflag.FlagSet, formats []string) {
	group := inGroup(flags, "Output")
	group(&formatFlag{o, formats}, "format", "how to write the results: "+strings.Join(formats, ", ")+"; may be repeated, each with its --output")
	group(&pathFlag{o}, "output", "write the results of the --format beside it to a file")
}

func formatNames() (names []string) {
	for _, format := range report.Formats {
		names = append(names, format.Name)
	}
	return names
}

// formatFlag and pathFlag are the two halves of outputs as pflag.Values.
type (
	formatFlag struct {
		all   *outputs
		names []string
	}
	pathFlag struct{ all *outputs }
)

func (f *formatFlag) String() string { return "" }
func (f *formatFlag) Type() string   { return "NAME" }
func (f *formatFlag) Set(name string) error {
	if err := oneOf(f.names...)(name); err != nil {
		return err
	}
	if last := f.all.last(); last != nil && last.format == "" {
		last.format = name
		return nil
	}
	*f.all = append(*f.all, output{format: name})
	return nil
}

func (p *pathFlag) String() string { return "" }
func (p *pathFlag) Type() string   { return "FILE" }
func (p *pathFlag) Set(path string) error {
	if path == "" {
		return &misuse{"is empty", ""}
	}
	if last := p.all.last(); last != nil && last.path == "" {
		last.path = path
		return nil
	}
	*p.all = append(*p.all, output{path: path})
	return nil
}

func (o outputs) last() *output {
	if len(o) == 0 {
		return nil
	}
	return &o[len(o)-1]
}

// settle fills in what was not said: text, to standard output. No two reports
// may go to one place.
func (o outputs) settle() (outputs, error) {
	if len(o) == 0 {
		return outputs{{textFormat, stdout}}, nil
	}
	taken := map[string]bool{}
	var settled outputs
	for _, one := range o {
		one.format = either(one.format, textFormat)
		one.path = either(one.path, stdout)
		place := filepath.Clean(one.path)
		if taken[place] {
			if one.path == stdout {
				return nil, &misuse{"two reports would go to standard output", "give each --format an --output FILE; one may be left out"}
			}
			return nil, &misuse{fmt.Sprintf("two reports would go to %s", one.path), "give each --output a file of its own"}
		}
		taken[place] = true
		settled = append(settled, one)
	}
	return settled, nil
}
