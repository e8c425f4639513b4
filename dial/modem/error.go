package modem

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"pppdial/dial/chat"
)

// ErrSilent is what an *Error wraps when no result code came in time.
var ErrSilent = errors.New("no answer in time")

// An Error tells how a command failed. It shows nothing secret.
type Error struct {
	Command string        // as it was sent, or ****** in place of a secret; "" while waiting for a call
	Result  Result        // what the modem answered; Code None: nothing
	Got     []byte        // the last bytes that came, at most 256, secrets masked
	After   time.Duration // since the command
	Err     error         // nil when the modem answered; ErrSilent, or what the line or the context said
	Unsent  bool          // nothing of the command has left
}

// Error gives one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("modem: ")
	after := e.After.Round(10 * time.Millisecond)
	switch {
	case e.Err == nil:
		fmt.Fprintf(&b, "%s: the modem said %q after %s", e.Command, e.Result.Text, after)
		return b.String()
	case e.Command == "":
		fmt.Fprintf(&b, "waiting for a call: %v", e.Err)
	default:
		fmt.Fprintf(&b, "%s: %v (%s)", e.Command, e.Err, after)
	}
	if len(e.Got) > 0 {
		fmt.Fprintf(&b, `; the line said "%s"`, chat.Printable(e.Got))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
