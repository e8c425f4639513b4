package dial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/dial/line"
)

// A site is a bank of modems, an entry's Config for one of them, and its log.
type site struct {
	t         *testing.T
	dir       string
	bank      *dialtest.Bank
	bus       *dialtest.Bus // of what newCellSite has put there
	near, far *dialtest.Modem
	cfg       Config
	log       *logBuffer
}

const farNumber = "5551234"

// newSite makes a near modem, whose device is that of the Config, and a far one
// that echoes what it hears.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), log: new(logBuffer)}
	s.bank = dialtest.NewBank(s.dir)
	t.Cleanup(func() { s.bank.Close() })
	s.near = s.add(dialtest.ModemConfig{Name: "near", Number: "5550000", CarrierHangup: true})
	s.far = s.add(dialtest.ModemConfig{Name: "far", Number: farNumber, Rate: 33600, CarrierHangup: true})
	s.far.Serve(dialtest.Echo())
	s.cfg = Config{
		Label: "isp", System: "isp", UUCPDir: s.dir, LockDir: filepath.Join(s.dir, "lock"),
		Devices: []string{s.near.Path()}, Phones: []string{farNumber}, Speed: 115200,
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if err := os.Mkdir(s.cfg.LockDir, 0o755); err != nil {
		t.Fatal(err)
	}
	kept(t, s)
	return s
}

func (s *site) add(c dialtest.ModemConfig) *dialtest.Modem {
	s.t.Helper()
	m, err := s.bank.Add(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *site) dialer() *Dialer {
	s.t.Helper()
	d, err := New(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// call makes a call that must succeed.
func (s *site) call() *Call {
	s.t.Helper()
	c, err := s.dialer().Call(s.t.Context())
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.log)
	}
	s.t.Cleanup(func() { c.Hangup(context.Background()) })
	return c
}

// wantError makes a call that must fail, and leave nothing behind.
func (s *site) wantError(kind Kind) *Error {
	s.t.Helper()
	before := len(s.near.Transcript())
	c, err := s.dialer().Call(s.t.Context())
	if err == nil {
		c.Hangup(s.t.Context())
		s.t.Fatalf("a call was made, want kind %d", kind)
	}
	e := new(Error)
	if !errors.As(err, &e) || e.Kind != kind {
		s.t.Errorf("got kind %d: %v; want kind %d\n%s", e.Kind, err, kind, s.log)
	}
	switch kind {
	case Locked, OpenFailed, NoRoute, NotNow, Silent, ModemError, Ringing, NoSIM, NotRegistered:
		if e.Called {
			s.t.Errorf("%v: nobody was called", e)
		}
	default:
		if !e.Called && strings.Contains(s.near.Transcript()[before:], "> \"ATD") {
			s.t.Errorf("%v: somebody was called", e)
		}
	}
	s.wantIdle()
	return e
}

// wantIdle checks that the near modem has no call and nothing is locked.
func (s *site) wantIdle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
	defer cancel()
	if s.near.State() != dialtest.Off {
		if err := s.near.Await(ctx, dialtest.Idle); err != nil {
			s.t.Errorf("the modem is %v, want idle\n%s", s.near.State(), s.near.Transcript())
		}
	}
	locks, err := os.ReadDir(s.cfg.LockDir)
	if err != nil || len(locks) > 0 {
		s.t.Errorf("locks are left: %v, %v", locks, err)
	}
}

func (s *site) uucp(systems, devices, dialers string) {
	s.t.Helper()
	s.cfg.Devices, s.cfg.Phones = nil, nil
	for name, text := range map[string]string{"Systems": systems, "Devices": devices, "Dialers": dialers} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// wantEcho sends text and wants it back.
func wantEcho(t *testing.T, l *line.Line, text string) {
	t.Helper()
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer l.SetReadDeadline(time.Time{})
	if _, err := io.WriteString(l, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if n, err := io.ReadFull(l, got); err != nil || string(got) != text {
		t.Errorf("sent %q, got back %q, %v", text, got[:n], err)
	}
}

// A logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// infos gives the messages at level Info.
func (l *logBuffer) infos() string {
	var all []string
	for text := range strings.Lines(l.String()) {
		_, rest, ok := strings.Cut(text, "level=INFO msg=")
		if ok {
			all = append(all, strings.TrimSpace(rest))
		}
	}
	return strings.Join(all, "\n")
}
