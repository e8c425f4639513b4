package chat

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A far is the other end of the line, played by the test. Its methods fail the
// test with the reason given.
type far struct {
	t    *testing.T
	conn net.Conn
}

// hears reads exactly what the script must send next.
func (f *far) hears(want, because string) {
	f.t.Helper()
	got := make([]byte, len(want))
	f.conn.SetReadDeadline(time.Now().Add(time.Hour))
	n, err := io.ReadFull(f.conn, got)
	if string(got[:n]) != want {
		f.t.Errorf("far end heard %q, want %q (%v): %s", got[:n], want, err, because)
	}
}

// says sends text, as fast as it is taken.
func (f *far) says(text string) {
	f.t.Helper()
	if _, err := f.conn.Write([]byte(text)); err != nil {
		f.t.Errorf("far end says %q: %v", text, err)
	}
}

// isSilent wants nothing for d.
func (f *far) isSilent(d time.Duration, because string) {
	f.t.Helper()
	f.conn.SetReadDeadline(time.Now().Add(d))
	got := make([]byte, 100)
	if n, _ := f.conn.Read(got); n > 0 {
		f.t.Errorf("far end heard %q, want silence: %s", got[:n], because)
	}
}

// An outcome is what a conversation came to, in virtual time.
type outcome struct {
	Result
	err  error
	took time.Duration
	log  string
}

// converse runs a script against a far end in virtual time.
func converse(t *testing.T, r Runner, text string, other func(f *far)) outcome {
	t.Helper()
	s, err := Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return runScript(t, r, s, other)
}

func runScript(t *testing.T, r Runner, s Script, other func(f *far)) (o outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, end := net.Pipe()
		f := &far{t: t, conn: end}
		done := make(chan struct{})
		go func() {
			defer close(done)
			other(f)
		}()
		var log bytes.Buffer
		r.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		began := time.Now()
		o.Result, o.err = r.Run(t.Context(), near, s)
		o.took = time.Since(began)
		o.log = log.String()

		// The deadlines are cleared: nothing ends this read but the far end.
		near.SetReadDeadline(time.Now().Add(time.Second))
		near.Close()
		end.Close()
		<-done
	})
	return o
}

// failure gives the *Error of an outcome.
func (o outcome) failure(t *testing.T) *Error {
	t.Helper()
	var e *Error
	if !errors.As(o.err, &e) {
		t.Fatalf("error %v, want an *Error", o.err)
	}
	return e
}

func (o outcome) succeeds(t *testing.T) {
	t.Helper()
	t.Helper()
	if o.err != nil {
		t.Fatalf("%v\n%s", o.err, o.log)
	}
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func wantParts(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("%s: %q lacks %q", what, got, p)
		}
	}
}
