package main

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// supervisor plays systemd: it keeps what it is told.
func supervisor(t *testing.T) (*journal, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	j := newJournal(t, "systemd")
	r, w := net.Pipe()
	done := make(chan struct{})
	go func() { j.read(r); close(done) }()
	go func() {
		defer w.Close()
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			w.Write(b[:n])
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
	return j, path
}

// TestNotify: systemd hears when the program serves, that it lives, how it
// stands, and that it ends.
func TestNotify(t *testing.T) {
	t.Parallel()
	systemd, path := supervisor(t)
	p := named(t, "-dns quiet")
	p.near.env = []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=200000"}
	p.call = p.near.call("rmt")
	systemd.await("READY=1", slowly)
	systemd.awaitTimes("WATCHDOG=1", 3, slowly)
	p.near.ping(farAddr, 1, slowly)
	systemd.await("STATUS=rmt: ppp0 is up, "+nearAddr+" to "+farAddr, slowly)
	p.call.signal(syscall.SIGHUP)
	systemd.await("STATUS=rmt: down: ppp was told to break the link", slowly)
	p.call.term()
	systemd.await("STOPPING=1", slowly)
	all := systemd.Log()
	for _, s := range []string{"READY=1\n", "STATUS=rmt: calling\n", "STATUS=rmt: ppp0 is up", "STATUS=rmt: down"} {
		_, rest, ok := strings.Cut(all, s)
		if !ok {
			t.Fatalf("systemd did not hear %q in its turn:\n%s", s, systemd.Log())
		}
		all = rest
	}
}

// TestNotReady: a program that cannot serve does not say that it does.
func TestNotReady(t *testing.T) {
	t.Parallel()
	systemd, path := supervisor(t)
	h := newHost(t, "near")
	h.env = []string{"NOTIFY_SOCKET=" + path}
	h.conf("rmt quiet device=/nonexistent localhost=10.0.0.1 remotehost=10.0.0.2 ifname=lo")
	if got := h.call("rmt").status(slowly); got != 1 {
		t.Errorf("status %d, want 1", got)
	}
	systemd.await("STOPPING=1", slowly)
	if strings.Contains(systemd.Log(), "READY=1") {
		t.Errorf("systemd heard\n%s", systemd.Log())
	}
}
