package line

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Lend gives the line as a file for a child's standard streams, which blocks as
// programs expect it. Until back is called nobody else may read or write the
// line. back closes the file and undoes what the child has set.
func (l *Line) Lend() (f *os.File, back func() error, err error) {
	c, ok := (*l.stream.Load()).(syscall.Conn)
	if !ok {
		return nil, nil, l.lacks("descriptor")
	}
	rc, err := c.SyscallConn()
	if err != nil {
		return nil, nil, fmt.Errorf("line: %s: %w", l.name, err)
	}
	cerr := rc.Control(func(fd uintptr) {
		var dup int
		if dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			if err = unix.SetNonblock(dup, false); err == nil {
				f = os.NewFile(uintptr(dup), l.name)
			}
		}
	})
	if err = errors.Join(cerr, err); err != nil {
		return nil, nil, fmt.Errorf("line: %s: %w", l.name, err)
	}
	return f, func() error {
		f.Close()
		var err error
		cerr := rc.Control(func(fd uintptr) { err = unix.SetNonblock(int(fd), true) })
		if err := errors.Join(cerr, err); err != nil {
			return fmt.Errorf("line: %s: %w", l.name, err)
		}
		return l.onDevice(func(d *device) error { return d.configure(d.settings) })
	}, nil
}
