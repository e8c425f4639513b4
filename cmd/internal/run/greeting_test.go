package run

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStuckLogin: a login shell whose terminal takes nothing ends.
func TestStuckLogin(t *testing.T) {
	_, tty := openPTY(t)
	fd := int(tty.Fd())
	termios, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	termios.Oflag &^= unix.OPOST // which leaves some room
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, termios); err != nil {
		t.Fatal(err)
	}
	unix.SetNonblock(fd, true)
	for full := time.Now(); time.Since(full) < 100*time.Millisecond; time.Sleep(time.Millisecond) {
		for _, err := unix.Write(fd, []byte{0}); err == nil; _, err = unix.Write(fd, []byte{0}) {
			full = time.Now()
		}
	}
	was := os.Stdin
	os.Stdin = tty
	defer func() { os.Stdin = was }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan Verdict, 1)
	go func() {
		d := newDaemon(Options{StateDir: t.TempDir()}, nil, newMemWorld(t).world(), new(slog.LevelVar), silence)
		ended <- d.run(ctx, nil, func() *Verdict { return d.serveLogin(entryOf(t, "in localhost=10.0.0.1")) })
	}()
	select {
	case v := <-ended:
		if v.Status != StatusHangup {
			t.Error(v)
		}
	case <-time.After(4 * greetingTime):
		t.Error("it still greets")
	}
}
