package line

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	p := newPTY(t)
	tty := openTest(t, p.path, Options{Settings: Settings{Speed: 19200}})
	server := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer server.Close()
	tcp := must[*Line](t)(OpenTCP(t.Context(), server.Addr().String(), Options{}))
	defer tcp.Close()
	conn := must[net.Conn](t)(server.Accept())
	defer conn.Close()
	for _, c := range []struct {
		line *Line
		far  interface {
			Read([]byte) (int, error)
			Write([]byte) (int, error)
		}
		command string
	}{
		{tty, p.master, `stty 300 cooked 2>/dev/null; read word; test -t 0 && echo "<$word $MORE>"`},
		{tcp, conn, `read word; echo "<$word $MORE>"`},
	} {
		c.far.Write([]byte("hello\n"))
		if err := c.line.Run(t.Context(), c.command, []string{"MORE=there"}); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 64)
		got := ""
		for !strings.Contains(got, "<hello there>") {
			n, err := c.far.Read(buf)
			if err != nil {
				t.Fatalf("%s: the program said %q, %v", c.line.Name(), got, err)
			}
			got += string(buf[:n])
		}
		c.line.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := c.line.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: a deadline afterwards: %v", c.line.Name(), err)
		}
	}
	if tty.Speed() != 19200 || p.termios(t).Lflag != 0 {
		t.Errorf("afterwards: speed %d, termios %+v", tty.Speed(), p.termios(t))
	}
}

func TestRunFails(t *testing.T) {
	p := newPTY(t)
	l := openTest(t, p.path, Options{})
	e := new(CommandError)
	if err := l.Run(t.Context(), "echo no luck >&2; exit 7", nil); !errors.As(err, &e) || e.Status != "exit status 7" || e.Said != "no luck" {
		t.Errorf("a failing command: %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, os.ErrProcessDone)
	defer cancel()
	if err := l.Run(ctx, "cat", nil); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a command without an end: %v", err)
	}
}
