package rendezvous

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"pppdial/cmd/internal/status"
)

// answering is a daemon that is no Server.
func answering(t *testing.T, path string, answer func(net.Conn)) {
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
			answer(c)
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
		answering(t, filepath.Join(dir, "1.sock"), leave)
		answering(t, filepath.Join(dir, listenName), leave)
		for range 20 {
			if _, err := State(t.Context(), dir, Query{}); !errors.Is(err, ErrNobody) {
				t.Errorf("%s, state: %v", how, err)
			}
			if err := Act(t.Context(), dir, Command{Target: Target{Entry: "rmt"}, Verb: Up}); !errors.Is(err, ErrEnded) {
				t.Errorf("%s, act: %v", how, err)
			}
			if _, err := HandOver(t.Context(), dir, Line{Label: "rmt", TTY: tty}); !errors.Is(err, ErrEnded) {
				t.Errorf("%s, handover: %v", how, err)
			}
		}
	}
}

// A command gets past daemons that fail, but what the owner of an entry refuses
// nobody else does.
func TestDaemonFails(t *testing.T) {
	dir := runDir(t)
	h := &house{bundles: []status.Bundle{{Entry: "rmt", Unit: 1}}}
	listen(t, dir, Options{}, h)
	answering(t, filepath.Join(dir, "1.sock"), func(c net.Conn) {
		bufio.NewReader(c).ReadSlice('\n')
		io.WriteString(c, `{"version":1,"error":"out of order","code":"failed"}`+"\n")
	})
	act := func(target Target) error { return Act(t.Context(), dir, Command{Target: target, Verb: Up}) }
	here, nowhere := 1, 7
	if err := act(Target{Unit: &here}); err != nil || len(h.acts) != 1 {
		t.Errorf("%v, %d acts", err, len(h.acts))
	}
	if err := act(Target{Unit: &nowhere}); err == nil || err.Error() != "out of order" {
		t.Error(err)
	}
	if err := os.Symlink("1.sock", filepath.Join(dir, ownerPrefix+"rmt")); err != nil {
		t.Fatal(err)
	}
	if err := act(Target{Entry: "rmt"}); err == nil || err.Error() != "out of order" || len(h.acts) != 1 {
		t.Errorf("%v, %d acts", err, len(h.acts))
	}
}
