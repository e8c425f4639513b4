package modem

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)

}

// A fake is a modem at the other end of a net.Pipe.
type fake struct {
	conn    net.Conn
	say     chan string
	answers map[string]string // what it says to a command, sent as it stands; several are parted by | and the last stays; missing: other
	other   string            // "": nothing

	echo     bool
	data     bool          // it starts in data mode
	escapes  bool          // +++ is known
	deafTill time.Duration // commands before this are lost
	heard    func(string)  // called with each command, before the answer; nil: none

	mu       sync.Mutex // guards what follows, data and answers
	began    time.Time
	lastRx   time.Time
	commands []string // all that came in command mode
	dtr      int
}

// start gives the Modem that talks to f. It must run in a synctest bubble.
func (f *fake) start(t *testing.T) *Modem {
	near, far := net.Pipe()
	done := make(chan struct{})
	f.conn, f.say, f.began, f.lastRx = far, make(chan string, 1000), time.Now(), time.Now()
	t.Cleanup(func() {
		near.Close()
		far.Close()
		close(done)
	})
	go func() {
		for {
			var s string
			select {
			case s = <-f.say:
			case <-done:
				return
			}
			for len(s) > 0 { // in pieces: a line rarely comes in one read
				n := min(len(s), 3)
				if _, err := far.Write([]byte(s[:n])); err != nil {
					return
				}
				s = s[n:]
			}
		}
	}()
	go f.listen()
	return New(near, Options{})
}

// withDTR gives the Modem a DTR that ends data mode.
func (f *fake) withDTR(m *Modem, works bool) *Modem {
	m.drop = func(ctx context.Context) error {
		f.dtr++
		time.Sleep(500 * time.Millisecond)
		f.mu.Lock()
		defer f.mu.Unlock()
		if works {
			f.data = false
		}
		return nil
	}
	return m
}

func (f *fake) listen() {
	var line []byte
	buf := make([]byte, 4096)
	for {
		n, err := f.conn.Read(buf)
		if err != nil {
			return
		}
		f.mu.Lock()
		quiet := time.Since(f.lastRx) >= time.Second
		f.lastRx = time.Now()
		data := f.data
		f.mu.Unlock()
		if data && f.escapes && quiet && string(buf[:n]) == "+++" {
			f.conn.SetReadDeadline(time.Now().Add(time.Second))
			if n, _ := f.conn.Read(buf); n == 0 {
				f.mu.Lock()
				f.data = false
				f.mu.Unlock()
				f.say <- "\r\nOK\r\n"
			}
			f.conn.SetReadDeadline(time.Time{})
		}
		for _, c := range buf[:n] {
			switch {
			case data:
			case c != '\r':
				line = append(line, c)
			default:
				f.obey(string(line))
				line = nil
			}
		}
	}
}

func (f *fake) obey(command string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, command)
	if f.heard != nil {
		f.heard(command)
	}
	if time.Since(f.began) < f.deafTill {
		return
	}
	if f.echo {
		f.say <- command + "\r"
	}
	answer, ok := f.answers[command]
	if !ok {
		answer = f.other
	}
	if first, rest, more := strings.Cut(answer, "|"); more {
		answer, f.answers[command] = first, rest
	}
	f.data = strings.Contains(answer, "CONNECT")
	f.say <- answer
}

// usual is what every modem says.
func usual(more ...string) map[string]string {
	a := map[string]string{"AT": "\r\nOK\r\n", "ATQ0V1": "\r\nOK\r\n", "ATH": "\r\nOK\r\n"}
	for i := 0; i < len(more); i += 2 {
		a[more[i]] = more[i+1]
	}
	return a
}

func (f *fake) wantCommands(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if fmt.Sprintf("%q", f.commands) != fmt.Sprintf("%q", want) {
		t.Errorf("commands were %q, want %q", f.commands, want)
	}
}
