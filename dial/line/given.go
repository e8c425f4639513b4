package line

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// FromFile makes a line of a tty that somebody else has opened: the standard
// input of a login shell. The tty becomes raw and keeps its speed, its RTS/CTS
// flow control, and what it makes of the carrier; the settings are as they were
// after Close. Software flow control is as xon says: getty turns it on for
// people, and it would swallow octets of a program that does not expect it. The file stays open, and blocking for those who share it: the line
// reads and writes through an open file of its own. The modem lines are left to
// who opened the tty.
//
// The process is no longer stopped for using its controlling tty from the
// background (SIGTTIN, SIGTTOU); raw, the tty makes no other signal than SIGHUP
// at the loss of carrier.
func FromFile(f *os.File, name string, xon bool) (*Line, error) {
	fail := func(err error) (*Line, error) { return nil, &OpenError{Path: name, Err: err} }
	d := &device{path: name, given: true}
	err := control(f, func(fd int) (err error) {
		if _, err = getTermios(fd); err != nil {
			return fmt.Errorf("this is no tty: %w", err)
		}
		link := fmt.Sprintf("/proc/self/fd/%d", fd)
		if d.file, err = os.OpenFile(link, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0); err != nil {
			return err
		}
		d.node, err = os.Readlink(link)
		return err
	})
	if err != nil {
		if d.file != nil {
			d.file.Close()
		}
		return fail(err)
	}
	signal.Ignore(unix.SIGTTIN, unix.SIGTTOU)
	if err := d.makeRaw(xon); err != nil {
		d.file.Close()
		return fail(err)
	}
	l := newLine(name, d.givenCaps(), slog.New(slog.DiscardHandler), d.file)
	l.dev, l.reason = d, d.ended
	return l, nil
}

func (d *device) makeRaw(xon bool) error {
	if err := control(d.file, func(fd int) (err error) {
		d.saved, err = getTermios(fd)
		return err
	}); err != nil {
		return err
	}
	d.settings = d.saved.settings()
	switch {
	case xon:
		d.settings.Flow = FlowXON
	case d.settings.Flow == FlowXON:
		d.settings.Flow = FlowNone
	}
	return d.changeTermios(func(t *termios) {
		t.setRaw()
		t.set8N1()
		t.setFlow(d.settings.Flow)
	})
}

func (d *device) givenCaps() (c Caps) {
	control(d.file, func(fd int) error {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		c = findCaps(fd, uint64(st.Rdev), d.kernelName(), "/sys")
		return nil
	})
	c.ModemLines, c.Break = false, false
	return c
}
