package line

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A termios is the kernel's struct termios2, with the speed as a number.
type termios unix.Termios

// setRaw makes the tty pass every byte as it is: no echo, no signals from
// characters, breaks ignored. A read waits for one byte, which also tells an end
// of file from nothing to read.
func (t *termios) setRaw() {
	t.Iflag = unix.IGNBRK
	t.Oflag = 0
	t.Lflag = 0
	t.Cflag |= unix.CREAD | unix.HUPCL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	t.Cc[unix.VSTART], t.Cc[unix.VSTOP] = 0x11, 0x13
}

// set8N1 sets 8 data bits, no parity and 1 stop bit.
func (t *termios) set8N1() {
	t.Cflag &^= unix.CSIZE | unix.CSTOPB | unix.PARENB | unix.PARODD
	t.Cflag |= unix.CS8
}

func (t *termios) setFlow(f Flow) {
	t.Cflag &^= unix.CRTSCTS
	t.Iflag &^= unix.IXON | unix.IXOFF | unix.IXANY
	switch f {
	case FlowRTSCTS:
		t.Cflag |= unix.CRTSCTS
	case FlowXON:
		t.Iflag |= unix.IXON | unix.IXOFF
	}
}

func (t *termios) setLocal(on bool) {
	t.Cflag &^= unix.CLOCAL
	if on {
		t.Cflag |= unix.CLOCAL
	}
}

func getTermios(fd int) (*termios, error) {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	return (*termios)(t), err
}

func setTermios(fd int, t *termios) error {
	return unix.IoctlSetTermios(fd, unix.TCSETS2, (*unix.Termios)(t))
}

// control runs fn on f's descriptor, which stays in the poller; os.File.Fd would
// make it blocking.
func control(f *os.File, fn func(fd int) error) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("line: %w", err)
	}
	if cerr := rc.Control(func(fd uintptr) { err = fn(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}

// settings reads back what setFlow and setLocal set.
func (t *termios) settings() Settings {
	s := Settings{Flow: FlowNone, Local: t.Cflag&unix.CLOCAL != 0}
	switch {
	case t.Cflag&unix.CRTSCTS != 0:
		s.Flow = FlowRTSCTS
	case t.Iflag&unix.IXON != 0 && t.Iflag&unix.IXOFF != 0:
		s.Flow = FlowXON
	}
	return s
}
