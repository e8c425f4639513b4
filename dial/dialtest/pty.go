package dialtest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// pty is a pseudo-terminal of the bank. The bank reads and writes the master;
// the slave is for programs, and one descriptor of it is the bank's own.
// Both are in Go's poller or never block.
type pty struct {
	path   string   // of the slave
	master *os.File // reads and writes honour deadlines

	// open says whether a program has the slave open; without one what is written
	// is lost, as on a real line, instead of waiting for the next program. sync brings it up to date.
	open atomic.Bool
	sync func()
	gone chan struct{} // closed by close

	writing sync.Mutex // held while the master is written to

	mu      sync.Mutex
	slave   int  // own descriptor, -1 when closed
	stopped bool // TCOOFF
}

// openPTY makes a pseudo-terminal whose slave is raw.
func openPTY() (*pty, error) {
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("dialtest: pty: %w", err)
	}
	p := &pty{master: m, slave: -1, gone: make(chan struct{})}
	var n int
	err = p.control(func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	if err == nil {
		p.path = fmt.Sprintf("/dev/pts/%d", n)
		err = p.openSlave()
	}
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("dialtest: pty %s: %w", p.path, err)
	}
	return p, nil
}

// control runs f on the master's descriptor, which stays in the poller.
func (p *pty) control(f func(fd int) error) error {
	rc, err := p.master.SyscallConn()
	if err != nil {
		return err
	}
	if cerr := rc.Control(func(fd uintptr) { err = f(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}

// openSlave opens the bank's own descriptor of the slave and makes the slave raw.
func (p *pty) openSlave() error {
	fd, err := unix.Open(p.path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := makeRaw(fd); err != nil {
		unix.Close(fd)
		return err
	}
	p.slave = fd
	return nil
}

// makeRaw sets a tty to 8 bits, no echo, no signals, no translation.
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.HUPCL | unix.B115200
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// makeCooked sets a tty as login(1) hands it to a shell: lines, echo, signals,
// CR read as NL, NL written as CR NL, 8 bits.
func makeCooked(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag = unix.ICRNL | unix.BRKINT
	t.Oflag = unix.OPOST | unix.ONLCR
	t.Lflag = unix.ISIG | unix.ICANON | unix.IEXTEN | unix.ECHO | unix.ECHOE | unix.ECHOK
	t.Cflag = unix.CS8 | unix.CREAD | unix.HUPCL | unix.B115200
	t.Cc[unix.VINTR], t.Cc[unix.VQUIT], t.Cc[unix.VERASE], t.Cc[unix.VKILL], t.Cc[unix.VEOF] = 3, 28, 127, 21, 4
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

var errNoProgram = errors.New("dialtest: no program has the tty open")

// Read reads what programs wrote. After close it fails.
func (p *pty) Read(b []byte) (int, error) { return p.master.Read(b) }

// Write writes to the program that has the slave open.
func (p *pty) Write(b []byte) (int, error) {
	if !p.open.Load() {
		p.sync()
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	if !p.open.Load() {
		return 0, errNoProgram
	}
	return p.master.Write(b)
}

// SetWriteDeadline is for Write.
func (p *pty) SetWriteDeadline(t time.Time) error { return p.master.SetWriteDeadline(t) }

// stop stops the slave's output, as CTS going off would.
func (p *pty) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped && p.slave >= 0 {
		p.stopped = true
		unix.IoctlSetInt(p.slave, unix.TCXONC, unix.TCOOFF)
	}
}

// start lets the slave's output go on after stop.
func (p *pty) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped && p.slave >= 0 {
		unix.IoctlSetInt(p.slave, unix.TCXONC, unix.TCOON)
	}
	p.stopped = false
}

// kick makes the slave report "writable" once more.
func (p *pty) kick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped && p.slave >= 0 {
		unix.IoctlSetInt(p.slave, unix.TCXONC, unix.TCOOFF)
		unix.IoctlSetInt(p.slave, unix.TCXONC, unix.TCOON)
	}
}

// program says whether programs have the slave open.
func (p *pty) program(on bool) {
	if on {
		p.opened()
	} else {
		p.closed()
	}
}

// opened and closed are told of the first open and of the last close of the slave by programs.
func (p *pty) opened() {
	p.mu.Lock()
	defer p.mu.Unlock()
	// What stands in the slave's input was meant for an earlier program.
	p.flush()
	p.master.SetWriteDeadline(time.Time{})
	p.open.Store(true)
}

// closed frees who is writing to a program that is no more there; and that
// program's TIOCEXCL must not keep others out.
func (p *pty) closed() {
	p.open.Store(false)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.master.SetWriteDeadline(time.Unix(1, 0))
	p.flush()
	// What a write under way has put there since then was for that program as well.
	p.writing.Lock()
	p.flush()
	p.writing.Unlock()
	if p.slave >= 0 {
		unix.IoctlSetInt(p.slave, unix.TIOCNXCL, 0)
	}
}

func (p *pty) flush() {
	if p.slave >= 0 {
		unix.IoctlSetInt(p.slave, unix.TCFLSH, unix.TCIFLUSH)
	}
}

// local says whether a program has set CLOCAL.
func (p *pty) local() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, err := unix.IoctlGetTermios(p.slave, unix.TCGETS)
	return err == nil && t.Cflag&unix.CLOCAL != 0
}

// closeSlave closes the bank's own descriptor of the slave.
func (p *pty) closeSlave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slave >= 0 {
		unix.Close(p.slave)
		p.slave = -1
	}
}

// close ends the pseudo-terminal; programs that have the slave are hung up, as by
// TIOCVHANGUP: their reads end, their writes fail, a session of its own gets SIGHUP.
func (p *pty) close() {
	p.closeSlave()
	p.master.Close()
	close(p.gone)
}
