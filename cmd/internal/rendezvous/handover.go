package rendezvous

import "os"

// A Caller is the process at the other end, as the kernel knows it.
type Caller struct {
	PID int
	UID uint32
}

// A Handover is a line that another process brings. The handler answers with
// Refuse, or with Accept and, when the link has ended, Done. All methods may be
// called from any goroutine.
type Handover struct {
	Caller Caller
	Label  string // the caller may name it: UID 0 any, others only their own account's
	Name   string // of the tty, as this process sees it
	// File is a tty that is open for reading and writing, shared with the
	// caller, and in whatever mode that left it. It is the handler's after
	// Accept, to be closed before Done.
	File   *os.File
	Unread []byte // what the caller has read of the line and not used
	Login  bool   // the caller was started by login, which has written utmp
}

// Accept takes the line. It returns false when the caller has gone: there is no
// line then.
func (h *Handover) Accept() bool { return false }

// Refuse sends the caller away, with an exit status and what to say.
func (h *Handover) Refuse(status int, text string) {}

// Done tells the caller how the link has ended. The line is its own again.
func (h *Handover) Done(r Result) {}

// Gone is closed when the caller has gone or wants its line back: the link is
// to be hung up.
func (h *Handover) Gone() <-chan struct{} { return nil }

// A Result is how a link that was handed over has ended.
type Result struct {
	Status int    // for exit(3)
	Text   string // the verdict, in words
}
