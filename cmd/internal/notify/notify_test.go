package notify

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestSend(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@pppdial-notify-" + strconv.Itoa(os.Getpid())} {
		c := listen(t, name)
		t.Setenv("NOTIFY_SOCKET", name)
		if err := Send(Ready, Status("up\nat last")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		n, err := c.Read(b)
		if got, want := string(b[:n]), "READY=1\nSTATUS=up at last\n"; err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	t.Setenv("NOTIFY_SOCKET", "/nonexistent")
	if err := Send(Alive); err == nil {
		t.Error("no error without a socket")
	}
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Send(Alive); err != nil {
		t.Errorf("not under systemd: %v", err)
	}
}

// TestNobodyReads: who sends goes on when the socket is full.
func TestNobodyReads(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	listen(t, name)
	t.Setenv("NOTIFY_SOCKET", name)
	for {
		if err := Send(Alive); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return
		}
	}
}

func TestWatchdog(t *testing.T) {
	me := strconv.Itoa(os.Getpid())
	for _, tc := range []struct {
		usec, pid string
		want      time.Duration
		bad       bool
	}{
		{"", "", 0, false},
		{"60000000", "", time.Minute, false},
		{"60000000", me, time.Minute, false},
		{"60000000", "1", 0, false},
		{"soon", me, 0, true},
		{"-5", "", 0, true},
	} {
		t.Setenv("WATCHDOG_USEC", tc.usec)
		t.Setenv("WATCHDOG_PID", tc.pid)
		if got, err := Watchdog(); got != tc.want || (err != nil) != tc.bad {
			t.Errorf("%q %q: %v, %v", tc.usec, tc.pid, got, err)
		}
	}
}
