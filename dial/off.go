package dial

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"pppdial/dial/usb"
)

// A USB device that is switched off stays so when we are killed before it is on
// again: the modem has no tty then until it is replugged. So the file PORT.PID.off in
// StateDir names its directory in sysfs for as long. The process holds a flock on it:
// whoever gets that lock knows that the process is gone.

// noteOff writes the note for a device that is about to be switched off. A note that
// can't be written is no reason not to.
func (d *Dialer) noteOff(t usb.TTY) (remove func()) {
	if d.cfg.StateDir == "" {
		return func() {}
	}
	path := filepath.Join(d.cfg.StateDir, fmt.Sprintf("%s.%d.off", t.Port(), os.Getpid()))
	f, err := writeOff(path, t.Device)
	if err != nil {
		d.cfg.Log.Warn("cannot note what to switch on if we are killed", "device", t.Port(), "error", err)
		return func() {}
	}
	return func() {
		os.Remove(path)
		f.Close()
	}
}

// writeOff writes a note, which has its contents and its lock before its name.
func writeOff(path, device string) (*os.File, error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	err = flock(f)
	if err == nil {
		_, err = f.WriteString(device)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func flock(f *os.File) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lock error
	err = rc.Control(func(fd uintptr) { lock = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	return errors.Join(err, lock)
}

// Recover switches on what killed processes have left switched off, by their notes
// in stateDir. It is called once at start.
func Recover(stateDir string, log *slog.Logger) error {
	paths, err := filepath.Glob(filepath.Join(stateDir, "*.off"))
	if err != nil {
		return fmt.Errorf("dial: recover: %w", err)
	}
	var errs []error
	for _, path := range paths {
		if err := recoverOff(path, log); err != nil {
			errs = append(errs, fmt.Errorf("dial: recover: %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

func recoverOff(path string, log *slog.Logger) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	switch err := flock(f); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil // its process lives
	case err != nil:
		return err
	}
	device, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	switch err := usb.Authorize(string(device), true); {
	case errors.Is(err, fs.ErrNotExist): // it was unplugged
	case err != nil:
		return err
	default:
		log.Info("switched a modem on that a killed ppp had left off", "device", filepath.Base(string(device)))
	}
	return os.Remove(path)
}
