package line

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A LockFile is a lock of HoneyDanBer UUCP: the file LCK..NAME holds the pid of
// who uses the tty /dev/NAME. It is for one goroutine at a time.
type LockFile struct {
	path string
	pid  int
	held bool
}

// ours are the lock files of this process, by path. A lock that names our pid
// and is not among them is left over from a process that had our number.
var ours = struct {
	sync.Mutex
	paths map[string]bool
}{paths: map[string]bool{}}

// LockPath is where the lock of a tty is: named for the device node itself,
// whatever symlinks lead there.
func LockPath(dir, tty string) string {
	if real, err := filepath.EvalSymlinks(tty); err == nil {
		tty = real
	}
	return filepath.Join(dir, "LCK.."+filepath.Base(tty))
}

// How long a lock is tried for that others are busy taking away, as stale.
const (
	lockTries = 100
	lockPause = 10 * time.Millisecond
)

// Lock takes the lock of a tty. A stale one is taken away: an empty file, or one
// of a process that is no more. The error is a *LockError.
func Lock(dir, tty string) (*LockFile, error) {
	l := &LockFile{path: LockPath(dir, tty), pid: os.Getpid()}
	fail := func(e LockError) (*LockFile, error) {
		e.Path, e.File = tty, l.path
		return nil, &e
	}
	if !l.claim() {
		return fail(LockError{PID: l.pid, Program: programOf(l.pid)})
	}
	temp, err := writeTemp(dir, l.pid)
	if err != nil {
		l.disclaim()
		return fail(LockError{Err: err})
	}
	defer os.Remove(temp)
	for range lockTries {
		err = os.Link(temp, l.path)
		if err == nil {
			l.held = true
			return l, nil
		}
		holder := 0
		if errors.Is(err, fs.ErrExist) {
			holder, err = clearStale(l.path)
		}
		switch {
		case errors.Is(err, errBusy):
			time.Sleep(lockPause)
		case err != nil:
			l.disclaim()
			return fail(LockError{Err: err})
		case holder != 0:
			l.disclaim()
			return fail(LockError{PID: holder, Program: programOf(holder)})
		}
	}
	l.disclaim()
	return fail(LockError{Err: errBusy})
}

// Relock puts another process's pid into the lock: a child's, or that of the
// program that the line is handed to.
func (l *LockFile) Relock(pid int) error {
	temp, err := writeTemp(filepath.Dir(l.path), pid)
	if err != nil {
		return fmt.Errorf("line: lock %s: %w", l.path, err)
	}
	if err := os.Rename(temp, l.path); err != nil {
		os.Remove(temp)
		return fmt.Errorf("line: lock %s: %w", l.path, err)
	}
	l.pid = pid
	return nil
}

// Unlock removes the lock file, unless somebody else has put a pid there.
func (l *LockFile) Unlock() error {
	if !l.held {
		return nil
	}
	l.held = false
	defer l.disclaim()
	b, err := os.ReadFile(l.path)
	if err != nil {
		return fmt.Errorf("line: unlock: %w", err)
	}
	if pid, _ := parseLock(b); pid != l.pid {
		return fmt.Errorf("line: unlock: %s is now the lock of pid %d", l.path, pid)
	}
	return os.Remove(l.path)
}

func (l *LockFile) claim() bool {
	ours.Lock()
	defer ours.Unlock()
	if ours.paths[l.path] {
		return false
	}
	ours.paths[l.path] = true
	return true
}

func (l *LockFile) disclaim() {
	ours.Lock()
	defer ours.Unlock()
	delete(ours.paths, l.path)
}

// writeTemp makes the file that is to become a lock. It has its contents before
// it has its name, so that nobody ever reads half a lock.
func writeTemp(dir string, pid int) (string, error) {
	f, err := os.CreateTemp(dir, "LTMP.*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(appendLock(nil, pid))
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

var (
	errBusy  = errors.New("others are at it all the time")
	errOther = errors.New("what stands in the lock file is no lock")
)

// clearStale removes the lock file if it is stale, and otherwise says whose it
// is. Between finding a lock stale and removing it, another process may have
// done both and made its own; so this is done under flock(2) of the stale file,
// which must still have the name then.
func clearStale(path string) (holder int, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	defer f.Close()
	if err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return 0, errBusy
		}
		return 0, err
	}
	opened, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if named, err := os.Lstat(path); err != nil || !os.SameFile(opened, named) {
		return 0, nil
	}
	if !opened.Mode().IsRegular() { // a FIFO may never end
		return 0, errOther
	}
	b, err := io.ReadAll(io.LimitReader(f, maxLock+1))
	if err != nil {
		return 0, err
	}
	pid, ok := parseLock(b)
	switch {
	case !ok:
		return 0, errOther
	case pid != 0 && pid != os.Getpid() && alive(pid):
		return pid, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return 0, nil
}

// alive tells whether there is a process; one that we may not signal is one.
func alive(pid int) bool { return !errors.Is(unix.Kill(pid, 0), unix.ESRCH) }
