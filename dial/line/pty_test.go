package line

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// A testPTY is a pseudo-terminal: the master is the modem's side, path the tty.
// A slave descriptor is held open, or the master would read EIO before the
// line is opened.
type testPTY struct {
	master, slave *os.File
	path          string
}

func newPTY(t *testing.T) *testPTY {
	t.Helper()
	m, s, err := openPTY()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); s.Close() })
	m.SetDeadline(time.Now().Add(10 * time.Second))
	return &testPTY{master: m, slave: s, path: s.Name()}
}

func (p *testPTY) termios(t *testing.T) *termios {
	t.Helper()
	var tio *termios
	err := control(p.slave, func(fd int) (err error) {
		tio, err = getTermios(fd)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tio
}

func openTest(t *testing.T, path string, o Options) *Line {
	t.Helper()
	if o.LockDir == "" {
		o.LockDir = t.TempDir()
	}
	l, err := OpenTTY(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// allBytes is every byte, the ones that a cooked tty would act on among them.
func allBytes() []byte {
	var b []byte
	for i := range 256 {
		b = append(b, byte(i))
	}
	return b
}

func wantRead(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %q, %v; want %q", got[:n], err, want)
	}
}

func TestTTYIsTransparent(t *testing.T) {
	p := newPTY(t)
	l := openTest(t, p.path, Options{})
	if _, err := p.master.Write(allBytes()); err != nil {
		t.Fatal(err)
	}
	wantRead(t, l, allBytes())
	if _, err := l.Write(allBytes()); err != nil {
		t.Fatal(err)
	}
	wantRead(t, p.master, allBytes())
	if l.Caps() != (Caps{}) {
		t.Errorf("a pty has %+v, want nothing", l.Caps())
	}
	for what, err := range map[string]error{"DTR": l.DTR(true), "break": l.Break(), "hang-up": l.Hangup(t.Context())} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s on a pty: %v, want ErrUnsupported", what, err)
		}
	}
	if _, err := l.OutQueue(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("OutQueue on a pty: %v", err)
	}
	if err := l.Drain(t.Context()); err != nil {
		t.Errorf("Drain on a pty: %v", err)
	}
}

func TestSettings(t *testing.T) {
	p := newPTY(t)
	before := *p.termios(t)
	l := openTest(t, p.path, Options{Settings: Settings{Speed: 74880, Flow: FlowXON, Parity: ParityEven, Local: true}})
	check := func(why string, speed int, c, i uint32) {
		t.Helper()
		tio := p.termios(t)
		const cflags, iflags = unix.CLOCAL | unix.CRTSCTS | unix.PARENB | unix.PARODD | unix.CSIZE | unix.HUPCL, unix.IXON | unix.IXOFF | unix.IGNBRK
		if l.Speed() != speed || tio.Cflag&cflags != c|unix.CS8|unix.HUPCL || tio.Iflag&iflags != i|unix.IGNBRK || tio.Lflag != 0 || tio.Oflag != 0 {
			t.Errorf("%s: speed %d, termios %+v", why, l.Speed(), tio)
		}
	}
	// A pty keeps parity off, whatever is asked.
	check("opened", 74880, unix.CLOCAL, unix.IXON|unix.IXOFF)
	if err := l.Configure(Settings{Speed: 9600}); err != nil {
		t.Fatal(err)
	}
	check("other speed and flow", 9600, unix.CRTSCTS, 0)
	if err := l.Configure(Settings{Flow: FlowNone}); err != nil {
		t.Fatal(err)
	}
	check("speed stays", 9600, 0, 0)
	if err := l.SetLocal(true); err != nil {
		t.Fatal(err)
	}
	check("local", 9600, unix.CLOCAL, 0)
	if err := l.Configure(Settings{Speed: -1}); err == nil {
		t.Error("speed -1 was taken")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after := *p.termios(t); after != before {
		t.Errorf("settings are not restored: %+v, were %+v", after, before)
	}
}

func TestDeadlinesAndClose(t *testing.T) {
	p := newPTY(t)
	l := openTest(t, p.path, Options{})
	b := make([]byte, 64<<10)
	l.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := l.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v, want the deadline", err)
	}
	l.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	for err := error(nil); err == nil; {
		if _, err = l.Write(b); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write into a full pty: %v, want the deadline", err)
		}
	}
	l.SetReadDeadline(time.Time{})
	l.SetWriteDeadline(time.Time{})
	done := make(chan error, 2)
	go func() {
		_, err := l.Read(b)
		done <- err
	}()
	go func() {
		_, err := l.Write(b)
		done <- err
	}()
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	for range 2 {
		select {
		case err := <-done:
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("freed by Close: %v, want os.ErrClosed", err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("Close does not free a blocked read or write")
		}
	}
	if err := l.SetLocal(true); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCarrierLoss(t *testing.T) {
	p := newPTY(t)
	dir := t.TempDir()
	l := openTest(t, p.path, Options{LockDir: dir, Settings: Settings{Speed: 38400, Flow: FlowXON}})
	done := make(chan error)
	go func() {
		_, err := l.Read(make([]byte, 16))
		done <- err
	}()
	// What the kernel does when DCD drops on a tty without CLOCAL.
	hangUp := func() {
		if err := control(p.slave, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCVHANGUP, 0) }); err != nil {
			t.Fatal(err)
		}
		p.slave.Close()
		p.slave = must[*os.File](t)(os.OpenFile(p.path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0))
	}
	hangUp()
	defer func() { p.slave.Close() }()
	down := new(DownError)
	if err := <-done; !errors.As(err, &down) || !errors.Is(err, ErrCarrierLost) {
		t.Errorf("blocked read: %v, want carrier lost", err)
	}
	if _, err := l.Write([]byte("x")); !errors.Is(err, ErrCarrierLost) {
		t.Errorf("write: %v, want carrier lost", err)
	}
	wantFiles(t, dir, filepath.Base(LockPath(dir, p.path)))
	if err := errors.Join(l.Revive(), l.Revive()); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, filepath.Base(LockPath(dir, p.path)))
	if tio := p.termios(t); tio.Cflag&unix.CLOCAL == 0 || tio.Iflag&unix.IXON == 0 || l.Speed() != 38400 {
		t.Errorf("revived with speed %d and termios %+v", l.Speed(), tio)
	}
	p.master.Write([]byte("OK\r\n"))
	wantRead(t, l, []byte("OK\r\n"))
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wantFiles(t, dir)
}

