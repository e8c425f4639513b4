package lab

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// The guest's kernel loses interrupts. It asks epoll, edge-triggered, which
// descriptors are ready, and handles them one by one with interrupts enabled in
// between: one that comes then asks again and overwrites the rest of the list.
// So a line may sleep for ever although there is something to read or room to
// write. It has to be told again, this often.
const nursing = 10 * time.Millisecond

// pipeSize is what a channel holds in each direction: a page, as a tty does. It
// is the least that a pipe can have.
const pipeSize = 4096

// channel is what one serial line of the guest's kernel is connected to: a pipe
// to it and a pipe from it. (A pty serves as well, but the kernel reads it five
// times slower, byte by byte.)
type channel struct{ in, out *os.File }

// newChannel makes a channel and returns the guest's ends of it, to read and to
// write.
func newChannel() (c channel, r, w *os.File, err error) {
	if r, c.in, err = os.Pipe(); err != nil {
		return channel{}, nil, nil, err
	}
	if c.out, w, err = os.Pipe(); err != nil {
		return channel{}, nil, nil, errors.Join(err, r.Close(), c.in.Close())
	}
	for _, f := range []*os.File{c.in, c.out} {
		if err := withFD(f, setSize); err != nil {
			return channel{}, nil, nil, errors.Join(err, r.Close(), w.Close(), c.in.Close(), c.out.Close())
		}
	}
	return c, r, w, nil
}

// kick tells the guest's kernel to look at both pipes. Linux wakes whoever waits
// to write into a pipe when its size is set, to the size that it has; and whoever
// waits to read, by epoll as well as by SIGIO, when somebody writes, in vain even:
// from no address.
func (c channel) kick() {
	_ = withFD(c.out, setSize)
	_ = withFD(c.in, func(fd int) error {
		_, _, _ = unix.Syscall(unix.SYS_WRITE, uintptr(fd), 0, 1) // EFAULT or EAGAIN
		return nil
	})
}

func setSize(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, pipeSize)
	return err
}

// drain throws away the bytes in the pipes.
func (c channel) drain() error {
	return errors.Join(withFD(c.out, drain), withFD(c.in, func(fd int) error {
		r, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(r)
		return drain(r)
	}))
}

func drain(fd int) error {
	buf := make([]byte, pipeSize)
	for {
		n, err := unix.Read(fd, buf)
		if err == unix.EAGAIN {
			return nil
		}
		if n <= 0 {
			return fmt.Errorf("drain: %d, %w", n, err)
		}
	}
}

func (c channel) close() {
	c.in.Close()
	c.out.Close()
}

// withFD runs f on a file's descriptor, which stays in the poller.
func withFD(file *os.File, f func(fd int) error) error {
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
