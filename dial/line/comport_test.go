package line

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTelnetReader(t *testing.T) {
	for _, c := range []struct{ in, data, said string }{
		{"AT\r\n", "AT\r\n", ""},
		{"a\xff\xffb", "a\xffb", ""},
		{"\xff\xfd\x2cAT", "AT", "DO 44"},
		{"\xff\xfb\x00\xff\xfc\x01\xff\xfe\x03x", "x", "WILL 0, WONT 1, DONT 3"},
		{"a\xff\xfa\x2c\x6b\x80\xff\xf0b", "ab", "SB 44 107 128"},
		{"\xff\xfa\x2c\x6b\xff\xff\xff\xf0~", "~", "SB 44 107 255"},
		{"\xff\xf1a\xff\xf9b", "ab", ""},
		{"\xff\xfa" + strings.Repeat("x", 1000) + "\xff\xf0a", "a", "SB" + strings.Repeat(" 120", maxSub)},
		{"\xff\xfa\xff\xf0a", "a", "SB"},
	} {
		for _, piece := range []int{1, 2, 1000000} { // it may come in any pieces
			var said []string
			r := telnetReader{
				option: func(verb, option byte) {
					said = append(said, fmt.Sprintf("%s %d", map[byte]string{do: "DO", dont: "DONT", will: "WILL", wont: "WONT"}[verb], option))
				},
				command: func(sub []byte) {
					s := "SB"
					for _, c := range sub {
						s += fmt.Sprint(" ", c)
					}
					said = append(said, s)
				},
			}
			data := ""
			for chunk := range slices.Chunk([]byte(c.in), piece) {
				chunk = bytes.Clone(chunk)
				data += string(chunk[:r.read(chunk)])
			}
			if got := strings.Join(said, ", "); data != c.data || got != c.said {
				t.Errorf("%.40q in pieces of %d: data %q, said %.60s; want %q, %.60s", c.in, piece, data, got, c.data, c.said)
			}
		}
	}
}

func FuzzTelnet(f *testing.F) {
	f.Add([]byte("AT\xff\r"), []byte{iac, sb, optComPort, 107, 1, iac, se})
	f.Fuzz(func(t *testing.T, data, junk []byte) {
		var subs [][]byte
		r := telnetReader{option: func(byte, byte) {}, command: func(b []byte) { subs = append(subs, bytes.Clone(b)) }}
		b := appendData(nil, data)
		if countData(b) != len(data) {
			t.Errorf("%q counts %d, want %d", b, countData(b), len(data))
		}
		b = b[:r.read(b)]
		if !bytes.Equal(b, data) {
			t.Errorf("%q comes back as %q", data, b)
		}
		value := junk[:min(len(junk), 100)]
		command := appendCommand(nil, 7, value...)
		if n := r.read(command); n != 0 || len(subs) != 1 || !bytes.Equal(subs[0], append([]byte{optComPort, 7}, value...)) {
			t.Errorf("the command %q comes back as %q, with %d bytes of data", value, subs, n)
		}
		if n := r.read(junk); n > len(junk) {
			t.Errorf("%d bytes of %d", n, len(junk))
		}
	})
}

// A portServer is a server of RFC 2217 with a port at which a modem echoes.
type portServer struct {
	t      *testing.T
	listen net.Listener
	refuse byte // an option that it does not do; 255: none
	wg     sync.WaitGroup

	mu   sync.Mutex // guards what follows
	conn net.Conn
	stop chan struct{} // until it is closed, nothing more is read, and then no data comes back; nil: never
	said []string
	news chan struct{}
}

func newPortServer(t *testing.T, refuse byte) *portServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &portServer{t: t, listen: l, refuse: refuse, news: make(chan struct{}, 1000)}
	s.wg.Go(s.serve)
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		if s.conn != nil {
			s.conn.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

func (s *portServer) serve() {
	conn, err := s.listen.Accept()
	if err != nil {
		return
	}
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	conn.Write([]byte{iac, will, optSGA, iac, will, 1, iac, do, optBinary})
	answered := map[[2]byte]bool{}
	r := telnetReader{
		option: func(verb, option byte) {
			switch verb {
			case wont:
				s.note(fmt.Sprint("WONT ", option))
				return
			case dont:
				return
			}
			answer := map[byte]byte{do: will, will: do}[verb]
			switch {
			case option == s.refuse:
				answer = map[byte]byte{do: wont, will: dont}[verb]
			case answered[[2]byte{verb, option}]:
				return
			}
			answered[[2]byte{verb, option}] = true
			conn.Write([]byte{iac, answer, option})
		},
		command: func(sub []byte) { s.note(fmt.Sprint(sub[1:])) },
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		s.mu.Lock()
		stop := s.stop
		s.mu.Unlock()
		if stop != nil {
			<-stop
		}
		if n = r.read(buf[:n]); n > 0 && stop == nil {
			conn.Write(appendData(nil, buf[:n]))
		}
		if err != nil {
			return
		}
	}
}

func (s *portServer) note(said string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, said)
	s.news <- struct{}{}
}

// dcd switches the carrier.
func (s *portServer) dcd(on byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.Write(appendCommand(nil, notifyModemState, on<<7|8))
}

