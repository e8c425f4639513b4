package line

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Revive opens the device again if the kernel has hung it up, with all settings
// but local, and under the same lock, unless the path leads to another device
// now, as after re-enumeration on USB. A line by RFC 2217 is only made local. It
// must not run beside a Read or Write.
func (l *Line) Revive() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.dev
	switch {
	case l.closed:
		return os.ErrClosed
	case l.remote != nil:
		l.remote.failed = nil
		l.remote.setLocal(true)
		return nil
	case d == nil || d.given || !d.hungUp():
		return nil
	}
	// Closed before it is opened: the old descriptor holds flock and TIOCEXCL.
	d.closePort()
	d.release()
	d.file.Close()
	s := d.settings
	s.Local = true
	if _, err := d.acquire(s, filepath.Dir(d.lock.path), ""); err != nil {
		return err
	}
	var st stream = d.file
	l.stream.Store(&st)
	return nil
}

// DTR raises or drops Data Terminal Ready. Most modems hang up when it drops.
func (l *Line) DTR(on bool) error {
	return l.onPort(func(p port) error { return p.SetDTR(on) })
}

// Carrier tells whether Data Carrier Detect is on.
func (l *Line) Carrier() (on bool, err error) {
	err = l.onPort(func(p port) error {
		bits, err := p.GetModemStatusBits()
		if err == nil {
			on = bits.DCD
		}
		return err
	})
	return on, err
}

// ClearToSend tells whether Clear To Send is on: that the modem takes data, or, when
// it is never on, that nothing is connected to the wire.
func (l *Line) ClearToSend() (on bool, err error) {
	err = l.onPort(func(p port) error {
		bits, err := p.GetModemStatusBits()
		if err == nil {
			on = bits.CTS
		}
		return err
	})
	return on, err
}

// Hangup drops DTR for HangupPause and raises it again, so that the modem ends
// its call. The carrier no longer counts then. A line without modem lines
// answers errors.ErrUnsupported.
func (l *Line) Hangup(ctx context.Context) error {
	if !l.caps.ModemLines {
		return l.lacks("DTR")
	}
	// A server of RFC 2217 may read no more.
	l.SetWriteDeadline(time.Now().Add(HangupPause + commandTime))
	defer l.SetWriteDeadline(time.Time{})
	if err := errors.Join(l.SetLocal(true), l.DTR(false)); err != nil {
		return err
	}
	select {
	case <-time.After(HangupPause):
	case <-ctx.Done():
	}
	return l.DTR(true)
}

const commandTime = 2 * time.Second

// breakTime is longer than a character at any speed that a getty looks for
// (POSIX tcsendbreak: 0.25 to 0.5 s).
const breakTime = 250 * time.Millisecond

// Break sends a break.
func (l *Line) Break() error {
	return l.onPort(func(p port) error { return p.Break(breakTime) })
}

func (l *Line) onPort(f func(port) error) error {
	if !l.caps.ModemLines {
		return l.lacks("modem lines")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return os.ErrClosed
	}
	var p port = l.remote
	if l.remote == nil {
		p = l.dev.port
	}
	if err := f(p); err != nil {
		return fmt.Errorf("line: %s: modem lines: %w", l.name, err)
	}
	return nil
}
