package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// man writes manual pages; whoever packages the program needs it, users do not.
func (c *command) man() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "write manual pages, one for each command",
		Hidden: true,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &misuse{"man takes one directory to write to", ""}
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return &misuse{fmt.Sprintf("%s is not a directory", args[0]), ""}
			}
			at, err := pageDate()
			if err != nil {
				return err
			}
			for _, about := range described(command.Root()) {
				page := &manual{}
				page.command(about, at)
				name := filepath.Join(args[0], pageName(about)+".1")
				if err := os.WriteFile(name, []byte(page.text.String()), 0o644); err != nil {
					return fmt.Errorf("writing manual pages: %w", err)
				}
			}
			return nil
		},
	}
}

// described lists a command and those below it that users are shown.
func described(command *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{command}
	for _, sub := range command.Commands() {
		if !sub.Hidden {
			list = append(list, described(sub)...)
		}
	}
	return list
}

// pageDate is the date of the pages. A package that is made again has to be the
// same, so it is that of the source where SOURCE_DATE_EPOCH gives it
// (reproducible-builds.org, "SOURCE_DATE_EPOCH").
func pageDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Now(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, &misuse{fmt.Sprintf("SOURCE_DATE_EPOCH: %q is no number of seconds", text), ""}
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// pageName is what the page of a command is called: countersign-scan.
func pageName(command *cobra.Command) string {
	return strings.ReplaceAll(command.CommandPath(), " ", "-")
}

// manual is a manual page in the making, in the macros of man(7).
type manual struct{ text strings.Builder }

func (p *manual) command(command *cobra.Command, at time.Time) {
	p.macro("TH", strings.ToUpper(pageName(command)), "1", at.Format(time.DateOnly), "countersign "+version(), "countersign")
	p.macro("SH", "NAME")
	p.line(pageName(command) + " - " + command.Short)
	p.macro("SH", "SYNOPSIS")
	p.line(usage(command))
	p.macro("SH", "DESCRIPTION")
	p.paragraphs(either(command.Long, command.Short))
	p.commands(command)
	if command.Flags().HasAvailableFlags() {
		p.macro("SH", "OPTIONS")
	}
	for _, heading := range headings {
		p.flags(command, heading)
	}
	if codes := exitCodesOf(command); codes != "" {
		p.macro("SH", "EXIT STATUS")
		p.paragraphs(codes)
	}
	if command.Example != "" {
		p.macro("SH", "EXAMPLES")
		p.verbatim(command.Example)
	}
	p.seeAlso(command)
}

func (p *manual) commands(command *cobra.Command) {
	if command.HasParent() {
		return
	}
	p.macro("SH", "COMMANDS")
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			p.entry(strings.TrimPrefix(sub.Use, command.Name()+" "), "", sub.Short)
		}
	}
}

func (p *manual) flags(command *cobra.Command, group string) {
	for i, flag := range flagsOf(command, group) {
		if i == 0 {
			p.macro("SS", either(group, "Other"))
		}
		value, _ := pflag.UnquoteUsage(flag)
		name := "--" + flag.Name
		if flag.Shorthand != "" {
			name = "-" + flag.Shorthand + ", " + name
		}
		p.entry(name, value, flagRow(flag)[1])
	}
}

func (p *manual) seeAlso(command *cobra.Command) {
	p.macro("SH", "SEE ALSO")
	var names []string
	for _, other := range append([]*cobra.Command{command.Root()}, command.Root().Commands()...) {
		if other != command && !other.Hidden {
			names = append(names, pageName(other)+"(1)")
		}
	}
	p.line(strings.Join(names, ", "))
}

// entry is a term with what it means.
func (p *manual) entry(term, value, meaning string) {
	p.macro("TP")
	p.text.WriteString(strings.TrimSpace(`\fB`+roff(term)+`\fR \fI`+roff(value)) + `\fR` + "\n")
	p.line(meaning)
}

// paragraphs writes text; lines that are indented stay as they are.
func (p *manual) paragraphs(text string) {
	for i, block := range strings.Split(text, "\n\n") {
		if i > 0 {
			p.macro("PP")
		}
		verbatim := ""
		for line := range strings.Lines(block) {
			if strings.HasPrefix(line, "  ") {
				verbatim += line
				continue
			}
			p.verbatim(verbatim)
			verbatim = ""
			p.line(strings.TrimSuffix(line, "\n"))
		}
		p.verbatim(verbatim)
	}
}

func (p *manual) verbatim(text string) {
	if text == "" {
		return
	}
	p.macro("PP")
	p.macro("nf")
	for line := range strings.Lines(text) {
		p.line(strings.TrimSuffix(line, "\n"))
	}
	p.macro("fi")
}

// macro writes a request with its arguments.
func (p *manual) macro(name string, args ...string) {
	p.text.WriteString("." + name)
	for _, arg := range args {
		p.text.WriteString(` "` + strings.ReplaceAll(roff(arg), `"`, `\(dq`) + `"`)
	}
	p.text.WriteString("\n")
}

// line writes a line of text, which must not be taken for a request.
func (p *manual) line(text string) {
	text = roff(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	p.text.WriteString(text + "\n")
}

// roff escapes what roff would read otherwise. A hyphen is written so that it
// can be copied into a shell.
var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", `\&...`, "“", `\(lq`, "”", `\(rq`)

func roff(text string) string { return roffEscapes.Replace(text) }
