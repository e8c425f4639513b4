package line

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// What ended a line, within a DownError.
var (
	ErrCarrierLost = errors.New("carrier lost")
	ErrGone        = errors.New("the device is gone")
	ErrEnded       = errors.New("the other side has closed the connection")
)

// A DownError is the end of a line that nobody here wanted.
type DownError struct {
	Name string
	Err  error // ErrCarrierLost, ErrGone, ErrEnded, a *CommandError, or what the kernel said
}

func (e *DownError) Error() string { return "line: " + e.Name + ": " + e.Err.Error() }
func (e *DownError) Unwrap() error { return e.Err }

// An OpenError tells why there is no line.
type OpenError struct {
	Path    string
	Similar []string // ttys that do exist, when this one does not
	Err     error
}

func (e *OpenError) Error() string {
	s := "line: " + e.Path + ": " + e.Err.Error()
	if len(e.Similar) > 0 {
		s += "; there is " + strings.Join(e.Similar, ", ")
	}
	return s
}

func (e *OpenError) Unwrap() error { return e.Err }

// A LockError tells who has the line, or why it can't be locked.
type LockError struct {
	Path    string // of the tty
	File    string // the lock file; "" where flock or TIOCEXCL keeps us out
	PID     int    // 0: not known
	Program string // "": not known; without PID it is a guess
	Err     error  // nil: another program has the line
}

func (e *LockError) Error() string {
	var b strings.Builder
	b.WriteString("line: " + e.Path)
	if e.Err != nil {
		fmt.Fprintf(&b, " can't be locked: %v", e.Err)
		return b.String()
	}
	who := "another program"
	var known []string
	switch {
	case e.PID != 0:
		who = cmp.Or(e.Program, who)
		known = append(known, fmt.Sprintf("pid %d", e.PID))
	case e.Program != "":
		known = append(known, "perhaps "+e.Program)
	case e.File == "":
		known = append(known, "not known which")
	}
	if e.File != "" {
		known = append(known, e.File)
	}
	b.WriteString(" is used by " + who + " (" + strings.Join(known, ", ") + ")")
	if e.Program == modemManager {
		b.WriteString("; `mmcli -m any --inhibit` makes it let go for as long as that command runs, " +
			`a udev rule with ENV{ID_MM_DEVICE_IGNORE}="1" for good`)
	}
	return b.String()
}

func (e *LockError) Unwrap() error { return e.Err }

// modemManager takes every new modem that it sees, to find out what it is.
const modemManager = "ModemManager"

// A CommandError is how a command ended that should have gone on.
type CommandError struct {
	Command string // its first word: what follows may hold passwords
	Status  string // "exit status 1", "signal: killed"
	Said    string // the last line on its standard error
}

func (e *CommandError) Error() string {
	s := fmt.Sprintf("command %q ended: %s", e.Command, e.Status)
	if e.Said != "" {
		s += ": " + e.Said
	}
	return s
}

// lacks is the error of an operation that the line's kind does not have.
func (l *Line) lacks(what string) error {
	return fmt.Errorf("line: %s: the line has no %s: %w", l.name, what, errors.ErrUnsupported)
}