func TestDeviceGone(t *testing.T) {
	p := newPTY(t)
	name := filepath.Join(t.TempDir(), "tty") // the kernel may give the number of the pty to somebody else
	if err := os.Symlink(p.path, name); err != nil {
		t.Fatal(err)
	}
	l := openTest(t, name, Options{})
	p.slave.Close()
	p.master.Close()
	os.Remove(name)
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, ErrGone) {
		t.Errorf("read: %v, want that the device is gone", err)
	}
	if err := l.Revive(); err == nil {
		t.Error("a tty that is gone was revived")
	}
	if err := l.Revive(); err == nil { // and again, with nothing open
		t.Error("a tty that is gone was revived")
	}
	l.Close()
}

// TestReenumeration hangs a tty up and puts another under its name, as a USB
// modem does that restarts.
func TestReenumeration(t *testing.T) {
	one, two := newPTY(t), newPTY(t)
	dir, locks := t.TempDir(), t.TempDir()
	name := filepath.Join(dir, "modem")
	point := func(p *testPTY) {
		if err := errors.Join(os.Symlink(p.path, name+".new"), os.Rename(name+".new", name)); err != nil {
			t.Fatal(err)
		}
	}
	point(one)
	l := openTest(t, name, Options{LockDir: locks})
	wantFiles(t, locks, "LCK.."+filepath.Base(one.path))
	point(two)
	one.slave.Close()
	one.master.Close()
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, ErrCarrierLost) {
		t.Errorf("read: %v, want carrier lost", err)
	}
	if err := l.Revive(); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, locks, "LCK.."+filepath.Base(two.path))
	l.Write([]byte("AT"))
	wantRead(t, two.master, []byte("AT"))
	l.Close()
	wantFiles(t, locks)
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ttyUSB0", "ttyUSB2", "ttyUSB10", "ttyS0", "modem"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path string
		want []string
	}{
		{dir + "/ttyUSB1", []string{"no such device", dir + "/ttyUSB0, " + dir + "/ttyUSB2, " + dir + "/ttyUSB10"}},
		{dir + "/ttyXYZ1", []string{"no such device", dir + "/ttyUSB0", dir + "/ttyS0"}},
		{dir + "/modem", []string{"no tty"}},
		{dir, []string{"no tty"}},
		{"/dev/null", []string{"no tty"}},
	} {
		locks := t.TempDir()
		_, err := OpenTTY(t.Context(), c.path, Options{LockDir: locks})
		if e := new(OpenError); !errors.As(err, &e) {
			t.Errorf("%s: %v, want an OpenError", c.path, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not contain %q", c.path, err, want)
			}
		}
		wantFiles(t, locks)
	}
}