func (s *portServer) wantSaid(want ...string) {
	s.t.Helper()
	for range want {
		select {
		case <-s.news:
		case <-time.After(10 * time.Second):
			s.t.Fatalf("it was told %q, want %q", s.said, want)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.said, want) {
		s.t.Errorf("it was told %q, want %q", s.said, want)
	}
	s.said = nil
}

func TestRFC2217(t *testing.T) {
	s := newPortServer(t, 255)
	l, err := OpenTCP(t.Context(), s.listen.Addr().String(), Options{Settings: Settings{Speed: 115200, Local: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.wantSaid("[1 0 1 194 0]", "[2 8]", "[3 1]", "[4 1]", "[5 3]", "[5 8]", "[5 11]", "[11 136]", "[12 3]")
	if caps := l.Caps(); !caps.ModemLines || !caps.Break || caps.TrueBaud {
		t.Errorf("it can %+v", caps)
	}
	text := make([]byte, 256)
	for i := range text {
		text[i] = byte(i)
	}
	text = append(text, "\xff\xff\r\n\r\x00~"...)
	if _, err := l.Write(text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadFull(l, got); err != nil || !bytes.Equal(got, text) {
		t.Fatalf("all bytes came back as %q, %v", got, err)
	}

	if err := l.Configure(Settings{Speed: 9600, Flow: FlowXON, Parity: ParityEven, Local: true}); err != nil {
		t.Error(err)
	}
	s.wantSaid("[1 0 0 37 128]", "[2 8]", "[3 3]", "[4 1]", "[5 2]")
	if err := l.Break(); err != nil {
		t.Error(err)
	}
	s.wantSaid("[5 5]", "[5 6]")

	s.dcd(1)
	carrier := func(want bool) {
		t.Helper()
		l.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := l.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
		if on, err := l.Carrier(); err != nil || on != want {
			t.Errorf("carrier %t, %v; want %t", on, err, want)
		}
	}
	carrier(true)
	s.dcd(0)
	carrier(false) // it does not count
	s.dcd(1)
	carrier(true)
	if err := l.SetLocal(false); err != nil {
		t.Error(err)
	}
	s.dcd(0)
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := l.Read(got); !errors.Is(err, ErrCarrierLost) {
		t.Errorf("read without carrier: %v", err)
	}
	if err := l.Revive(); err != nil {
		t.Error(err)
	}
	if err := l.Hangup(t.Context()); err != nil {
		t.Error(err)
	}
	s.wantSaid("[5 9]", "[5 8]")
	l.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := l.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read after the hang-up: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	s.wantSaid("[5 9]")
}

// stopReading makes the server read no more, and raises the carrier.
func (s *portServer) stopReading(l *Line) (goOn func()) {
	stop := make(chan struct{})
	l.remote.conn.SetWriteBuffer(64 << 10)
	s.mu.Lock()
	s.conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	s.stop = stop
	s.mu.Unlock()
	s.dcd(1)
	return sync.OnceFunc(func() { close(stop) })
}

// TestRFC2217Stopped: a modem that stops us and loses its carrier at the same time is
// heard, and what is to be answered meanwhile is answered later.
func TestRFC2217Stopped(t *testing.T) {
	s := newPortServer(t, 255)
	l, err := OpenTCP(t.Context(), s.listen.Addr().String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.wantSaid("[2 8]", "[3 1]", "[4 1]", "[5 3]", "[5 8]", "[5 11]", "[11 136]", "[12 3]")
	goOn := s.stopReading(l)
	defer goOn()
	data := make([]byte, 4<<20) // more than the kernel keeps
	written := make(chan error, 1)
	go func() {
		n, err := l.Write(data)
		if err == nil && n != len(data) {
			err = io.ErrShortWrite
		}
		written <- err
	}()
	for l.remote.writing.TryLock() {
		l.remote.writing.Unlock()
		time.Sleep(time.Millisecond)
	}
	s.mu.Lock()
	s.conn.Write([]byte{iac, do, 99})
	s.mu.Unlock()
	s.dcd(0)
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := l.Read(make([]byte, 100)); !errors.Is(err, ErrCarrierLost) {
		t.Errorf("read: %v, want that the carrier is lost", err)
	}
	select {
	case err := <-written:
		t.Fatalf("the write was not stopped: %v", err)
	default:
	}
	goOn()
	if err := <-written; err != nil {
		t.Error(err)
	}
	s.wantSaid("WONT 99")
}

// TestRFC2217HangupStopped: a server that reads no more does not hold up a hang-up.
func TestRFC2217HangupStopped(t *testing.T) {
	s := newPortServer(t, 255)
	l, err := OpenTCP(t.Context(), s.listen.Addr().String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.wantSaid("[2 8]", "[3 1]", "[4 1]", "[5 3]", "[5 8]", "[5 11]", "[11 136]", "[12 3]")
	defer s.stopReading(l)()
	for n := 1; n > 0; {
		l.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		n, _ = l.Write(make([]byte, 1<<20))
	}
	l.SetWriteDeadline(time.Time{})
	done := make(chan error, 1)
	go func() { done <- l.Hangup(t.Context()) }()
	select {
	case err := <-done:
		if err == nil {
			t.Error("DTR is off, it says")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it hangs")
	}
}

func TestRFC2217Refused(t *testing.T) {
	for _, option := range []byte{optComPort, optBinary} {
		s := newPortServer(t, option)
		if _, err := OpenTCP(t.Context(), s.listen.Addr().String(), Options{}); !errors.Is(err, errNoComPort) {
			t.Errorf("without option %d: %v", option, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.Write([]byte{iac, do, optBinary}) // and no more
		cancel(io.ErrClosedPipe)
		io.Copy(io.Discard, c)
	}()
	if _, err := OpenTCP(ctx, l.Addr().String(), Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestRawTCP has a modem speak at once, which is no telnet.
func TestRawTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			io.WriteString(c, "\r\nRING\r\n")
			io.Copy(io.Discard, c)
		}
	}()
	c, err := OpenTCP(t.Context(), l.Addr().String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Caps() != (Caps{}) {
		t.Errorf("it can %+v", c.Caps())
	}
	b := make([]byte, 8)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "\r\nRING\r\n" {
		t.Errorf("read %q, %v", b, err)
	}
}
