package rendezvous

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// leaving is a daemon that takes connections and ends them without an answer.
func leaving(t *testing.T, path string, leave func(net.Conn)) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			leave(c)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
}

// A daemon that ends before it answers is told by what it is, however the kernel
// puts it.
func TestDaemonEnds(t *testing.T) {
	_, name := pty(t)
	tty := openTTY(t, name)
	for how, leave := range map[string]func(net.Conn){
		"before the request": func(net.Conn) {}, // EPIPE, or one of the others
		"within it":          func(c net.Conn) { c.Read(make([]byte, 1)) },
		"behind it":          func(c net.Conn) { c.Read(make([]byte, maxRequest)) },
	} {
		dir := runDir(t)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		leaving(t, filepath.Join(dir, "1.sock"), leave)
		leaving(t, filepath.Join(dir, listenName), leave)
		for range 20 {
			if _, err := State(t.Context(), dir, Query{}); err != ErrNobody {
				t.Errorf("%s, state: %v", how, err)
			}
			if err := Act(t.Context(), dir, Command{Target: Target{Entry: "rmt"}, Verb: Up}); err != ErrEnded {
				t.Errorf("%s, act: %v", how, err)
			}
			if _, err := HandOver(t.Context(), dir, Line{Label: "rmt", TTY: tty}); err != ErrEnded {
				t.Errorf("%s, handover: %v", how, err)
			}
		}
	}
}
