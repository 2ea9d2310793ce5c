package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"countersign/internal/fix"
	"countersign/internal/fix/remedy"
)

// registerAs registers the flag that has a remedy printed.
func (f *fixing) registerAs(command *cobra.Command) {
	forms := remedy.Forms()
	names := make([]string, len(forms))
	for i, form := range forms {
		names[i], _, _ = strings.Cut(form, "\t")
	}
	inGroup(command.Flags(), "Repair")(&word{&f.as, "FORM", oneOf(names...)}, "as",
		"print the whole remedy of one role: "+strings.Join(names[:len(names)-1], ", ")+" or "+names[len(names)-1])
	complete(command, "as", forms...)
}

// checkAs refuses what does not go with --as.
func (f *fixing) checkAs() error {
	if f.as == "" {
		return nil
	}
	for _, name := range []string{"write", "check", "apply", "declare", "format"} {
		if f.flags.Changed(name) {
			return &misuse{"--as and --" + name + " exclude each other", "--as prints the remedy and changes nothing"}
		}
	}
	if len(f.roles) != 1 {
		return &misuse{"--as is for one role", "name it: --role NAME"}
	}
	return nil
}

// writeRemedy writes what closes the role that was named.
func (c *command) writeRemedy(ctx context.Context, f *fixing, wanted outputs, r *repairing) error {
	if len(r.repairs) > 1 {
		places := make([]string, len(r.repairs))
		for i, repair := range r.repairs {
			places[i] = either(repair.Finding.Role.ARN, repair.Place())
		}
		return &misuse{fmt.Sprintf("%d open roles are called %q", len(places), f.roles[0]),
			"name one by its ARN, or by its file: " + strings.Join(places, ", ")}
	}
	r.files = &fix.Files{}
	if len(r.repairs) == 1 && r.repairs[0].Repaired() {
		repair := r.repairs[0]
		made := remedy.Remedy{Role: repair.Finding.Role, Rewriting: repair.Rewriting}
		var text strings.Builder
		err := remedy.Write(&text, remedy.Form(f.as), made)
		var refused *remedy.RefusedError
		if errors.As(err, &refused) {
			repair.Refuse(refused.Error(), refused.Hint())
		} else if err != nil {
			return err
		} else {
			if err := c.weigh(ctx, f, r); err != nil {
				return err
			}
			r.tellIDs(c)
			err := c.writeTo(wanted, func(to io.Writer, _ output) error {
				_, err := io.WriteString(to, text.String())
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	c.tellRepairs(f, r)
	c.tell(nil, r.summary)
	c.code = r.code(f)
	return nil
}
