package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bringUp waits until the pppds' networks are up.
func bringUp(t *testing.T, ps ...*PPPD) {
	t.Helper()
	for _, p := range ps {
		if _, err := p.WaitEvent("ip-up", soon); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPPPDAgainstPPPD(t *testing.T) {
	a, b := netns(t, "a"), netns(t, "b")
	join(t, attach(t, 0), attach(t, 1))
	answering := start(t, a, 0, "debug", "noauth", "10.9.0.1:10.9.0.2")
	calling := start(t, b, 1, "debug", "noauth")
	e, err := calling.WaitEvent("ip-up", soon)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Args, " "); !strings.HasSuffix(got, "/dev/ttyS1 115200 10.9.0.2 10.9.0.1") {
		t.Errorf("ip-up has arguments %q", got)
	}
	bringUp(t, answering)
	must(t, b, "ping -c 3 -i 0.2 10.9.0.1")
	serve(t, a.Echo)
	began := time.Now()
	must(t, b, `head -c 1000000 /dev/urandom >/tmp/sent
		busybox nc 10.9.0.1 7 </tmp/sent >/tmp/got && cmp /tmp/sent /tmp/got`)
	t.Logf("1 MB each way takes %v", time.Since(began).Round(time.Millisecond))
	status, err := calling.Stop(short(t))
	if err != nil || status != 5 {
		t.Errorf("TERM: status %d, %v", status, err)
	}
	if err := answering.WaitLog("LCP terminated by peer", soon); err != nil {
		t.Error(err)
	}
	if _, err := calling.WaitEvent("ip-down", soon); err != nil {
		t.Error(err)
	}
}

// serve starts a server that ends with the test.
func serve(t *testing.T, start func() (*Process, error)) {
	t.Helper()
	p, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
}

func TestRestartOnTheSameLine(t *testing.T) {
	a, b := netns(t, "a"), netns(t, "b")
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			join(t, attach(t, 0), attach(t, 1))
			began := time.Now()
			answering := start(t, a, 0, "debug", "noauth", "silent", "10.9.0.1:10.9.0.2")
			calling := start(t, b, 1, "debug", "noauth")
			ready := time.Now()
			bringUp(t, answering, calling)
			t.Logf("ready after %v, up %v later", ready.Sub(began).Round(time.Millisecond), time.Since(ready).Round(time.Millisecond))
			if n := strings.Count(calling.Output(), "sent [LCP ConfReq"); n != 1 {
				t.Errorf("%d LCP Configure-Requests sent, want 1: none may be lost", n)
			}
		})
	}
}

func TestSecretsAndFailure(t *testing.T) {
	if err := guest.Secrets(short(t), "", "me * good *\n"); err != nil {
		t.Fatal(err)
	}
	a, b := netns(t, "a"), netns(t, "b")
	join(t, attach(t, 0), attach(t, 1))
	answering := start(t, a, 0, "debug", "auth", "require-pap", "10.9.0.1:10.9.0.2")
	calling := start(t, b, 1, "debug", "noauth", "user", "me", "password", "bad")
	if status, err := calling.Wait(short(t)); err != nil || status != 19 {
		t.Errorf("a wrong password: status %d, %v", status, err)
	}
	if status, err := answering.Wait(short(t)); err != nil || status != 11 {
		t.Errorf("checking a wrong password: status %d, %v", status, err)
	}
}

func TestOptionsThatPPPDRefuses(t *testing.T) {
	_, err := guest.PPPD(short(t), 0, "no-such-option")
	if err == nil || !strings.Contains(err.Error(), "status 2") || !strings.Contains(err.Error(), "unrecognized option 'no-such-option'") {
		t.Errorf("error %v", err)
	}
}

func TestMultilinkUnderLoad(t *testing.T) {
	a, b := netns(t, "a"), netns(t, "b")
	var all []*PPPD
	for i := range 3 {
		join(t, attach(t, 2*i), attach(t, 2*i+1))
		all = append(all,
			start(t, a, 2*i, "debug", "noauth", "noccp", "multilink", "endpoint", "local:01", "10.9.0.1:10.9.0.2"),
			start(t, b, 2*i+1, "debug", "noauth", "noccp", "multilink", "endpoint", "local:02"))
		if i == 0 {
			bringUp(t, all...)
		}
	}
	for _, p := range all[2:] {
		if err := p.WaitLog("Link attached to ppp", soon); err != nil {
			t.Fatal(err)
		}
	}
	// six busy lines: the kernel's lost interrupts must not show. One that does
	// stops the bundle for good.
	serve(t, a.Iperf3)
	out := must(t, b, "iperf3 -c 10.9.0.1 -t 5 --bidir")
	_, sums, _ := strings.Cut(out, "- - -\n")
	t.Log(sums)
}

