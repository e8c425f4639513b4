package line

import (
	"context"
	"log/slog"
)

// Command runs a command by sh(1) that has nothing to do with a line, in a session
// of its own, and waits for its end. What it says is logged. The error is a
// *CommandError when the command failed, and the cause of ctx when it was ended for
// that.
func Command(ctx context.Context, text string, env []string, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := newCommand(text, env, log)
	c.cmd.Stdout = c.cmd.Stderr
	if err := c.start(); err != nil {
		return &CommandError{Command: firstWord(text), Status: err.Error()}
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		c.stop()
		return context.Cause(ctx)
	}
	if !c.cmd.ProcessState.Success() {
		return c.outcome()
	}
	return nil
}
