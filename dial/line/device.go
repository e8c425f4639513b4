package line

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// A device is an open tty. The Line's mutex guards it.
type device struct {
	path     string    // as given
	node     string    // what path led to when it was opened
	lock     *LockFile // nil: given
	file     *os.File
	port     port // nil: there are no modem lines, or they are not ours to move
	saved    *termios
	settings Settings
	given    bool // opened by somebody else: its speed stays
}

// A port is the part of serial.Port that is used, and what tests put in its
// place. Its data path is left alone: it blocks where Close does not reach.
type port interface {
	SetMode(*serial.Mode) error
	SetDTR(bool) error
	GetModemStatusBits() (*serial.ModemStatusBits, error)
	Break(time.Duration) error
	Close() error
}

var parities = map[Parity]serial.Parity{
	ParityNone: serial.NoParity, ParityEven: serial.EvenParity, ParityOdd: serial.OddParity,
}

// mode gives settings as the library has them. Its speed 0 means 9600, ours the
// one that is set.
func (d *device) mode(s Settings) (*serial.Mode, error) {
	if s.Speed < 0 {
		return nil, fmt.Errorf("there is no speed %d", s.Speed)
	}
	m := &serial.Mode{BaudRate: s.Speed, DataBits: 8, Parity: parities[s.Parity], StopBits: serial.OneStopBit}
	if s.Speed == 0 {
		speed, err := d.speed()
		if err != nil {
			return nil, err
		}
		m.BaudRate = speed
	}
	return m, nil
}

// setUp gives a tty that was opened its settings, for the first time.
func (d *device) setUp(s Settings, modemLines bool) error {
	m, err := d.mode(s)
	if err != nil {
		return err
	}
	p, err := serial.Open(d.node, m)
	if err != nil {
		return err
	}
	d.port = p
	if !modemLines {
		// Nothing is left to do for it, and each costs three descriptors. Its Close
		// gives TIOCEXCL up, which is taken again below.
		if err := p.Close(); err != nil {
			return err
		}
		d.port = nil
	}
	return errors.Join(d.finish(s), d.exclude())
}

// configure changes the settings later.
func (d *device) configure(s Settings) error {
	now, err := d.speed()
	if err != nil {
		return err
	}
	if s.Speed != 0 && s.Speed != now || s.Parity != d.settings.Parity {
		if d.given {
			return errors.New("speed and parity were set by who opened it")
		}
		m, err := d.mode(s)
		if err != nil {
			return err
		}
		if err := d.withPort(m, func(p port) error { return p.SetMode(m) }); err != nil {
			return fmt.Errorf("speed %d: %w", s.Speed, err)
		}
	}
	return d.finish(s)
}

// finish sets what the library does not know or has undone.
func (d *device) finish(s Settings) error {
	d.settings = s
	return d.changeTermios(func(t *termios) {
		t.setRaw()
		t.setFlow(s.Flow)
		t.setLocal(s.Local)
	})
}

func (d *device) exclude() error {
	return control(d.file, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) })
}

// withPort runs f with the library's port, which is opened for the purpose where
// none is kept.
func (d *device) withPort(m *serial.Mode, f func(port) error) error {
	if d.port != nil {
		return f(d.port)
	}
	p, err := serial.Open(d.node, m)
	if err != nil {
		return err
	}
	err = errors.Join(f(p), p.Close())
	return errors.Join(err, d.exclude())
}

func (d *device) changeTermios(change func(*termios)) error {
	return control(d.file, func(fd int) error {
		t, err := getTermios(fd)
		if err != nil {
			return err
		}
		change(t)
		return setTermios(fd, t)
	})
}

func (d *device) speed() (speed int, err error) {
	err = control(d.file, func(fd int) error {
		t, err := getTermios(fd)
		if err == nil {
			speed = int(t.Ospeed)
		}
		return err
	})
	return speed, err
}

func (d *device) outQueue() (n int, err error) {
	err = control(d.file, func(fd int) error {
		n, err = unix.IoctlGetInt(fd, unix.TIOCOUTQ)
		return err
	})
	return n, err
}

func (d *device) flush(queues int) error {
	return control(d.file, func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, queues) })
}

// hungUp tells whether our descriptor is dead, because the kernel has hung the
// tty up.
func (d *device) hungUp() bool {
	_, err := d.speed()
	return err != nil
}

// ended says what an error of reading or writing means.
func (d *device) ended(err error) error {
	if d.given {
		return ErrCarrierLost
	}
	if _, missing := os.Stat(d.path); missing != nil || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) {
		return fmt.Errorf("%w (unplugged?)", ErrGone)
	}
	return ErrCarrierLost
}

// restore undoes what was set. The tty may be dead already, so errors don't
// count. Input was for us; output of our own tty is thrown away too, since
// closing it waits up to 30 s for a modem to take it.
func (d *device) restore() {
	if d.given {
		d.flush(unix.TCIFLUSH)
	} else {
		d.flush(unix.TCIOFLUSH)
	}
	control(d.file, func(fd int) error {
		if !d.given {
			unix.IoctlSetInt(fd, unix.TIOCNXCL, 0)
		}
		return setTermios(fd, d.saved)
	})
	d.closePort()
	d.release()
}

// release gives flock(2) up. Closing the file does so only when no child that is
// being started still has a copy of it.
func (d *device) release() {
	control(d.file, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) })
}

func (d *device) closePort() {
	if d.port != nil {
		d.port.Close()
		d.port = nil
	}
}

// unlock gives the lock back.
func (d *device) unlock() error {
	if d.lock == nil {
		return nil
	}
	return d.lock.Unlock()
}

// kernelName is the name under which sysfs has the tty.
func (d *device) kernelName() string { return filepath.Base(d.node) }
