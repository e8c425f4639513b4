package lab

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// errHungUp is how a Conn on a line that is hung up ends.
var errHungUp = errors.New("lab: the line is hung up")

// Conn is an attachment to a line: what is written is read by the guest's tty,
// and the other way round. When the line is hung up, reads give io.EOF.
// Deadlines work, and Close frees whoever is blocked. Closing a Conn does not
// touch the line: it can be attached to again.
type Conn struct {
	line *Line
	ch   channel

	mu    sync.Mutex
	over  error          // why the attachment has ended
	calls sync.WaitGroup // reads and writes in progress; none begins once over is set
}

// Read reads what the guest wrote.
func (c *Conn) Read(b []byte) (n int, err error) {
	err = c.call(func() error {
		n, err = c.ch.out.Read(b)
		return err
	})
	if err == errHungUp {
		err = io.EOF
	}
	return n, err
}

// Write writes to the guest.
func (c *Conn) Write(b []byte) (n int, err error) {
	err = c.call(func() error {
		n, err = c.ch.in.Write(b)
		return err
	})
	return n, err
}

// Close detaches from the line.
func (c *Conn) Close() error {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	if c.line.conn == c {
		c.line.detach(os.ErrClosed)
	}
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline bounds reads; the zero time takes the bound away.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.call(func() error { return c.ch.out.SetReadDeadline(t) })
}

// SetWriteDeadline bounds writes; the zero time takes the bound away.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.call(func() error { return c.ch.in.SetWriteDeadline(t) })
}

// call makes one call on the line's pipes. The reason for the end of the
// attachment takes the place of any error that it causes.
func (c *Conn) call(f func() error) error {
	c.mu.Lock()
	if c.over != nil {
		defer c.mu.Unlock()
		return c.over
	}
	c.calls.Add(1)
	c.mu.Unlock()
	err := f()
	c.calls.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.over != nil {
		return c.over
	}
	return err
}

// end ends the attachment and waits for calls in progress, so that none of them
// takes bytes from the next one. The line's lock is held.
func (c *Conn) end(why error) {
	c.mu.Lock()
	c.over = why
	c.mu.Unlock()
	past := time.Unix(1, 0) // frees whoever is blocked
	_, _ = c.ch.out.SetReadDeadline(past), c.ch.in.SetWriteDeadline(past)
	c.calls.Wait()
	_, _ = c.ch.out.SetReadDeadline(time.Time{}), c.ch.in.SetWriteDeadline(time.Time{})
}
