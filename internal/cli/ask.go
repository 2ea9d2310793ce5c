package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// asks reports whether there is somebody to ask. Otherwise the error says how
// the answer is given beforehand; hint is about the command.
func (c *command) asks(hint string) error {
	if _, ok := terminal(c.streams.In); ok {
		return nil
	}
	return &misuse{"this asks before it changes a role, and there is no terminal to ask on", hint}
}

// ask puts a question on the terminal and returns the answer in lower case,
// which is empty where somebody just goes on or leaves. An interrupt is an
// error.
func (c *command) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(c.streams.Err, printable(question), " ")
	line, err := bufio.NewReader(&interruptible{ctx: ctx, from: c.streams.In}).ReadString('\n')
	if err != nil {
		fmt.Fprintln(c.streams.Err) // the line has not been ended
	}
	switch {
	case ctx.Err() != nil:
		return "", errors.New("interrupted; nothing was changed")
	case err != nil && !errors.Is(err, io.EOF):
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return strings.ToLower(strings.TrimSpace(line)), nil
}

// confirm asks a question whose answer is yes or no. Anything but yes is no.
func (c *command) confirm(ctx context.Context, question string) (bool, error) {
	answer, err := c.ask(ctx, question+" [y/N]")
	return answer == "y" || answer == "yes", err
}
