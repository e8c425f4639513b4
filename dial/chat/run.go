package chat

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// DefaultTimeout is how long an expected text may take (HoneyDanBer and chat(8)).
const DefaultTimeout = 45 * time.Second

// A Conn is the line that is talked to. Deadlines must free blocked reads and
// writes, from another goroutine too. An error of Read, io.EOF included, means
// that the line is down.
type Conn interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// A Runner runs scripts. Its fields are fixed while one runs.
type Runner struct {
	Phone      string        // \D
	Translated string        // \T, the number through Dialcodes
	Timeout    time.Duration // of each expect and each send until TIMEOUT; 0: DefaultTimeout
	Pending    []byte        // read from the line already, and not yet looked at
	Secrets    *Secrets      // that went out before, and which those of the script join; nil: none have

	Break   func() error          // \K and BREAK; nil or errors.ErrUnsupported: the line has none, and the script goes on
	Carrier func(need bool) error // \m, \M and HANGUP; nil: nothing to be done
	Log     *slog.Logger          // Info: SAY, REPORT, ECHO; Debug: every step
}

// A Result is what a script leaves behind.
type Result struct {
	Unread  []byte   // read from the line and not part of the conversation: perhaps PPP's first frame
	Connect string   // the line that the last CONNECT began, such as "CONNECT 115200/V42BIS"
	Reports []string // one for each REPORT text that came, to the end of its line
}

// Run holds the conversation s over c. It ends with the script, or with an
// *Error: a text did not come in time, an ABORT text came, the line went down,
// ctx was done. The Result counts in any case. Both deadlines of c are used and
// end up cleared. Bytes that the line offers are read ahead, 8 KB at most.
func (r *Runner) Run(ctx context.Context, c Conn, s Script) (Result, error) {
	t := talk{Runner: r, ctx: ctx, conn: c, pending: r.Pending, secrets: r.Secrets, log: r.Log}
	if t.secrets == nil {
		t.secrets = new(Secrets)
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	t.timeout = t.defaultTimeout()
	in, err := startIntake(c)
	if err != nil {
		return Result{Unread: r.Pending}, fmt.Errorf("chat: %w", err)
	}
	t.in = in
	disarm := t.freeWrites()
	err = t.script(s)
	if err == nil {
		t.finishLine()
	}
	t.echoed(true)
	disarm()
	t.result.Unread = append(bytes.Clone(t.pending), in.halt()...)
	return t.result, err
}

// freeWrites arranges that the end of the context ends a blocked write, until
// the returned function has run.
func (t *talk) freeWrites() (disarm func()) {
	freed := make(chan struct{})
	stop := context.AfterFunc(t.ctx, func() {
		defer close(freed)
		t.conn.SetWriteDeadline(past)
	})
	return func() {
		if !stop() {
			<-freed
		}
		t.conn.SetWriteDeadline(time.Time{}) // fails on a closed line only
	}
}
