package line

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// A trier reads from a stream's descriptor, or writes to it, without waiting. Its
// method is bound once, as a closure for each call would be an allocation for each.
type trier struct {
	of   *stream
	raw  syscall.RawConn // nil: the stream has no descriptor of its own
	call func(fd uintptr) bool

	// Of the call under way.
	do func(fd int, b []byte) (int, error)
	b  []byte
	n  int
}

func (t *trier) read(s *stream, b []byte) (n int, err error) {
	if err := t.prepare(s); err != nil || t.raw == nil {
		return 0, err
	}
	t.do, t.b, t.n = unix.Read, b, 0
	err = t.raw.Read(t.call)
	t.b = nil
	return t.n, err
}

func (t *trier) write(s *stream, b []byte) (n int, err error) {
	if err := t.prepare(s); err != nil || t.raw == nil {
		return 0, err
	}
	t.do, t.b, t.n = unix.Write, b, 0
	err = t.raw.Write(t.call)
	t.b = nil
	return t.n, err
}

// prepare finds the descriptor, which changes when a tty is opened again.
func (t *trier) prepare(s *stream) (err error) {
	if t.of == s {
		return nil
	}
	*t = trier{of: s, call: t.once}
	if c, ok := (*s).(syscall.Conn); ok {
		t.raw, err = c.SyscallConn()
	}
	return err
}

// once is done after one read or write: what an error means, Read and Write say.
func (t *trier) once(fd uintptr) bool {
	if n, err := t.do(int(fd), t.b); err == nil {
		t.n = n
	}
	return true
}
