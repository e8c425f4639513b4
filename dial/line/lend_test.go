package line

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestLend(t *testing.T) {
	p := newPTY(t)
	tty := openTest(t, p.path, Options{Settings: Settings{Speed: 19200}})
	server := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer server.Close()
	tcp := must[*Line](t)(OpenTCP(t.Context(), server.Addr().String()))
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
		{tty, p.master, `stty 300 cooked 2>/dev/null; read word; test -t 0 && echo "<$word>"`},
		{tcp, conn, `read word; echo "<$word>"`},
	} {
		f, back, err := c.line.Lend()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/bin/sh", "-c", c.command)
		cmd.Stdin, cmd.Stdout = f, f
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c.far.Write([]byte("hello\n"))
		if err := errors.Join(cmd.Wait(), back()); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 64)
		n, err := c.far.Read(buf)
		if err != nil || n < 7 {
			t.Errorf("%s: the program said %q, %v", c.line.Name(), buf[:n], err)
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
