package dialtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// caller is a program at a modem of its own that is ready to dial.
func caller(t *testing.T, b *Bank) (*dte, *Modem) {
	t.Helper()
	m := add(t, b, ModemConfig{Name: "caller", Number: "1"})
	d := open(t, m.Path())
	d.say("ATE0", ok)
	return d, m
}

func TestServices(t *testing.T) {
	b := bank(t)
	d, m := caller(t, b)
	b.Answer("10", Echo())
	b.Answer("11", Text("this is no PPP\r\n"))
	b.Answer("12", Silent())
	b.Answer("13", Func(func(ctx context.Context, c io.ReadWriteCloser) { fmt.Fprint(c, "bye") }))
	served := add(t, b, ModemConfig{Name: "served", Number: "14", Rate: 19200})
	served.Serve(Text("from a modem"))

	d.say("ATD10", connected)
	d.send("~\xff}#\xc0!~")
	d.want("~\xff}#\xc0!~")
	if sent, rcvd := m.Stats(); sent.Bytes != 7 || rcvd.Delivered != 7 {
		t.Errorf("during the call: sent %+v, received %+v", sent, rcvd)
	}
	m.Hangup()
	d.want(noCarrier)
	if sent, rcvd := m.Stats(); sent.Bytes != 7 || rcvd.Delivered != 7 || rcvd.Frames != 1 {
		t.Errorf("after the call: sent %+v, received %+v", sent, rcvd)
	}

	d.say("ATD11", connected)
	d.want("this is no PPP\r\n")
	m.Hangup()
	d.want(noCarrier)

	d.say("ATD12", connected)
	m.Hangup()
	if s := d.want(noCarrier); s != "" {
		t.Errorf("the silent number says %q", s)
	}

	d.say("ATD13", connected)
	d.want("bye" + noCarrier)

	d.say("ATD14", "\r\nCONNECT 19200\r\n")
	d.want("from a modem")
	served.Hangup()
	d.want(noCarrier)
	await(t, served, Idle)
}

// A number with a service has as many lines as there are callers.
func TestManyCallersOfOneNumber(t *testing.T) {
	b := bank(t)
	b.Answer("*99#", Func(func(ctx context.Context, c io.ReadWriteCloser) { io.Copy(c, c) }))
	var ds []*dte
	for i := range 20 {
		m := add(t, b, ModemConfig{Name: fmt.Sprint("m", i), Profile: LTE()})
		ds = append(ds, open(t, m.Path()))
		ds[i].send("ATE0D*99***1#\r")
	}
	for i, d := range ds {
		d.want("CONNECT 150000000\r\n")
		d.send(fmt.Sprintf("caller %d.", i))
	}
	for i, d := range ds {
		if s := d.want("."); s != fmt.Sprint("caller ", i) {
			t.Errorf("caller %d reads %q", i, s)
		}
	}
}

// A line may be changed while the last bytes of a service are under way, which is
// gone by then: that of the second caller exists for the one call only.
func TestChangeBehindAService(t *testing.T) {
	b := bank(t)
	b.Answer("1", Func(func(ctx context.Context, c io.ReadWriteCloser) {
		c.Write(bytes.Repeat([]byte("x"), 240))
		if buf := make([]byte, 1); ctx.Err() == nil {
			c.Read(buf)
		}
	}))
	first, second := add(t, b, ModemConfig{Name: "first"}), add(t, b, ModemConfig{Name: "second", Rate: 4800})
	stays, goes := open(t, first.Path()), open(t, second.Path())
	stays.send("ATE0D1\r")
	stays.want("CONNECT")
	goes.send("ATE0D1\r")
	goes.want("CONNECT 4800\r\nx")
	goes.send("!") // the service ends
	for range 40 {
		second.Stall(true)
		second.Stall(false)
		time.Sleep(5 * time.Millisecond)
	}
	goes.want(noCarrier)
}

func TestLoginRefuses(t *testing.T) {
	b := bank(t)
	d, _ := caller(t, b)
	b.Answer("555", Login{Prompt: "Name? ", User: "joe", Password: "secret", Tries: 2})
	d.say("ATD555", "Name? ")
	d.say("", "\r\nName? ") // an empty name
	d.say("joe", "joe\r\nPassword: ")
	d.say("Secret", "Login incorrect\r\n\r\nName? ")
	d.say("jim", "jim\r\nPassword: ")
	d.say("secret", "Login incorrect\r\n\r\n")
	d.want(noCarrier)
}

func TestLoginRun(t *testing.T) {
	b := bank(t)
	d, _ := caller(t, b)
	b.Answer("555", Login{User: "joe", Command: Command{Run: func(ctx context.Context, tty io.ReadWriter) error {
		fmt.Fprint(tty, "PPP\r\n")
		buf := make([]byte, 5)
		if _, err := io.ReadFull(tty, buf); err != nil {
			return err
		}
		fmt.Fprintf(tty, "read %x", buf)
		return nil
	}}})
	d.say("ATD555", "login: ")
	d.say("joe", "joe\r\nPPP\r\n")
	d.send("~\x00\r\n\xff")
	d.want("read 7e000d0aff" + noCarrier)
}

