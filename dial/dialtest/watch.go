package dialtest

import (
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watch tells when programs open and close slaves (see the package comment). All
// but run is called with the bank's mutex held, which guards it.
type watch struct {
	file *os.File
	fd   int
	ptys map[int32]*watched // by inotify's watch descriptor
	buf  [4096]byte
}

// watched is a slave under watch.
type watched struct {
	opens int           // descriptions that programs hold
	dtr   func(on bool) // the first open, the last close
}

const watchMask = unix.IN_OPEN | unix.IN_CLOSE

// newWatch starts a watch that has nothing to watch yet.
func newWatch() (*watch, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("dialtest: inotify: %w", err)
	}
	return &watch{file: os.NewFile(uintptr(fd), "inotify"), fd: fd, ptys: map[int32]*watched{}}, nil
}

// run calls look whenever there is something for drain, until close.
func (w *watch) run(look func()) {
	rc, err := w.file.SyscallConn()
	if err != nil {
		return
	}
	rc.Read(func(uintptr) bool { look(); return false })
}

// add watches p, which no program can have open yet.
func (w *watch) add(p *pty, dtr func(on bool)) (*watched, error) {
	// The directory's watch comes between two events of the slave's own, so that
	// these are not merged.
	if _, err := unix.InotifyAddWatch(w.fd, filepath.Dir(p.path), watchMask); err != nil {
		return nil, fmt.Errorf("dialtest: watch %s: %w", filepath.Dir(p.path), err)
	}
	wd, err := unix.InotifyAddWatch(w.fd, p.path, watchMask)
	if err != nil {
		return nil, fmt.Errorf("dialtest: watch %s: %w", p.path, err)
	}
	s := &watched{dtr: dtr}
	w.ptys[int32(wd)] = s
	return s, nil
}

// drain handles the events that have happened so far.
func (w *watch) drain() {
	for {
		n, err := unix.Read(w.fd, w.buf[:])
		if err != nil || n <= 0 {
			return
		}
		for b := w.buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			ev := (*unix.InotifyEvent)(unsafe.Pointer(&b[0]))
			if s := w.ptys[ev.Wd]; s != nil {
				s.event(ev.Mask)
			}
			if ev.Mask&unix.IN_IGNORED != 0 {
				delete(w.ptys, ev.Wd) // the slave is no more
			}
			b = b[unix.SizeofInotifyEvent+int(ev.Len):]
		}
	}
}

// event counts an open or a close.
func (s *watched) event(mask uint32) {
	before := s.opens > 0
	switch {
	case mask&unix.IN_OPEN != 0:
		s.opens++
	case mask&unix.IN_CLOSE != 0:
		s.opens = max(0, s.opens-1)
	}
	if after := s.opens > 0; after != before {
		s.dtr(after)
	}
}

// close ends run.
func (w *watch) close() { w.file.Close() }
