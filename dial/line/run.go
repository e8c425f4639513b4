package line

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Run runs a command by sh(1), in a session of its own, whose standard input and
// output are the line, and waits for its end. What it writes to its standard
// error is logged. The error is a *CommandError when the command failed, and the
// cause of ctx when it was ended for that. Nobody else may read or write the
// line meanwhile. Processes that the command leaves behind are ended.
func (l *Line) Run(ctx context.Context, text string, env []string) error {
	f, back, err := l.lend()
	if err != nil {
		return err
	}
	c := newCommand(text, env, l.log)
	c.cmd.Stdin, c.cmd.Stdout = f, f
	if err := c.start(); err != nil {
		back()
		return &CommandError{Command: firstWord(text), Status: err.Error()}
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		c.stop()
	}
	if err := back(); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !c.cmd.ProcessState.Success():
		return c.outcome()
	}
	return nil
}

// lend gives the line as a file for a child's standard streams, which blocks as
// programs expect it. back closes the file and undoes what the child has set.
func (l *Line) lend() (f *os.File, back func() error, err error) {
	c, ok := (*l.stream.Load()).(syscall.Conn)
	if !ok {
		return nil, nil, l.lacks("descriptor")
	}
	rc, err := c.SyscallConn()
	if err != nil {
		return nil, nil, fmt.Errorf("line: %s: %w", l.name, err)
	}
	cerr := rc.Control(func(fd uintptr) {
		var dup int
		if dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			if err = unix.SetNonblock(dup, false); err == nil {
				f = os.NewFile(uintptr(dup), l.name)
			}
		}
	})
	if err = errors.Join(cerr, err); err != nil {
		return nil, nil, fmt.Errorf("line: %s: %w", l.name, err)
	}
	return f, func() error {
		f.Close()
		var err error
		cerr := rc.Control(func(fd uintptr) { err = unix.SetNonblock(int(fd), true) })
		if err := errors.Join(cerr, err); err != nil {
			return fmt.Errorf("line: %s: %w", l.name, err)
		}
		return l.onDevice(func(d *device) error { return d.configure(d.settings) })
	}, nil
}
