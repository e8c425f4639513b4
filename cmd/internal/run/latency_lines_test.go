package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/dial/dialtest"
	"pppdial/dial/line"
)

// openTTY opens a terminal as a call does.
func openTTY(t *testing.T, path string) *line.Line {
	t.Helper()
	l, err := line.OpenTTY(context.Background(), path, line.Options{
		Settings: line.Settings{Speed: lineRate, Local: true}, LockDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// stoppingCable is a cable between two pseudo-terminals that stops a writer
// when the line has enough to send.
func stoppingCable(t *testing.T) (a, b string) {
	bank := dialtest.NewBank(t.TempDir())
	t.Cleanup(func() {
		if err := bank.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := bank.Cable(dialtest.CableConfig{Name: "line", Rate: lineRate, Delay: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c.PathA(), c.PathB()
}

// deepCable is a cable between two pseudo-terminals that never stops a writer:
// what the line has no time for waits in them.
func deepCable(t *testing.T) (a, b string) {
	ma, a := newTerminal(t)
	mb, b := newTerminal(t)
	var both sync.WaitGroup
	both.Go(func() { trickle(mb, ma) })
	both.Go(func() { trickle(ma, mb) })
	t.Cleanup(func() {
		ma.Close()
		mb.Close()
		both.Wait()
	})
	return a, b
}

// trickle carries bytes at the line's rate. Time that the machine has for others is
// made up for, as a line never pauses while there is something to send.
func trickle(to io.Writer, from io.Reader) {
	const piece = 23 // 2 ms
	buf := make([]byte, piece)
	free := time.Now()
	for {
		asked := time.Now()
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if now := time.Now(); now.Sub(asked) > time.Millisecond && free.Before(now) { // there was nothing
			free = now
		}
		free = free.Add(time.Duration(n) * 10 * time.Second / lineRate)
		time.Sleep(time.Until(free))
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// newTerminal makes a pseudo-terminal and keeps its slave open as well.
func newTerminal(t *testing.T) (master *os.File, path string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if cerr := c.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); errors.Join(cerr, err) != nil {
		t.Fatal(cerr, err)
	}
	path = fmt.Sprintf("/dev/pts/%d", n)
	slave, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, path
}
