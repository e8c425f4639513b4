package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Line carries bytes to a modem, over a cable, or to another program.
type Line struct {
	name string
	caps Caps
	log  *slog.Logger

	stream atomic.Pointer[stream] // replaced when a hung-up tty is opened again
	reads  trier
	writes trier
	reason func(error) error // what stands behind an error that ended the line
	remote *comPort          // nil: not by RFC 2217

	mu      sync.Mutex            // guards what follows
	dev     *device               // nil: no tty
	release func(context.Context) // what is left to do at Close after the stream is closed
	closed  bool
}

// A stream is what the bytes go through: a file in Go's poller, or a connection.
type stream interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

func newLine(name string, caps Caps, log *slog.Logger, s stream) *Line {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Line{name: name, caps: caps, log: log.With("line", name)}
	l.stream.Store(&s)
	return l
}

// Name is the path of the device, or what the line was opened as.
func (l *Line) Name() string { return l.name }

// Caps says what the line can do.
func (l *Line) Caps() Caps { return l.caps }

// Read reads what has come, one byte at least. The error is a *DownError when
// the line is lost, os.ErrDeadlineExceeded after the deadline, and os.ErrClosed
// or net.ErrClosed after Close.
func (l *Line) Read(b []byte) (int, error) {
	n, err := (*l.stream.Load()).Read(b)
	if err != nil {
		err = l.explain(err)
	}
	return n, err
}

// Write writes all of b, or says how much went out before the deadline or the
// end of the line. What is written may wait in the kernel.
func (l *Line) Write(b []byte) (int, error) {
	n, err := (*l.stream.Load()).Write(b)
	if err != nil {
		err = l.explain(err)
	}
	return n, err
}

// TryWrite writes as much of b as the line takes at once, and returns how much
// that was; on a line that cannot tell, and after an error, nothing. It must
// not be called while Write or another TryWrite is under way.
func (l *Line) TryWrite(b []byte) (int, error) { return l.writes.write(l.stream.Load(), b) }

// TryRead reads what has come already, and returns how much that was; on a line
// that cannot tell, and after an error, nothing. It must not be called while Read
// or another TryRead is under way.
func (l *Line) TryRead(b []byte) (int, error) { return l.reads.read(l.stream.Load(), b) }

// SetReadDeadline ends reads at t, also those that wait already; the zero time
// is never.
func (l *Line) SetReadDeadline(t time.Time) error { return (*l.stream.Load()).SetReadDeadline(t) }

// SetWriteDeadline does the same for writes.
func (l *Line) SetWriteDeadline(t time.Time) error { return (*l.stream.Load()).SetWriteDeadline(t) }

func (l *Line) explain(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) || errors.Is(err, net.ErrClosed) {
		return err
	}
	if l.reason != nil {
		err = l.reason(err)
	}
	return &DownError{Name: l.name, Err: err}
}

// Close frees blocked reads and writes, restores what was changed, and gives
// the locks back. On a tty that we opened, output that has not left is thrown
// away: Drain before, if it matters. The second Close does nothing.
func (l *Line) Close() error { return l.CloseContext(context.Background()) }

// CloseContext is Close; a command that has not ended when ctx does is ended then.
func (l *Line) CloseContext(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.dev != nil {
		l.dev.restore()
	}
	err := (*l.stream.Load()).Close()
	if l.release != nil {
		l.release(ctx)
	}
	return err
}

// Configure changes the settings of a tty, here or by RFC 2217. Other lines have
// none, and take everything.
func (l *Line) Configure(s Settings) error {
	if l.remote != nil {
		return l.remote.configure(s)
	}
	return l.onDevice(func(d *device) error { return d.configure(s) })
}

// SetLocal says whether the carrier does not count. When it does, its loss ends
// reads and writes with a *DownError.
func (l *Line) SetLocal(on bool) error {
	if l.remote != nil {
		l.remote.setLocal(on)
	}
	return l.onDevice(func(d *device) error {
		d.settings.Local = on
		return d.changeTermios(func(t *termios) { t.setLocal(on) })
	})
}

// Speed is the rate that is set, in bit/s; 0 where there is none. It says
// nothing about the real rate unless Caps().TrueBaud.
func (l *Line) Speed() int {
	speed := 0
	l.onDevice(func(d *device) (err error) {
		speed, err = d.speed()
		return err
	})
	return speed
}

// OutQueue is the number of bytes that were written and have not left.
func (l *Line) OutQueue() (int, error) {
	if !l.caps.OutQueue {
		return 0, l.lacks("a count of waiting output")
	}
	n := 0
	err := l.onDevice(func(d *device) (err error) {
		n, err = d.outQueue()
		return err
	})
	return n, err
}

// Drain waits until everything written has left, as far as that can be known.
func (l *Line) Drain(ctx context.Context) error {
	for l.caps.OutQueue {
		n, err := l.OutQueue()
		if err != nil || n == 0 {
			return err
		}
		wait := 10 * time.Millisecond
		if speed := l.Speed(); speed > 0 { // 10 bits a byte
			wait = min(max(time.Duration(n)*10*time.Second/time.Duration(speed), time.Millisecond), 100*time.Millisecond)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// onDevice runs f while the line is not closed; without a tty there is nothing
// to do.
func (l *Line) onDevice(f func(*device) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dev == nil {
		return nil
	}
	if l.closed {
		return os.ErrClosed
	}
	if err := f(l.dev); err != nil {
		return fmt.Errorf("line: %s: settings: %w", l.name, err)
	}
	return nil
}