func TestUsedByOthers(t *testing.T) {
	p := newPTY(t)
	dir := t.TempDir()
	if err := control(p.slave, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX) }); err != nil {
		t.Fatal(err)
	}
	_, err := OpenTTY(t.Context(), p.path, Options{LockDir: dir})
	if e := new(LockError); !errors.As(err, &e) || e.PID != os.Getpid() {
		t.Errorf("flock: %v, want a LockError with pid %d", err, os.Getpid())
	}
	wantFiles(t, dir)
	if err := control(p.slave, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) }); err != nil {
		t.Fatal(err)
	}
	l := openTest(t, p.path, Options{LockDir: dir})
	var exclusive int
	control(p.slave, func(fd int) (err error) {
		exclusive, err = unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		return err
	})
	if exclusive == 0 {
		t.Error("an open line is not exclusive")
	}
	link := filepath.Join(t.TempDir(), "modem")
	if err := os.Symlink(p.path, link); err != nil {
		t.Fatal(err)
	}
	_, err = OpenTTY(t.Context(), link, Options{LockDir: dir})
	if e := new(LockError); !errors.As(err, &e) || e.PID != os.Getpid() || e.Path != link {
		t.Errorf("the same tty by another name: %v, want a LockError", err)
	}
	l.Close()
	control(p.slave, func(fd int) (err error) {
		exclusive, err = unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		return err
	})
	if exclusive != 0 {
		t.Error("a closed line is still exclusive")
	}
}

func TestSysfsBus(t *testing.T) {
	sys := t.TempDir()
	for name, bus := range map[string]string{"ttyS0": "serial-base", "ttyUSB0": "usb-serial", "ttyACM0": "usb"} {
		dev := filepath.Join(sys, "class/tty", name, "device")
		if err := errors.Join(os.MkdirAll(dev, 0o755), os.MkdirAll(filepath.Join(sys, "bus", bus), 0o755),
			os.Symlink(filepath.Join(sys, "bus", bus), filepath.Join(dev, "subsystem"))); err != nil {
			t.Fatal(err)
		}
		if got := busOf(sys, name); got != bus {
			t.Errorf("%s is on bus %q, want %q", name, got, bus)
		}
	}
	if got := busOf(sys, "ttyX9"); got != "" {
		t.Errorf("a tty without hardware is on bus %q", got)
	}
}

// fakePort stands for the modem lines that a pty does not have.
type fakePort struct {
	serial.Port
	log   []string
	since time.Time
}

