package rendezvous

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Caller is the process at the other end, as the kernel knows it: at the time
// when it connected.
type Caller struct {
	PID      int
	UID, GID uint32
	Groups   []uint32
}

func (c Caller) String() string { return fmt.Sprintf("pid %d of uid %d", c.PID, c.UID) }

// in reports whether the caller belongs to a group.
func (c Caller) in(gid uint32) bool { return c.GID == gid || slices.Contains(c.Groups, gid) }

// peer asks the kernel who is at the other end.
func peer(conn *net.UnixConn) (c Caller, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return c, err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); inner != nil {
			return
		}
		c = Caller{PID: int(cred.Pid), UID: cred.Uid, GID: cred.Gid}
		c.Groups, inner = peerGroups(fd)
	})
	return c, errors.Join(err, inner)
}

// peerGroups are the supplementary groups. A kernel that does not tell them
// (before 4.13) leaves the caller with its main one.
func peerGroups(fd uintptr) ([]uint32, error) {
	groups := make([]uint32, 32)
	for {
		size := uint32(len(groups) * 4)
		_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case e == 0:
			return groups[:size/4], nil
		case e == unix.ERANGE && int(size/4) > len(groups):
			groups = make([]uint32, size/4)
		case e == unix.ENOPROTOOPT:
			return nil, nil
		default:
			return nil, e
		}
	}
}

// owns reports whether a label is a name of the caller's own account.
func (c Caller) owns(label string) bool {
	u, err := user.Lookup(label)
	return err == nil && u.Uid == strconv.FormatUint(uint64(c.UID), 10)
}

// A place is the directory of the sockets. It is trusted: nobody but its owner,
// who is root or ourselves, can put anything there.
type place struct {
	path     string
	uid, gid uint32
}

func openPlace(path string) (place, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return place{}, fmt.Errorf("rendezvous: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return place{}, fmt.Errorf("rendezvous: %s: %w", path, err)
	}
	why := ""
	switch {
	case fi.Mode()&os.ModeSymlink != 0:
		why = "is a symbolic link"
	case !fi.IsDir():
		why = "is no directory"
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		why = fmt.Sprintf("belongs to uid %d", st.Uid)
	case fi.Mode().Perm()&0o022 != 0:
		why = fmt.Sprintf("can be written by others (mode %#o)", fi.Mode().Perm())
	}
	if why != "" {
		return place{}, &PlaceError{path, why}
	}
	return place{path, st.Uid, st.Gid}, nil
}

// makePlace is openPlace for who may make the directory.
func makePlace(path string) (place, error) {
	if err := os.Mkdir(path, 0o755); err == nil {
		// Whatever the umask is: everybody may come.
		if err := os.Chmod(path, 0o755); err != nil {
			return place{}, fmt.Errorf("rendezvous: %w", err)
		}
	} else if !errors.Is(err, os.ErrExist) {
		return place{}, fmt.Errorf("rendezvous: %w", err)
	}
	return openPlace(path)
}

// A PlaceError says that the directory of the sockets cannot be trusted.
type PlaceError struct{ Path, Why string }

func (e *PlaceError) Error() string {
	return fmt.Sprintf("rendezvous: %s %s: remove it, or name another directory by RUNTIME_DIRECTORY", e.Path, e.Why)
}

// may reports whether a caller may read the state and give commands: root, who
// owns the directory, and its group, whichever that is by now.
func (p place) may(c Caller) bool {
	if c.UID == 0 {
		return true
	}
	now, err := openPlace(p.path)
	return err == nil && (c.UID == now.uid || c.in(now.gid))
}
