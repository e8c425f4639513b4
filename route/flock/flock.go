// Package flock locks the files by which a process tells those that come after
// it what it has changed in the system (flock(2)): while it lives they are
// locked, and what is not locked is to be undone.
package flock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLocked is what Lock returns for a file that another process has locked.
const ErrLocked = unix.EWOULDBLOCK

// Lock locks a file until it is closed. It does not wait.
func Lock(f *os.File) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var flock error
	err = rc.Control(func(fd uintptr) { flock = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	return errors.Join(err, flock)
}
