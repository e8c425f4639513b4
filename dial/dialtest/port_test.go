package dialtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eof reads until the tty is hung up.
func (d *dte) eof() {
	d.t.Helper()
	d.f.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 4096)
	for {
		_, err := d.f.Read(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, unix.EIO) {
			return
		}
		if err != nil {
			d.t.Fatalf("want a hang-up, have %v", err)
		}
	}
}

func (d *dte) clocal(on bool) {
	rc, err := d.f.SyscallConn()
	if err != nil {
		d.t.Fatal(err)
	}
	rc.Control(func(fd uintptr) {
		tio, _ := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		tio.Cflag &^= unix.CLOCAL
		if on {
			tio.Cflag |= unix.CLOCAL
		}
		err = unix.IoctlSetTermios(int(fd), unix.TCSETS, tio)
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// online is a modem in a call with an echo.
func online(t *testing.T, b *Bank, c ModemConfig) (*dte, *Modem) {
	t.Helper()
	b.Answer("10", Echo())
	m := add(t, b, c)
	d := open(t, m.Path())
	d.say("ATE0D10", "CONNECT")
	d.want("\r\n")
	return d, m
}

// The last close is DTR going off; other descriptors keep the call.
func TestLastCloseHangsUp(t *testing.T) {
	b := bank(t)
	d, m := online(t, b, ModemConfig{Name: "m"})
	others := []*dte{open(t, m.Path()), open(t, m.Path())}
	d.close()
	others[0].close()
	others[1].send("still here")
	others[1].want("still here")
	if m.State() != Online {
		t.Fatalf("modem is %v", m.State())
	}
	others[1].close()
	await(t, m, Idle)
}

// A program that closes and opens the port at once meets a modem in command mode, and so
// does one after it, many times over.
func TestReopenAtOnce(t *testing.T) {
	b := bank(t)
	d, m := online(t, b, ModemConfig{Name: "m"})
	for range 200 {
		d.send("some ~data~")
		d.close()
		d = open(t, m.Path())
		// What the old program had not read stands in the tty, as programs know who
		// flush it when they open it.
		d.say("ATD10", connected)
	}
}

// What a program did not read is not there for the next one.
func TestNextProgramReadsNothingOld(t *testing.T) {
	b := bank(t)
	d, m := online(t, b, ModemConfig{Name: "m"})
	d.send(strings.Repeat("x", 3000))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for got := (Stats{}); got.Delivered < 3000; _, got = m.Stats() {
		if ctx.Err() != nil {
			t.Fatalf("received %+v", got)
		}
		runtime.Gosched()
	}
	d.close()
	await(t, m, Idle)
	d = open(t, m.Path())
	if s := d.say("AT", ok); s != "" {
		t.Errorf("the next program reads %q", s)
	}
}

// Data written right before the close is sent, as the close of a serial line waits for it.
func TestDataBeforeTheCloseArrives(t *testing.T) {
	b := bank(t)
	got := make(chan []byte, 1)
	b.Answer("20", Func(func(_ context.Context, c io.ReadWriteCloser) {
		all, _ := io.ReadAll(c)
		got <- all
	}))
	m := add(t, b, ModemConfig{Name: "m", Rate: 460800, Delay: time.Millisecond})
	want := bytes.Repeat([]byte("0123456789"), 400)
	for range 5 {
		d := open(t, m.Path())
		d.say("AT&FE0D20", "CONNECT 460800\r\n")

		d.send(string(want))
		d.close()
		select {
		case all := <-got:
			if !bytes.Equal(all, want) {
				t.Fatalf("%d of %d bytes arrive", len(all), len(want))
			}
		case <-time.After(patience):
			t.Fatal("no end")
		}
		await(t, m, Idle)
	}
}

// A program that is killed leaves nothing that keeps the next one out.
func TestExclusiveUseEndsWithItsProgram(t *testing.T) {
	b := bank(t)
	m := add(t, b, ModemConfig{Name: "m"})
	d := open(t, m.Path())
	rc, err := d.f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	rc.Control(func(fd uintptr) { err = unix.IoctlSetInt(int(fd), unix.TIOCEXCL, 0) })
	if err != nil {
		t.Fatal(err)
	}
	d.say("ATE0", ok)
	d.close()
	m.State() // has taken note of the close when it returns
	d = open(t, m.Path())
	d.say("AT", ok)
	p := m.end.cur.Load()
	excl, err := unix.IoctlGetInt(p.slave, unix.TIOCGEXCL)
	if err != nil || excl != 0 {
		t.Errorf("exclusive: %d, %v", excl, err)
	}
}

func TestCarrierHangup(t *testing.T) {
	b := bank(t)
	d, m := online(t, b, ModemConfig{Name: "m", CarrierHangup: true})
	for range 10 {
		m.Hangup()
		d.eof()
		d.close()
		d = open(t, m.Path())
		d.say("AT", ok)
		d.say("ATD10", connected)
		d.send("x")
		d.want("x")
	}
	d.clocal(true)
	m.Hangup()
	d.want(noCarrier)
	d.say("ATS12=0", ok)
	d.clocal(false)
	d.say("ATD10", connected)
	d.send("+++")
	d.want(ok)
	d.send("ATH\r")
	d.eof()
	d.close()
	await(t, m, Idle)
}

// TestLateHangup: the hang-up of a call hits the tty that the call was on, and
// none that has come since.
func TestLateHangup(t *testing.T) {
	b := bank(t)
	_, m := online(t, b, ModemConfig{Name: "m", CarrierHangup: true})
	late, done := make(chan bool), make(chan bool)
	m.out.add(func() { <-late })
	m.Hangup()
	m.Unplug()
	if err := m.Plug(); err != nil {
		t.Fatal(err)
	}
	p := m.end.cur.Load()
	close(late)
	m.out.add(func() { close(done) })
	<-done
	if m.end.cur.Load() != p {
		t.Error("the new tty was hung up")
	}
}

func TestUnplug(t *testing.T) {
	b := bank(t)
	d, m := online(t, b, ModemConfig{Name: "m"})
	m.Unplug()
	d.eof()
	if _, err := os.Lstat(m.Path()); !os.IsNotExist(err) {
		t.Errorf("the name is still there: %v", err)
	}
	if m.State() != Off {
		t.Errorf("modem is %v", m.State())
	}
	if err := m.Plug(); err != nil {
		t.Fatal(err)
	}
	d = open(t, m.Path())
	d.say("AT", "AT\r"+ok)
	m.Reset()
	d.eof()
	await(t, m, Idle)
	d = open(t, m.Path())
	d.say("AT", "AT\r"+ok)
}

func TestResetByCommand(t *testing.T) {
	b := bank(t)
	p := LTE()
	p.Down = 20 * time.Millisecond
	p.Boot = []Step{{After: 200 * time.Millisecond, Text: "RDY"}}
	m := add(t, b, ModemConfig{Name: "m", Profile: p})
	d := open(t, m.Path())
	d.want("\r\nRDY\r\n")
	d.say("ATE0+CFUN=1,1", ok)
	d.eof()
	await(t, m, Idle)
	d = open(t, m.Path())
	d.want("\r\nRDY\r\n")
	d.say("AT", "AT\r"+ok)
}

func TestWedge(t *testing.T) {
	b := bank(t)
	d, m := online(t, b, ModemConfig{Name: "m"})
	m.Wedge(true)
	d.send("data is lost")
	d.close()
	d = open(t, m.Path())
	d.send("AT\r")
	m.Reset()
	d.eof()
	if strings.Contains(string(d.got), "OK") {
		t.Error("a wedged modem answers")
	}
	await(t, m, Idle)
	d = open(t, m.Path())
	d.say("ATE0D10", connected)
	d.send("data")
	d.want("data")
}

func TestTranscript(t *testing.T) {
	b := bank(t)
	m := add(t, b, ModemConfig{Name: "m"})
	d := open(t, m.Path())
	d.say("ATE0", ok)
	d.say("ATX9", bad)
	want := `> "ATE0\r"
< "ATE0\r\r\n"
< "OK\r\n"
> "ATX9\r"
< "\r\nERROR\r\n"
`
	if got := m.Transcript(); got != want {
		t.Errorf("transcript:\n%s\nwant:\n%s", got, want)
	}
}

// The log has the dialogue, but no PIN.
func TestLog(t *testing.T) {
	var log bytes.Buffer
	b := NewBank(t.TempDir())
	b.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p := LTE()
	p.Cellular.SIM.PIN = "4711"
	m := add(t, b, ModemConfig{Name: "m", Profile: p})
	b.Answer("10", Silent())
	d := open(t, m.Path())
	for _, c := range "AT+CPIN=\"4711\"\r" { // in pieces, with echo
		d.send(string(c))
	}
	d.want(ok)
	d.say("ATD10", "CONNECT 150000000\r\n")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for _, has := range []string{"ATD10", "+CPIN=******", "state=dialing number=10", "state=online"} {
		if !strings.Contains(log.String(), has) {
			t.Errorf("no %q in the log", has)
		}
	}
	if strings.Contains(log.String(), "4711") {
		t.Errorf("the log tells the PIN:\n%s", log.String())
	}
	if !strings.Contains(m.transcript.String(), `> "AT+CPIN=\"4711\"\r"`) {
		t.Error("the transcript does not")
	}
}

func TestNamesAndNumbers(t *testing.T) {
	b := bank(t)
	add(t, b, ModemConfig{Name: "m", Number: "1"})
	for _, c := range []ModemConfig{{}, {Name: "a/b"}, {Name: "n", Number: "1"}} {
		if _, err := b.Add(c); err == nil {
			t.Errorf("Add(%+v) is taken", c)
		}
	}
	if _, err := b.Cable(CableConfig{Name: "../x"}); err == nil {
		t.Error("a cable outside the directory is taken")
	}
	b.Number("9", Busy)
	d := open(t, b.dir+"/m")
	d.say("ATD9", "BUSY")
	b.Number("9", NoAnswer)
	d.say("ATD9", "NO ANSWER")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(b.dir); err != nil || len(left) != 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
	if _, err := b.Add(ModemConfig{Name: "late"}); err == nil {
		t.Error("a closed bank takes modems")
	}
	d.eof()
}

// Close ends everything in the middle of everything.
func TestCloseInTheMiddle(t *testing.T) {
	for range 20 {
		b := NewBank(t.TempDir())
		b.Answer("10", shell("cat", func(c *Command) { c.Raw = true }))
		b.Answer("11", Echo())
		for _, number := range []string{"10", "11", "12"} {
			m := add(t, b, ModemConfig{Name: "to" + number, Rate: 9600, Delay: 50 * time.Millisecond})
			d := open(t, m.Path())
			d.send("ATE0D" + number + "\r")
			if number != "12" {
				d.want("CONNECT 9600\r\n")
				d.send(strings.Repeat("~data", 50))
			}
		}
		c, err := b.Cable(CableConfig{Name: "c", Rate: 300})
		if err != nil {
			t.Fatal(err)
		}
		open(t, c.PathA()).send(strings.Repeat("x", 200))
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