func (p *fakePort) note(format string, a ...any) error {
	p.log = append(p.log, time.Since(p.since).String()+" "+fmt.Sprintf(format, a...))
	return nil
}
func (p *fakePort) SetDTR(on bool) error        { return p.note("DTR %v", on) }
func (p *fakePort) Break(d time.Duration) error { return p.note("break %v", d) }
func (p *fakePort) Close() error                { return p.note("close") }
func (p *fakePort) GetModemStatusBits() (*serial.ModemStatusBits, error) {
	return &serial.ModemStatusBits{DCD: true, CTS: true}, p.note("status")
}

func TestModemLines(t *testing.T) {
	p := newPTY(t)
	synctest.Test(t, func(t *testing.T) {
		l := must[*Line](t)(OpenTTY(t.Context(), p.path, Options{LockDir: t.TempDir()}))
		fake := &fakePort{since: time.Now()}
		l.dev.port = fake
		l.caps.ModemLines, l.caps.Break = true, true
		if on, err := l.Carrier(); err != nil || !on {
			t.Errorf("carrier: %v, %v", on, err)
		}
		if on, err := l.ClearToSend(); err != nil || !on {
			t.Errorf("clear to send: %v, %v", on, err)
		}
		if err := errors.Join(l.Hangup(t.Context()), l.Break()); err != nil {
			t.Error(err)
		}
		if p.termios(t).Cflag&unix.CLOCAL == 0 {
			t.Error("the carrier still counts after a hang-up: its loss would hang up the tty")
		}
		l.Close()
		if got, want := strings.Join(fake.log, ", "), "0s status, 0s status, 0s DTR false, 500ms DTR true, 500ms break 250ms, 500ms close"; got != want {
			t.Errorf("modem lines: %s; want %s", got, want)
		}
	})
}

func TestWhoUsesIt(t *testing.T) {
	p := newPTY(t)
	if pid := userOf(p.path); pid != 0 {
		t.Errorf("a tty that only we have open is used by %d", pid)
	}
	cmd := exec.Command("cat")
	cmd.Stdin = p.slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if pid := userOf(p.path); pid != cmd.Process.Pid || programOf(pid) == "" {
		t.Errorf("the tty is used by %d (%s), want %d", pid, programOf(pid), cmd.Process.Pid)
	}
	if err := InUse(p.path); err != nil {
		t.Errorf("a pty counts: %v", err)
	}
}

// TestInUse finds who uses a device without a lock.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	node, link := filepath.Join(dir, "ttyT0"), filepath.Join(dir, "modem")
	f := must[*os.File](t)(os.Create(node))
	defer f.Close()
	if err := os.Symlink(node, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, filepath.Join(dir, "none")} {
		if err := InUse(path); err != nil {
			t.Errorf("%s, which nobody else has open: %v", path, err)
		}
	}
	cmd := exec.Command("sleep", "60")
	cmd.Stdin = f
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	e := new(LockError)
	if err := InUse(link); !errors.As(err, &e) || e.PID != cmd.Process.Pid || e.Path != link {
		t.Errorf("in use: %v", err)
	}
}

// TestPerhapsModemManager: without the privilege to see who has a tty open, that
// ModemManager runs is what there is to go by.
func TestPerhapsModemManager(t *testing.T) {
	d := device{path: "/dev/ttyUSB2"}
	if e := d.usedBy(0); !runs(modemManager) && !strings.Contains(e.Error(), "not known which") {
		t.Errorf("it does not run: %v", e)
	}
	cmd := exec.Command("sh", "-c", "printf "+modemManager+" >/proc/$$/comm && echo ready && read end")
	end := must[io.WriteCloser](t)(cmd.StdinPipe())
	ready := must[io.ReadCloser](t)(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer end.Close()
	ready.Read(make([]byte, 8))
	if e := d.usedBy(0).Error(); !strings.Contains(e, "perhaps ModemManager") || !strings.Contains(e, "mmcli") {
		t.Errorf("it runs: %v", e)
	}
	if e := d.usedBy(1).Error(); strings.Contains(e, modemManager) {
		t.Errorf("another one is known to have it: %v", e)
	}
}
