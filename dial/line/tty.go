package line

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// OpenTTY locks and opens a tty and makes it raw. It never waits: not for the
// carrier, not for another program. The error is a *LockError or an *OpenError.
func OpenTTY(ctx context.Context, path string, o Options) (*Line, error) {
	if err := ctx.Err(); err != nil {
		return nil, &OpenError{Path: path, Err: context.Cause(ctx)}
	}
	if o.SysDir == "" {
		o.SysDir = "/sys"
	}
	if o.LockDir == "" {
		o.LockDir = DefaultLockDir
	}
	d := &device{path: path}
	caps, err := d.acquire(o.Settings, o.LockDir, o.SysDir)
	if err != nil {
		d.unlock()
		return nil, err
	}
	l := newLine(path, caps, o.Log, d.file)
	l.dev, l.reason = d, d.ended
	l.release = func(context.Context) {
		if err := d.unlock(); err != nil {
			l.log.Warn("the lock could not be given back", "error", err)
		}
	}
	l.log.Debug("line open", "device", d.node, "speed", l.Speed(),
		"modem_lines", caps.ModemLines, "true_baud", caps.TrueBaud)
	return l, nil
}

// openTries is how often a tty is opened that the kernel hangs up at once: until
// we have made it local, a carrier that drops does that, and DTR, which rises
// when the tty is opened, makes some modems drop it.
const openTries = 3

// acquire locks and opens what d.path leads to now.
func (d *device) acquire(s Settings, lockDir, sysDir string) (caps Caps, err error) {
	for range openTries {
		if err = d.lockNode(lockDir); err != nil {
			return Caps{}, err
		}
		if caps, err = d.open(s, sysDir); !errors.Is(err, unix.EIO) {
			break
		}
	}
	return caps, err
}

// lockNode resolves d.path and takes the lock of what it leads to, which is not
// the one that is held after a USB modem has come back under another number.
func (d *device) lockNode(dir string) error {
	node, err := ttyNode(d.path)
	if err != nil || d.lock != nil && node == d.node {
		return err
	}
	lock, err := Lock(dir, d.path)
	if err != nil {
		return err
	}
	d.unlock()
	d.lock, d.node = lock, node
	return nil
}

// ttyNode resolves path and makes sure that there is a device.
func ttyNode(path string) (string, error) {
	node, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &OpenError{Path: path, Similar: similar(path), Err: errors.New("there is no such device")}
	}
	if err != nil {
		return "", &OpenError{Path: path, Err: err}
	}
	st, err := os.Stat(node)
	if err != nil {
		return "", &OpenError{Path: path, Err: err}
	}
	if st.Mode()&fs.ModeCharDevice == 0 {
		return "", &OpenError{Path: path, Err: errors.New("this is no tty")}
	}
	return node, nil
}

// open opens the device and sets it up; d.saved stays what it was the first
// time.
func (d *device) open(s Settings, sysDir string) (Caps, error) {
	file, err := os.OpenFile(d.node, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return Caps{}, d.openError(err)
	}
	d.file = file
	caps, err := d.seize(sysDir)
	if err == nil {
		if serr := d.setUp(s, caps.ModemLines); serr != nil {
			err = d.openError(serr)
			d.closePort()
		}
	}
	if err == nil {
		d.flush(unix.TCIOFLUSH)
		return caps, nil
	}
	d.release()
	file.Close()
	return Caps{}, err
}

// seize makes sure that nobody else uses the tty, and looks at what it is.
func (d *device) seize(sysDir string) (caps Caps, err error) {
	err = control(d.file, func(fd int) error {
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
			if !errors.Is(err, unix.EWOULDBLOCK) {
				return d.openError(err)
			}
			return d.usedBy(flockerOf(fd))
		}
		t, err := getTermios(fd)
		if err != nil {
			return d.openError(err)
		}
		if d.saved == nil {
			d.saved = t
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return d.openError(err)
		}
		caps = findCaps(fd, uint64(st.Rdev), d.kernelName(), sysDir)
		// TIOCEXCL does not keep root out, but is meant for it too. On a pty the mark
		// outlives the program that made it, since the pty's maker has it open as well.
		if on, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL); err == nil && on != 0 && !isPTY(uint64(st.Rdev)) {
			if pid := userOf(d.node); pid != 0 {
				return d.usedBy(pid)
			}
		}
		return nil
	})
	return caps, err
}

func (d *device) usedBy(pid int) error {
	e := &LockError{Path: d.path, PID: pid}
	if pid != 0 {
		e.Program = programOf(pid)
	} else if runs(modemManager) {
		e.Program = modemManager
	}
	return e
}

// openError puts the kernel's short words into longer ones.
func (d *device) openError(err error) error {
	if p := new(serial.PortError); errors.As(err, &p) { // has no Unwrap
		switch {
		case p.Code() == serial.PortBusy:
			err = unix.EBUSY
		case p.Code() == serial.PermissionDenied:
			err = fs.ErrPermission
		case d.hungUp():
			err = unix.EIO
		}
	}
	switch {
	case errors.Is(err, unix.EBUSY): // TIOCEXCL
		return d.usedBy(userOf(d.node))
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w; it takes root or, mostly, the group dialout", err)
	case errors.Is(err, unix.ENOTTY):
		err = errors.New("this is no tty")
	case errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		err = fmt.Errorf("there is no hardware behind it: %w", err)
	}
	return &OpenError{Path: d.path, Err: err}
}
