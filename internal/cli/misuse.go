package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"countersign/internal/rcp"
	"countersign/internal/settings"
	"countersign/internal/spelling"
)

func unknownCommand(root *cobra.Command, word string) error {
	var names []string
	for _, command := range root.Commands() {
		if !command.Hidden {
			names = append(names, command.Name())
		}
	}
	hint := spelling.Suggest(word, names)
	if _, err := os.Lstat(word); err == nil {
		hint = "to judge a file or a directory: countersign scan " + word
	} else if hint == "" {
		hint = "the commands are listed by: countersign --help"
	}
	return &misuse{fmt.Sprintf("unknown command %q", word), hint}
}

// flagMisuse turns what the flag parser says into a message with a hint.
func flagMisuse(command *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	all := fmt.Sprintf("the flags are listed by: %s --help", command.CommandPath())
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return &misuse{fmt.Sprintf("unknown flag -%s", name), all}
		}
		if isCommand(command.Root(), name) {
			return &misuse{fmt.Sprintf("unknown flag --%s", name), "it is a command: countersign " + name}
		}
		return &misuse{fmt.Sprintf("unknown flag --%s", name), nearestFlag(command, name, all)}
	case errors.As(err, &missing):
		name := missing.GetSpecifiedName()
		return &misuse{fmt.Sprintf("--%s needs a value", name), flagHint(command, name)}
	case errors.As(err, &invalid):
		return invalidValue(command, invalid)
	}
	return &misuse{err.Error(), all}
}

// asMisuse takes a fault in a file of the user's for what it is; other errors,
// and none, stay what they are.
func asMisuse(err error) error {
	var (
		inSettings *settings.FileError
		inRCPs     *rcp.Error
	)
	switch {
	case errors.As(err, &inSettings):
		return &misuse{err.Error(), inSettings.Hint}
	case errors.As(err, &inRCPs):
		return &misuse{err.Error(), inRCPs.Hint}
	}
	return err
}

func isCommand(root *cobra.Command, name string) bool {
	return slices.ContainsFunc(root.Commands(), func(known *cobra.Command) bool { return known.Name() == name })
}

func nearestFlag(command *cobra.Command, name, otherwise string) string {
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	if near := spelling.Nearest(name, names, 1); len(near) > 0 {
		return fmt.Sprintf("did you mean --%s?", near[0])
	}
	return otherwise
}

func invalidValue(command *cobra.Command, invalid *pflag.InvalidValueError) error {
	name := invalid.GetFlag().Name
	cause := errors.Unwrap(invalid)
	var checked *settings.Error
	if errors.As(cause, &checked) {
		return &misuse{fmt.Sprintf("--%s: %s", name, checked.Message), either(checked.Hint, flagHint(command, name))}
	}
	var wrong *misuse
	if errors.As(cause, &wrong) {
		return &misuse{fmt.Sprintf("--%s: %s", name, wrong.message), either(wrong.hint, flagHint(command, name))}
	}
	return &misuse{fmt.Sprintf("--%s: %q is not what it takes", name, invalid.GetValue()), flagHint(command, name)}
}

// flagHint says what a flag is for, in the words of the help.
func flagHint(command *cobra.Command, name string) string {
	flag := command.Flags().Lookup(name)
	if flag == nil {
		return ""
	}
	value, usage := pflag.UnquoteUsage(flag)
	return strings.TrimSpace(fmt.Sprintf("--%s %s: %s", flag.Name, value, usage))
}

func either(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

// printable escapes what could drive a terminal: file names, roles and flags
// may come from a stranger.
func printable(text string) string {
	var b strings.Builder
	for _, c := range strings.ToValidUTF8(text, "\uFFFD") {
		if c == '\n' || c == '\t' || unicode.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", c), "'"))
		}
	}
	return b.String()
}
