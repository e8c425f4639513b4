package lab

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
)

// Line is one serial line of the guest. Its other end is ours, or, between Plug
// and Unplug, somebody else's tty.
type Line struct {
	g      *Guest
	index  int
	config string // names our channel to the kernel

	mu      sync.Mutex
	ch      channel
	conn    *Conn  // the attachment, if any
	plugged string // the other tty
}

// TTY is the guest's name of the line.
func (l *Line) TTY() string { return "/dev/ttyS" + strconv.Itoa(l.index) }

// Attach connects the caller to the line, after throwing away all bytes still
// under way on it. An earlier attachment is closed.
func (l *Line) Attach() (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plugged != "" {
		return nil, fmt.Errorf("lab: %s is plugged into %s", l.TTY(), l.plugged)
	}
	l.detach(os.ErrClosed)
	if err := l.ch.drain(); err != nil {
		return nil, fmt.Errorf("lab: attach to %s: %w", l.TTY(), err)
	}
	l.conn = &Conn{line: l, ch: l.ch}
	return l.conn, nil
}

// detach ends an attachment for this reason. The lock is held.
func (l *Line) detach(why error) {
	if l.conn != nil {
		l.conn.end(why)
		l.conn = nil
	}
}

// Plug makes the guest's tty the user of another tty, such as the end of a
// simulated cable or modem. The guest opens it, by this name, when one of its
// processes opens the line, and keeps it until Unplug or until it is hung up.
// The line must not be in use in the guest.
//
// It is slower than an attachment, and only the owner of its master can keep it
// awake (dialtest has "Kick" for it): for many busy lines, Attach and Join are
// the better way.
func (l *Line) Plug(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.detach(os.ErrClosed)
	if err := l.g.mconsole(fmt.Sprintf("config ssl%d=tty:%s", l.index, path)); err != nil {
		return err
	}
	l.plugged = path
	return nil
}

// Unplug ends what Plug began.
func (l *Line) Unplug() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.g.mconsole(l.config); err != nil {
		return err
	}
	l.plugged = ""
	return nil
}

// Hangup is the loss of carrier: the guest's tty is hung up, what is attached
// reads the end of file. Then the line can be used anew.
func (l *Line) Hangup(ctx context.Context) error {
	l.mu.Lock()
	l.detach(errHungUp)
	l.mu.Unlock()
	p, err := l.g.launch("hangup", "hang-up of "+l.TTY(), l.TTY())
	if err != nil {
		return err
	}
	status, err := p.Wait(ctx)
	if err == nil && status != 0 {
		err = fmt.Errorf("lab: %s: %s", p.name, p.Output())
	}
	return err
}

// close gives the channel back; the guest has ended.
func (l *Line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.detach(errGone)
	l.ch.close()
}
