package dial

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// answered is what Answer returned.
type answered struct {
	call *Call
	err  error
}

// answer starts to wait for a call, and returns when it waits.
func answer(t *testing.T, ctx context.Context, c Config) <-chan answered {
	t.Helper()
	log := new(logBuffer)
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan answered, 1)
	go func() {
		call, err := d.Answer(ctx)
		done <- answered{call, err}
	}()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "waiting for a call"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not wait for a call: %s", log)
		}
	}
	return done
}

func wantAnswer(t *testing.T, done <-chan answered) *Call {
	t.Helper()
	select {
	case a := <-done:
		if a.err != nil {
			t.Fatal(a.err)
		}
		t.Cleanup(func() { a.call.Hangup(context.Background()) })
		return a.call
	case <-time.After(20 * time.Second):
		t.Fatal("the call was not answered")
		return nil
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.far.Serve(nil)
	in := s.cfg
	in.Devices = []string{s.far.Path()}
	for _, known := range []bool{true, false} {
		in.Phones, in.ModemInit = nil, nil
		if known {
			in.ModemInit = []string{"ATS0=0"}
		}
		done := answer(t, t.Context(), in)
		s.far.Ring() // and nobody is there
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for _, state := range []dialtest.State{dialtest.Ringing, dialtest.Idle} {
			if err := s.far.Await(ctx, state); err != nil {
				t.Fatal(err)
			}
		}
		out := s.call()
		call := wantAnswer(t, done)
		if call.Direct || call.Number != "" || !strings.HasPrefix(call.Connect, "CONNECT") || call.ConnectSpeed != 33600 {
			t.Errorf("answered: %+v", call)
		}
		go io.Copy(call.Line, call.Line)
		wantEcho(t, out.Line, "~\xff}#")
		out.Hangup(t.Context())
		s.near.Await(ctx, dialtest.Idle)
		if err := s.far.Await(ctx, dialtest.Idle); err != nil {
			t.Error(err)
		}
		call.Hangup(t.Context())
		s.wantIdle()
	}
}

func TestAnswerDirectLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cable, err := s.bank.Cable(dialtest.CableConfig{Name: "cable"})
	if err != nil {
		t.Fatal(err)
	}
	out := s.cfg
	out.Devices, out.Phones = []string{cable.PathA()}, nil
	in := out
	in.Devices = []string{cable.PathB()}
	done := answer(t, t.Context(), in)
	d, err := New(out)
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.Call(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Hangup(t.Context())
	io.WriteString(a.Line, "\r\n~\xff}#")
	b := wantAnswer(t, done)
	if !a.Direct || !b.Direct {
		t.Errorf("calls are %+v and %+v", a, b)
	}
	got := string(b.Unread)
	b.Line.SetReadDeadline(time.Now().Add(5 * time.Second))
	for buf := make([]byte, 16); len(got) < 4; {
		n, err := b.Line.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += string(buf[:n])
	}
	if got != "~\xff}#" {
		t.Errorf("behind the wait came %q", got)
	}
	a.Line.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _ := a.Line.Read(make([]byte, 16)); n > 0 {
		t.Error("who waited was not silent")
	}
}

func TestAnswerInterrupted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	in := s.cfg
	done := answer(t, ctx, in)
	// The only line is used, so a second wait fails at once.
	d, err := New(in)
	if err != nil {
		t.Fatal(err)
	}
	e := new(Error)
	if _, err := d.Answer(t.Context()); !errors.As(err, &e) || e.Kind != Locked {
		t.Errorf("a second one on the same line: %v", err)
	}
	cancel(io.ErrUnexpectedEOF)
	if a := <-done; !errors.As(a.err, &e) || e.Kind != Interrupted || !errors.Is(a.err, io.ErrUnexpectedEOF) {
		t.Errorf("interrupted: %v", a.err)
	}
	s.wantIdle()
	done = answer(t, t.Context(), in)
	s.near.Unplug()
	if a := <-done; !errors.As(a.err, &e) || e.Kind != OpenFailed {
		t.Errorf("unplugged: %v", a.err)
	}
	s.wantIdle()
}

func TestAnswerByScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.far.Serve(nil)
	for _, in := range []Config{
		{Chat: Chat{Text: `"" ATE0 OK \c RING ATA CONNECT \c`}},
		{ConnectCmd: `while read word; do case "$word" in RING*) printf 'ATA\r';; CONNECT*) exit;; esac; done`},
	} {
		in.Devices, in.LockDir = []string{s.far.Path()}, s.cfg.LockDir
		d, err := New(in)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan answered, 1)
		go func() {
			call, err := d.Answer(t.Context())
			done <- answered{call, err}
		}()
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if m, _ := filepath.Glob(s.cfg.LockDir + "/LCK*"); len(m) > 0 {
				break
			}
		}
		out := s.call()
		call := wantAnswer(t, done)
		call.Hangup(t.Context())
		out.Hangup(t.Context())
		s.wantIdle()
	}
}
