package rendezvous

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// listenName is the socket for lines whose label nobody owns.
// The file is locked by who has made it.
const (
	listenName = "listen.sock"
	listenLock = "listen.lock"
)

const (
	claimPrefix = "entry."
	ownerPrefix = "owner."
)

// listen opens a socket under a name that it gets only when it can be talked
// to, so that nobody takes it for a dead daemon's.
func (p place) listen(name string) (*net.UnixListener, error) {
	temp := p.temp()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temp, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("rendezvous: %w", err)
	}
	err = os.Chmod(temp, 0o666)
	if err == nil {
		err = os.Rename(temp, p.file(name))
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("rendezvous: %w", err)
	}
	return l, nil
}

// temp is a free name for what is then renamed; sweep knows it.
func (p place) temp() string {
	path := p.file("." + socketName(os.Getpid()))
	os.Remove(path)
	return path
}

// sweep removes what dead daemons have left.
func (p place) sweep() {
	entries, err := os.ReadDir(p.path)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		path := p.file(name)
		switch {
		case strings.HasPrefix(name, "."):
			if pid, ok := socketPID(name[1:]); ok && dead(pid) {
				os.Remove(path)
			}
		case strings.HasPrefix(name, claimPrefix):
			if f, err := lockFile(path, unix.O_RDWR); err == nil {
				os.Remove(p.file(ownerPrefix + name[len(claimPrefix):]))
				os.Remove(path)
				f.Close()
			}
		default:
			if pid, ok := socketPID(name); ok && (dead(pid) || p.silent(name)) {
				os.Remove(path)
			}
		}
	}
}

// socketPID is the pid in the name of a daemon's socket.
func socketPID(name string) (int, bool) {
	number, ok := strings.CutSuffix(name, ".sock")
	if !ok {
		return 0, false
	}
	pid, err := strconv.ParseUint(number, 10, 31)
	return int(pid), err == nil && pid > 0 && socketName(int(pid)) == name
}

func dead(pid int) bool { return errors.Is(unix.Kill(pid, 0), unix.ESRCH) || pid == os.Getpid() }

// silent reports whether nobody listens at a socket.
func (p place) silent(name string) bool {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: p.file(name), Net: "unix"})
	if err == nil {
		c.Close()
		return false
	}
	return nobodyThere(err)
}

// nobodyThere reports whether an error of connect(2) means a dead daemon or
// none.
func nobodyThere(err error) bool {
	return errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT)
}

// lockFile opens and locks a file that has its name for as long as it is locked.
func lockFile(path string, flags int) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
		if err != nil {
			return nil, err
		}
		raw, err := f.SyscallConn()
		if err == nil {
			cerr := raw.Control(func(fd uintptr) { err = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
			err = errors.Join(cerr, err)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		opened, err := f.Stat()
		named, err2 := os.Lstat(path)
		if err == nil && err2 == nil && os.SameFile(opened, named) {
			return f, nil
		}
		f.Close() // its owner has just released it
	}
}

// escape makes a file name of a label.
func escape(label string) (string, error) {
	name := url.PathEscape(label)
	if label == "" || len(name) > maxLabel {
		return "", fmt.Errorf("rendezvous: a label of %d octets, which makes no file name", len(label))
	}
	return name, nil
}
