package line

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFromFile(t *testing.T) {
	p := newPTY(t)
	// As login leaves it: cooked, with echo.
	if err := control(p.slave, func(fd int) error {
		tio, err := getTermios(fd)
		if err != nil {
			return err
		}
		tio.Iflag |= unix.ICRNL | unix.IXON | unix.IXOFF | unix.ISTRIP
		tio.Oflag |= unix.OPOST | unix.ONLCR
		tio.Lflag |= unix.ICANON | unix.ECHO | unix.ISIG | unix.TOSTOP
		tio.Cflag |= unix.CRTSCTS
		return setTermios(fd, tio)
	}); err != nil {
		t.Fatal(err)
	}
	before := *p.termios(t)
	stdin := os.NewFile(uintptr(must[int](t)(unix.Open(p.path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0))), "stdin")
	defer stdin.Close()
	l, err := FromFile(stdin, "stdin", false)
	if err != nil {
		t.Fatal(err)
	}
	p.master.Write(allBytes())
	wantRead(t, l, allBytes())
	l.Write(allBytes())
	wantRead(t, p.master, allBytes())
	if tio := p.termios(t); tio.Cflag&unix.CRTSCTS == 0 || tio.Cflag&unix.CLOCAL != before.Cflag&unix.CLOCAL {
		t.Errorf("flow control or carrier changed: %+v", tio)
	}
	if err := l.Configure(Settings{Speed: 300}); err == nil {
		t.Error("the speed of a given line was changed")
	}
	if err := l.Configure(Settings{Flow: FlowXON, Local: true}); err != nil {
		t.Error(err)
	}
	if err := l.Revive(); err != nil {
		t.Error(err)
	}
	l.SetReadDeadline(time.Unix(1, 0))
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v, want the deadline", err)
	}
	control(stdin, func(fd int) error {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("the file of the others no longer blocks: flags %#x, %v", flags, err)
		}
		return nil
	})
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if after := *p.termios(t); after != before {
		t.Errorf("settings are not restored: %+v, were %+v", after, before)
	}
	if _, err := stdin.Stat(); err != nil {
		t.Errorf("the given file was closed: %v", err)
	}
}

// TestFromFileFlow: software flow control, which getty turns on, is only there
// for who expects it.
func TestFromFileFlow(t *testing.T) {
	for _, tt := range []struct {
		iflag, cflag uint32 // before
		xon          bool
		want         uint32 // of Iflag
	}{
		{unix.IXON | unix.IXOFF, 0, false, 0},
		{unix.IXON | unix.IXOFF, unix.CRTSCTS, false, 0},
		{unix.IXON, 0, false, 0},
		{0, 0, true, unix.IXON | unix.IXOFF},
		{0, unix.CRTSCTS, true, unix.IXON | unix.IXOFF},
	} {
		p := newPTY(t)
		if err := control(p.slave, func(fd int) error {
			tio, err := getTermios(fd)
			if err != nil {
				return err
			}
			tio.Iflag |= tt.iflag
			tio.Cflag |= tt.cflag
			return setTermios(fd, tio)
		}); err != nil {
			t.Fatal(err)
		}
		before := *p.termios(t)
		l, err := FromFile(p.slave, "stdin", tt.xon)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.termios(t).Iflag & (unix.IXON | unix.IXOFF); got != tt.want {
			t.Errorf("%+v: flow control %#x", tt, got)
		}
		l.Close()
		if after := *p.termios(t); after != before {
			t.Errorf("settings are not restored: %+v, were %+v", after, before)
		}
	}
}

// TestFromFileOfUser takes the line of a login shell, whose tty is its user's, with
// no other privileges than the units leave.
func TestFromFileOfUser(t *testing.T) {
	for _, unit := range []string{"ppp.service", "ppp@.service"} {
		text := must[[]byte](t)(os.ReadFile("../../examples/systemd/" + unit))
		_, caps, _ := strings.Cut(string(text), "\nCapabilityBoundingSet=")
		caps, _, _ = strings.Cut(caps, "\n")
		p := newPTY(t)
		if err := errors.Join(p.slave.Chown(65534, 65534), p.slave.Chmod(0o600)); err != nil {
			t.Fatal(err)
		}
		var l *Line
		err := make(chan error)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine, and its privileges with it
			if e := keepCaps(strings.Fields(caps)); e != nil {
				err <- e
				return
			}
			var e error
			l, e = FromFile(p.slave, "stdin", false)
			err <- e
		}()
		if err := <-err; err != nil {
			t.Errorf("%s: %v", unit, err)
			continue
		}
		l.Close()
	}
}

// keepCaps drops all privileges of the thread but those that are named.
func keepCaps(names []string) error {
	var data [2]unix.CapUserData
	for _, name := range names {
		bit, ok := map[string]int{"CAP_DAC_OVERRIDE": unix.CAP_DAC_OVERRIDE, "CAP_NET_ADMIN": unix.CAP_NET_ADMIN}[name]
		if !ok {
			return errors.New("which capability is " + name + "?")
		}
		data[0].Effective |= 1 << bit
	}
	data[0].Permitted = data[0].Effective
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
}

func TestFromFileWithoutTTY(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := FromFile(r, "stdin", false); !errors.As(err, new(*OpenError)) {
		t.Errorf("a pipe as a line: %v, want an OpenError", err)
	}
}

func TestTCP(t *testing.T) {
	server := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := server.Accept()
		if err == nil {
			accepted <- c
		}
	}()
	l := must[*Line](t)(OpenTCP(t.Context(), server.Addr().String(), Options{}))
	defer l.Close()
	far := <-accepted
	far.Write(allBytes())
	wantRead(t, l, allBytes())
	l.Write(allBytes())
	wantRead(t, far, allBytes())
	far.Close()
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, ErrEnded) || !errors.As(err, new(*DownError)) {
		t.Errorf("closed by the other side: %v", err)
	}
	server.Close()
	if _, err := OpenTCP(t.Context(), server.Addr().String(), Options{}); !errors.As(err, new(*OpenError)) {
		t.Errorf("nobody listens: %v, want an OpenError", err)
	}
}
