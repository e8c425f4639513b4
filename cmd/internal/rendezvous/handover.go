package rendezvous

import (
	"net"
	"os"
	"sync"
	"time"
)

// A Handover is a line that another process brings. The handler answers it
// exactly once with Accept, Refuse or Decline, and an accepted one with Done,
// when the link has ended and the handler has let go of the tty. All methods may
// be called from any goroutine.
type Handover struct {
	Caller Caller
	Label  string // the caller may name it: see mayBring
	Name   string // the tty's, as this process sees it: "/dev/ttyS0"
	// File is a tty that is open for reading and writing. It shares its open
	// file with the caller, so its blocking mode is not to be changed
	// (line.FromFile opens its own). The last of the methods closes it.
	File   *os.File
	Unread []byte // what the caller has read of the line and not used
	Login  bool   // the caller says that login has written utmp for the tty

	conn *net.UnixConn
	gone chan struct{} // closed when the caller has gone
	over chan struct{} // closed with the last answer

	mu    sync.Mutex
	state handoverState
}

type handoverState int

const (
	asked handoverState = iota
	accepted
	ended
)

// Accept takes the line. It returns false when the caller has gone meanwhile:
// there is no line then.
func (h *Handover) Accept() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != asked {
		return false
	}
	select {
	case <-h.gone:
		h.end(answer{})
		return false
	default:
	}
	h.state = accepted
	h.write(answer{Accepted: true})
	return true
}

// Refuse sends the caller away, with an exit status and the reason.
func (h *Handover) Refuse(status int, why string) {
	h.sendAway(answer{Error: why, Code: codeRefused, Result: Result{Status: status}})
}

// Decline lets the caller look elsewhere: this daemon has no such entry.
func (h *Handover) Decline() { h.sendAway(failure(ErrUnknown)) }

func (h *Handover) sendAway(a answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == asked {
		h.end(a)
	}
}

// Done tells the caller how the link has ended, and that the line is its own
// again.
func (h *Handover) Done(r Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == accepted {
		h.end(answer{Done: true, Result: r})
	}
}

// Gone is closed when the caller has died or wants its line back: the link is
// to be hung up, and Done called.
func (h *Handover) Gone() <-chan struct{} { return h.gone }

func (h *Handover) end(a answer) {
	h.state = ended
	h.File.Close()
	h.write(a)
	close(h.over)
}

func (h *Handover) write(a answer) {
	a.Version = version
	if line, err := appendLine(nil, a); err == nil {
		h.conn.SetWriteDeadline(time.Now().Add(writeTime))
		h.conn.Write(line) // a caller that is no longer there needs no answer
	}
}

// serve waits until the handler has said its last word, and meanwhile for the
// caller's end.
func (h *Handover) serve(closed <-chan struct{}) {
	h.conn.SetReadDeadline(time.Time{})
	go func() {
		h.conn.Read(make([]byte, 1)) // there is nothing left to say
		close(h.gone)
	}()
	select {
	case <-h.over:
	case <-closed:
	}
	h.conn.SetReadDeadline(time.Unix(1, 0))
	<-h.gone
}

// A Result is how a link that was handed over has ended. Who is of an older
// version tells no more than the status and the text.
type Result struct {
	Status int    `json:"status,omitempty"` // for exit(3)
	Text   string `json:"text,omitempty"`   // the verdict's line in the log

	Phase    string `json:"phase,omitempty"` // the verdict, part by part
	By       string `json:"by,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Try      string `json:"try,omitempty"`
}
