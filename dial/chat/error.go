package chat

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrTimeout and ErrAbort are what an *Error wraps when the expected text did
// not come in time, and when an ABORT text came.
var (
	ErrTimeout = errors.New("timed out")
	ErrAbort   = errors.New("aborted")
)

// An Error tells how a conversation failed. It shows nothing secret.
type Error struct {
	Where string        // "file:line:col" of the step's word
	Step  int           // counted from 1
	Want  string        // the expected text as the script has it; empty where the script was sending
	Got   []byte        // the last bytes that came since the match before, at most 256; secrets masked
	After time.Duration // since the step began
	Abort string        // the ABORT text that came, as the script has it
	Err   error         // ErrTimeout, ErrAbort, or what the line or the context said
}

// Error gives one line: place, step, what was waited for and how long, and what
// came instead.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("chat: ")
	if e.Where != "" {
		b.WriteString(e.Where)
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "step %d: ", e.Step)
	after := e.After.Round(10 * time.Millisecond)
	switch {
	case e.Want == "":
		fmt.Fprintf(&b, "failed after %s: %v", after, e.Err)
	case errors.Is(e.Err, ErrTimeout):
		fmt.Fprintf(&b, "%q did not come within %s", e.Want, after)
	case errors.Is(e.Err, ErrAbort):
		fmt.Fprintf(&b, "%q came after %s of waiting for %q", e.Abort, after, e.Want)
	default:
		fmt.Fprintf(&b, "no %q after %s: %v", e.Want, after, e.Err)
	}
	if len(e.Got) == 0 {
		b.WriteString("; the line said nothing")
	} else {
		fmt.Fprintf(&b, `; the line said "%s"`, Printable(e.Got))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Printable gives bytes of a line as text in the escapes that scripts use, for
// logs and messages.
func Printable(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		switch {
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\t':
			s.WriteString(`\t`)
		case c == '\\':
			s.WriteString(`\\`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&s, `\%03o`, c)
		default:
			s.WriteByte(c)
		}
	}
	return s.String()
}
