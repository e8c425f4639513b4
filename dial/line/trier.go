package line

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// A trier writes to a stream's descriptor without waiting. Its method is bound
// once, as a closure for each call would be an allocation for each.
type trier struct {
	of   *stream
	raw  syscall.RawConn // nil: the stream has no descriptor of its own
	call func(fd uintptr) bool

	// Of the call under way.
	b []byte
	n int
}

func (t *trier) write(s *stream, b []byte) (int, error) {
	if t.of != s {
		*t = trier{of: s, call: t.once}
		if c, ok := (*s).(syscall.Conn); ok {
			raw, err := c.SyscallConn()
			if err != nil {
				return 0, err
			}
			t.raw = raw
		}
	}
	if t.raw == nil {
		return 0, nil
	}
	t.b, t.n = b, 0
	err := t.raw.Write(t.call)
	t.b = nil
	return t.n, err
}

// once is done after one write: what an error means, Write says.
func (t *trier) once(fd uintptr) bool {
	if n, err := unix.Write(int(fd), t.b); err == nil {
		t.n = n
	}
	return true
}