// shell is a command that answers a number.
func shell(script string, change func(c *Command)) Service {
	c := Command{Command: []string{"/bin/sh", "-c", script}}
	if change != nil {
		change(&c)
	}
	return c
}

// What a command wrote before it ended arrives, however slow the line.
func TestCommandEnds(t *testing.T) {
	b := bank(t)
	m := add(t, b, ModemConfig{Name: "caller", Rate: 115200})
	d := open(t, m.Path())
	b.Answer("555", shell("i=0; while [ $i -lt 300 ]; do echo 0123456789; i=$((i+1)); done; echo end", nil))
	d.say("ATD555", "CONNECT 115200\r\n")
	d.want(strings.Repeat("0123456789\r\n", 300) + "end\r\n" + noCarrier)
}

func TestCommandHasATerminal(t *testing.T) {
	b := bank(t)
	d, _ := caller(t, b)
	dir := t.TempDir()
	b.Answer("555", shell("tty; stty -a; echo shell $0 in $(pwd) $X; read x </dev/tty; echo got $x; exec cat", func(c *Command) {
		c.Shell, c.Env, c.Dir = true, []string{"X=y"}, dir
	}))
	d.say("ATD555", connected)
	s := d.want(" in " + dir + " y\r\n")
	for _, has := range []string{"/dev/pts/", " icanon", " echo ", " icrnl", "shell -sh"} {
		if !strings.Contains(s, has) {
			t.Errorf("no %q in %q", has, s)
		}
	}
	d.say("line", "line\r\ngot line\r\n")
	d.send("\x04") // ends the input of a cooked terminal
	d.want(noCarrier)
}

// When the caller hangs up, the command's terminal is hung up: by SIGHUP for who
// catches it, by the end of file for who reads, and by SIGKILL for who does not care.
func TestCallerHangsUp(t *testing.T) {
	// What nohup has had us ignore, the shell could not trap.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	for name, script := range map[string]string{
		"SIGHUP":      "trap 'echo hup >>$OUT; exit' HUP; echo ready; while :; do sleep 0.01; done",
		"end of file": "trap '' HUP; echo ready; cat; echo eof >>$OUT",
		"SIGKILL":     "trap '' HUP; echo ready; while :; do sleep 0.01; done",
	} {
		t.Run(name, func(t *testing.T) {
			b := bank(t)
			d, m := caller(t, b)
			out := filepath.Join(t.TempDir(), "out")
			b.Answer("555", shell(script, func(c *Command) {
				c.Env, c.Grace = []string{"OUT=" + out}, time.Minute
				if name == "SIGKILL" {
					c.Grace = 100 * time.Millisecond
				}
			}))
			d.say("ATD555", "ready")
			d.close()
			await(t, m, Idle)
			if err := b.Close(); err != nil { // waits for the command
				t.Error(err)
			}
			text, _ := os.ReadFile(out)
			if want := map[string]string{"SIGHUP": "hup\n", "end of file": "eof\n"}[name]; string(text) != want {
				t.Errorf("the command wrote %q, want %q", text, want)
			}
		})
	}
}

func TestCommandThatDoesNotExist(t *testing.T) {
	b := bank(t)
	d, _ := caller(t, b)
	b.Answer("555", Command{Command: []string{"/no/such/program"}})
	b.Answer("556", Relay{Path: "/no/such/tty"})
	d.say("ATD555", connected)
	d.want(noCarrier)
	d.say("ATD556", connected)
	d.want(noCarrier)
}

func TestRelayToATTY(t *testing.T) {
	b := bank(t)
	d, m := caller(t, b)
	c, err := b.Cable(CableConfig{Name: "line"})
	if err != nil {
		t.Fatal(err)
	}
	far := open(t, c.PathB())
	b.Answer("555", Relay{Path: c.PathA()})
	for range 3 { // the tty is there for the next call, too
		d.say("ATD555", connected)
		d.send("\x03\x04\r\n\x7f~")
		far.want("\x03\x04\r\n\x7f~")
		far.send("\r\n\x11\x13~")
		d.want("\r\n\x11\x13~")
		m.Hangup()
		d.want(noCarrier)
	}
}

func TestRelayToFifos(t *testing.T) {
	b := bank(t)
	d, _ := caller(t, b)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	for _, path := range []string{in, out} {
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.Answer("555", Relay{Path: in, Out: out})
	d.say("ATD555", connected)
	reader, writer := open(t, out), open(t, in)
	d.send("to the guest")
	reader.want("to the guest")
	writer.send("from the guest")
	d.want("from the guest")
}
