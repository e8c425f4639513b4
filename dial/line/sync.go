package line

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// nHDLC is the number of the kernel's line discipline for synchronous adapters
// (N_HDLC of linux/tty.h): the hardware frames, and each read and write is one
// frame.
const nHDLC = 13

// A SyncError says that a tty cannot be driven synchronously.
type SyncError struct {
	Name string
	Err  error
}

func (e *SyncError) Error() string {
	return fmt.Sprintf("line: %s: no synchronous discipline (N_HDLC): %v; it takes a synchronous adapter and its driver, modems and cables are asynchronous", e.Name, e.Err)
}

func (e *SyncError) Unwrap() error { return e.Err }

// SetSync hands the tty to the kernel's synchronous discipline. From then on
// each Read and Write is one frame without flags and FCS. The error is a
// *SyncError.
func (l *Line) SetSync() error {
	err := error(unix.ENOTTY)
	if derr := l.onDevice(func(d *device) error {
		err = control(d.file, func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCSETD, nHDLC) })
		return nil
	}); derr != nil {
		err = derr
	}
	if err != nil {
		return &SyncError{l.name, err}
	}
	return nil
}