func TestHangup(t *testing.T) {
	c := attach(t, 0)
	p := start(t, &guest.Netns, 0, "debug", "noauth")
	read := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, c)
		read <- err
	}()
	if err := guest.Line(0).Hangup(short(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Errorf("what is attached reads %v, want the end of file", err)
	}
	if status, err := p.Wait(short(t)); err != nil || status != 16 {
		t.Errorf("pppd: status %d, %v\n%s", status, err, p.Log())
	}
	// and the line serves again
	c = attach(t, 0)
	start(t, &guest.Netns, 0, "debug", "noauth")
	awaitFlag(t, c)
}

// awaitFlag reads until a frame begins.
func awaitFlag(t *testing.T, c io.Reader) {
	t.Helper()
	buf := make([]byte, 1500)
	for {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(buf[:n], 0x7e) >= 0 {
			return
		}
	}
}

func TestPPPDCalls(t *testing.T) {
	c := attach(t, 0)
	p := start(t, &guest.Netns, 0, "debug", "noauth", "connect", `chat -v "" ATDT5551234 CONNECT "\d\c"`)
	var said []byte
	buf := make([]byte, 100)
	for !bytes.Contains(said, []byte("ATDT5551234\r")) {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, buf[:n]...)
	}
	if _, err := c.Write([]byte("CONNECT 33600\r\n")); err != nil {
		t.Fatal(err)
	}
	awaitFlag(t, c)
	if _, ok := p.LogTime("Serial connection established."); !ok {
		t.Errorf("log:\n%s", p.Log())
	}
}

func TestPlug(t *testing.T) {
	master, path := openPTY(t)
	line := guest.Line(0)
	if err := line.Plug(path); err != nil {
		t.Fatal(err)
	}
	if _, err := line.Attach(); err == nil {
		t.Error("a line plugged in elsewhere can be attached to")
	}
	p := start(t, &guest.Netns, 0, "debug", "noauth")
	awaitFlag(t, master)
	if err := line.Unplug(); err == nil {
		t.Error("unplugged while in use")
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := line.Unplug(); err != nil {
		t.Fatal(err)
	}
	c := attach(t, 0)
	start(t, &guest.Netns, 0, "debug", "noauth")
	awaitFlag(t, c)
}

func TestPPPDOnDemand(t *testing.T) {
	c := attach(t, 0)
	p := start(t, &guest.Netns, 0, "debug", "noauth", "noipv6", "demand", "connect", "true", "10.9.0.1:10.9.0.2")
	if strings.Contains(p.Output(), "lab: dialing") {
		t.Error("it calls without demand")
	}
	must(t, &guest.Netns, "ping -c 1 -W 1 10.9.0.2 || true")
	awaitFlag(t, c)
}

// openPTY returns the master of a pty and the path of its slave.
func openPTY(t *testing.T) (master *os.File, path string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	n := 0
	err = withFD(master, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path = fmt.Sprintf("/dev/pts/%d", n)
	slave, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0) // without a slave the master reads EIO
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, path
}

func TestConn(t *testing.T) {
	line := guest.Line(0)
	c := attach(t, 0)
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read past its deadline: %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	blocked := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		blocked <- err
	}()
	if _, err := line.Attach(); err != nil { // takes the line away from c
		t.Fatal(err)
	}
	if err := <-blocked; !errors.Is(err, os.ErrClosed) {
		t.Errorf("a read whose attachment is over: %v", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after it: %v", err)
	}
	c.Close() // of the old attachment: the new one stays
	for _, stale := range []string{"stale", "\x7e"} {
		must(t, &guest.Netns, "printf "+stale+" >"+line.TTY())
	}
	next := attach(t, 0)
	must(t, &guest.Netns, "printf new >"+line.TTY())
	buf := make([]byte, 10)
	if n, err := next.Read(buf); err != nil || string(buf[:n]) != "new" {
		t.Errorf("read %q, %v", buf[:n], err)
	}
}

func TestBootRefuses(t *testing.T) {
	if _, err := Boot(context.Background(), Options{Lines: MaxLines + 1}); err == nil {
		t.Error("a guest with too many lines boots")
	}
	programs = append(programs, struct{ name, pkg string }{"no-such-program", "no-such-package"})
	defer func() { programs = programs[:len(programs)-1] }()
	_, err := Boot(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), "apt-get install -y --no-install-recommends no-such-package") {
		t.Errorf("a missing program: %v", err)
	}
}
