package tun

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A writer is to Write what reader is to Read.
type writer struct {
	join
	give   func(fd uintptr) bool
	vnet   bool
	bufs   [][]byte
	offset int
	at     int // the group to be written
	n      int // packets the kernel took
	err    error
	parts  []unix.Iovec // of the group
}

func (w *writer) drain(fd uintptr) bool {
	for w.at < len(w.groups) {
		g := &w.groups[w.at]
		switch err := w.write(int(fd), g); err {
		case nil:
			w.n += g.n
			w.at++
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			if w.err == nil {
				w.err = err
			}
			w.at++
		}
	}
	return true
}

// write writes a group as one packet.
func (w *writer) write(fd int, g *group) error {
	b := w.bufs[g.first]
	if !w.vnet {
		_, err := unix.Write(fd, b[w.offset:])
		return err
	}
	g.head(b[w.offset:]).put(b[w.offset-vnetLen:])
	if g.n == 1 {
		_, err := unix.Write(fd, b[w.offset-vnetLen:])
		return err
	}
	w.parts = w.parts[:0]
	w.part(b[w.offset-vnetLen:])
	for i := g.first; i != g.last; {
		i = w.next[i]
		w.part(w.bufs[i][w.offset+g.headers:])
	}
	_, _, errno := unix.Syscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&w.parts[0])), uintptr(len(w.parts)))
	clear(w.parts)
	if errno != 0 {
		return errno
	}
	return nil
}

func (w *writer) part(b []byte) {
	v := unix.Iovec{Base: &b[0]}
	v.SetLen(len(b))
	w.parts = append(w.parts, v)
}
