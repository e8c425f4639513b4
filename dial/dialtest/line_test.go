package dialtest

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// within is how long an event may take that has no time of its own.
const patience = 10 * time.Second

// dte is a program at a pseudo-terminal.
type dte struct {
	t *testing.T
	f *os.File
	// got is what was read and not yet asked for.
	got []byte
}

func open(t *testing.T, path string) *dte {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &dte{t: t, f: f}
}

func (d *dte) send(s string) {
	d.t.Helper()
	d.f.SetWriteDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(d.f, s); err != nil {
		d.t.Fatalf("send %q: %v", s, err)
	}
}

// want reads until it has seen s; it returns what came before.
func (d *dte) want(s string) string {
	d.t.Helper()
	d.f.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(d.got, []byte(s)); i >= 0 {
			before := string(d.got[:i])
			d.got = d.got[i+len(s):]
			return before
		}
		n, err := d.f.Read(buf)
		d.got = append(d.got, buf[:n]...)
		if err != nil {
			d.t.Fatalf("want %q, have %q: %v", s, d.got, err)
		}
	}
}

// say sends a command and wants its answer.
func (d *dte) say(command, answer string) string {
	d.t.Helper()
	d.send(command + "\r")
	return d.want(answer)
}

func (d *dte) close() { d.f.Close() }

// bank makes a bank that the test's end closes.
func bank(t *testing.T) *Bank {
	t.Helper()
	b := NewBank(t.TempDir())
	t.Cleanup(func() { b.Close() })
	return b
}

func add(t *testing.T, b *Bank, c ModemConfig) *Modem {
	t.Helper()
	m, err := b.Add(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func await(t *testing.T, m *Modem, s State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.Await(ctx, s); err != nil {
		t.Fatalf("%v\n%s", err, m.Transcript())
	}
}

func TestTwoModemsCallEachOther(t *testing.T) {
	b := bank(t)
	ma := add(t, b, ModemConfig{Name: "a", Number: "1", Rate: 33600})
	mb := add(t, b, ModemConfig{Name: "b", Number: "2", Rate: 57600})
	da, db := open(t, ma.Path()), open(t, mb.Path())
	da.say("ATZ", "\r\nOK\r\n")
	db.say("ATS0=1", "\r\nOK\r\n")
	da.say("ATDT2", "\r\nCONNECT 33600\r\n")
	if before := db.want("\r\nCONNECT 33600\r\n"); before != "\r\nRING\r\n" {
		t.Errorf("callee saw %q before CONNECT", before)
	}
	da.send("ping from a")
	db.want("ping from a")
	db.send("pong from b")
	da.want("pong from b")
	await(t, ma, Online)
	da.send("last words")
	da.close()
	db.want("last words\r\nNO CARRIER\r\n")
	await(t, ma, Idle)
	await(t, mb, Idle)
}

func TestLogin(t *testing.T) {
	b := bank(t)
	ma := add(t, b, ModemConfig{Name: "a"})
	b.Answer("555", Login{Banner: "Welcome\r\n", User: "joe", Password: "x y", Command: Command{
		Command: []string{"/bin/sh", "-c", "stty raw -echo; echo ready $USER; read x; echo got $x; exec cat"}}})
	d := open(t, ma.Path())
	d.say("ATDT555", "\r\nCONNECT\r\n")
	d.want("Welcome\r\nlogin: ")
	d.say("bob", "bob\r\nPassword: ")
	d.say("no", "Login incorrect\r\n\r\nlogin: ")
	d.say("joe", "joe\r\nPassword: ")
	if s := d.say("x y", "ready joe\n"); strings.Contains(s, "x y") {
		t.Errorf("the password is echoed: %q", s)
	}
	d.send("hello\n")
	d.want("got hello\n")
	d.send("bytes \x00\x01\xff")
	d.want("bytes \x00\x01\xff")
	d.close()
	await(t, ma, Idle)
}
