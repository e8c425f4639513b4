package lab

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// flag is the RFC 1662 flag sequence. Any number of flags may stand between
// two frames.
const flag = 0x7e

// idleFill is how long a line on which PPP is spoken rests before it gets a flag.
const idleFill = 50 * time.Millisecond

// Conn is an attachment to a line: what is written is read by the guest's tty,
// and the other way round. Reads end with io.EOF when the line is hung up.
// Deadlines work, and Close frees whoever is blocked. Closing a Conn does not
// touch the line: it can be attached again.
type Conn struct {
	line   *Line
	master *os.File
	name   string

	state atomic.Int32   // attached, released, lost
	calls sync.WaitGroup // reads and writes in progress
	gate  sync.Mutex     // no call begins while the end is being declared

	wmu   sync.Mutex // held during a write, and guards what follows
	last  byte       // the last byte written
	at    time.Time  // when
	isPPP bool       // a flag was written
}

const (
	attached = iota
	released
	lost
)

// Read reads what the guest wrote.
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.enter(); err != nil {
		return 0, err
	}
	defer c.calls.Done()
	n, err := c.master.Read(b)
	return n, c.why(err)
}

// Write writes to the guest.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.enter(); err != nil {
		return 0, err
	}
	defer c.calls.Done()
	c.wmu.Lock()
	defer c.wmu.Unlock()
	n, err := c.master.Write(b)
	if n > 0 {
		c.last, c.at = b[n-1], time.Now()
		c.isPPP = c.isPPP || c.last == flag
	}
	return n, c.why(err)
}

// Close detaches from the line.
func (c *Conn) Close() error {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	if c.line.conn == c {
		c.release()
		c.line.conn = nil
	}
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline bounds reads; the zero time takes the bound away.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.calls.Done()
	return c.master.SetReadDeadline(t)
}

// SetWriteDeadline bounds writes; the zero time takes the bound away.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.calls.Done()
	return c.master.SetWriteDeadline(t)
}

// enter begins a call on the master.
func (c *Conn) enter() error {
	c.gate.Lock()
	defer c.gate.Unlock()
	if c.state.Load() != attached {
		return c.why(os.ErrClosed)
	}
	c.calls.Add(1)
	return nil
}

// why is the error that the user shall see.
func (c *Conn) why(err error) error {
	switch {
	case err == nil:
		return nil
	case c.state.Load() == lost, errors.Is(err, syscall.EIO):
		return io.EOF
	case c.state.Load() == released:
		return os.ErrClosed
	}
	return err
}

// release ends the attachment and waits for calls in progress, so that none of
// them takes bytes from the next one. The line's lock is held.
func (c *Conn) release() { c.end(released) }

// lose does the same for a line that is hung up.
func (c *Conn) lose() { c.end(lost) }

func (c *Conn) end(state int32) {
	c.gate.Lock()
	c.state.CompareAndSwap(attached, state)
	c.gate.Unlock()
	_ = c.master.SetDeadline(time.Unix(1, 0)) // frees whoever is blocked
	c.calls.Wait()
	_ = c.master.SetDeadline(time.Time{})
}

// fill sends a flag on a line that has been idle between two frames. The
// line's lock is held.
func (c *Conn) fill(now time.Time) {
	if !c.wmu.TryLock() {
		return // somebody writes: not idle
	}
	defer c.wmu.Unlock()
	if !c.isPPP || c.last != flag || now.Sub(c.at) < idleFill {
		return
	}
	c.at = now
	_ = control1(c.master, func(fd int) error {
		_, err := syscall.Write(fd, []byte{flag}) // a full pty needs no waking
		return err
	})
}
