package lab

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Line is one serial line of the guest. The guest's kernel has the slave of a
// pty, the master is ours.
type Line struct {
	index int
	link  string // symbolic link to the slave: what the kernel opens

	mu   sync.Mutex
	pty  *pty
	conn *Conn // the attachment, if any
}

func newLine(i int, link string) (*Line, error) {
	p, err := openPTY()
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", i, err)
	}
	if err := os.Symlink(p.path, link); err != nil {
		p.close()
		return nil, fmt.Errorf("line %d: %w", i, err)
	}
	return &Line{index: i, link: link, pty: p}, nil
}

// TTY is the guest's name of the line.
func (l *Line) TTY() string { return "/dev/ttyS" + strconv.Itoa(l.index) }

// Attach connects the caller to the line, after throwing away all bytes still
// under way on it. An earlier attachment is closed.
func (l *Line) Attach() (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.release()
	}
	if err := l.pty.drain(); err != nil {
		return nil, fmt.Errorf("lab: attach to %s: %w", l.TTY(), err)
	}
	l.conn = &Conn{line: l, master: l.pty.master, name: l.TTY()}
	return l.conn, nil
}

// Hangup is the loss of carrier: the guest's tty is hung up, whatever is
// attached reads the end of file, and the line can be used anew.
func (l *Line) Hangup() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next, err := openPTY()
	if err != nil {
		return fmt.Errorf("lab: hang up %s: %w", l.TTY(), err)
	}
	tmp := l.link + ".new"
	if err := errors.Join(os.Symlink(next.path, tmp), os.Rename(tmp, l.link)); err != nil {
		next.close()
		return fmt.Errorf("lab: hang up %s: %w", l.TTY(), err)
	}
	if l.conn != nil {
		l.conn.lose()
		l.conn = nil
	}
	l.pty.close()
	l.pty = next
	return nil
}

// close gives the pty back; the guest must have ended.
func (l *Line) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.release()
		l.conn = nil
	}
	return l.pty.close()
}

// nurse does for one line what the guest's kernel needs when it has lost an
// interrupt: output stopped and started again makes the host tell it once more
// that it may write, and a flag on a line on which PPP rests makes it read.
func (l *Line) nurse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pty.kick()
	if l.conn != nil {
		l.conn.fill(time.Now())
	}
}

// pty is a pseudo terminal in raw mode, both ends non-blocking.
type pty struct {
	master, slave *os.File // the slave keeps the mode, and the master from EIO between two users
	path          string
}

func openPTY() (*pty, error) {
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var n int
	err = control1(m, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	p := &pty{master: m, path: "/dev/pts/" + strconv.Itoa(n)}
	if err == nil {
		p.slave, err = os.OpenFile(p.path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	}
	if err == nil {
		err = control1(p.slave, makeRaw)
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("pty: %w", err)
	}
	return p, nil
}

func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// kick stops and starts what the slave's user writes.
func (p *pty) kick() {
	const off, on = 0, 1                       // TCOOFF, TCOON
	_ = control1(p.slave, func(fd int) error { // a pty about to be closed needs none
		return errors.Join(unix.IoctlSetInt(fd, unix.TCXONC, off), unix.IoctlSetInt(fd, unix.TCXONC, on))
	})
}

// drain throws away the bytes on the way in both directions.
func (p *pty) drain() error {
	if err := control1(p.slave, func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH) }); err != nil {
		return err
	}
	buf := make([]byte, 1<<16)
	return control1(p.master, func(fd int) error {
		for {
			if n, err := unix.Read(fd, buf); n <= 0 {
				if err == unix.EAGAIN {
					return nil
				}
				return err
			}
		}
	})
}

func (p *pty) close() error {
	err := p.master.Close()
	if p.slave != nil {
		err = errors.Join(err, p.slave.Close())
	}
	return err
}

// control1 runs f on a file's descriptor, which stays in the poller.
func control1(file *os.File, f func(fd int) error) error {
	rc, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := rc.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}
