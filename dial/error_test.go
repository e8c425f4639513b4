package dial

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pppdial/dial/chat"
	"pppdial/dial/line"
)

func TestErrorText(t *testing.T) {
	locked := &Error{Kind: Locked, Device: "/dev/ttyS0", Number: "1", Err: &line.LockError{Path: "/dev/ttyS0", PID: 7, Program: "minicom"}}
	busy := &Error{Kind: Busy, Device: "/dev/ttyS1", Number: "1", Err: errors.New("modem: ATDT1: BUSY"), Retry: time.Minute, Called: true}
	missing := &Error{Kind: OpenFailed, Device: "usb:1:2", Err: errors.New("no such USB device")}
	e := Join([]*Error{locked, busy, missing})
	const want = "dial: /dev/ttyS1, number 1: ATDT1: BUSY; besides, /dev/ttyS0 is used by minicom (pid 7); besides, usb:1:2: no such USB device"
	if e != busy || e.Error() != want || e.Retry != time.Minute {
		t.Errorf("got  %v\nwant %s", e, want)
	}
	e = Join([]*Error{{Kind: ChatFailed}, {Kind: Busy, Called: true}, {Kind: Silent}})
	if e.Kind != ChatFailed || !e.Called {
		t.Errorf("%+v: somebody was called", e)
	}
}

func TestEndEarly(t *testing.T) {
	for _, c := range []struct {
		why, script string
		at          int
	}{
		{"UUCP's scripts", `"" AT OK ATDT\T CONNECT \c`, 5},
		{"one that ends before", `"" AT OK`, 0},
		{"one with its own ABORT", `ABORT BUSY "" ATDT\T CONNECT`, 0},
		{"one that dials again", `"" ATDT\T CONNECT-ATDT\T-CONNECT`, 0},
	} {
		s, err := chat.Parse(c.script, nil)
		if err != nil {
			t.Fatal(err)
		}
		before := len(s.Steps)
		early, at := endEarly(s)
		if at != c.at || (at > 0) != (len(early.Steps) > before) || len(s.Steps) != before {
			t.Errorf("%s: changed at %d, from %d to %d steps", c.why, at, before, len(early.Steps))
		}
		if at == 0 {
			continue
		}
		if got := early.Steps[at-1].String(); !strings.HasPrefix(got, "ABORT") {
			t.Errorf("%s: step %d is %s", c.why, at, got)
		}
		for step, want := range map[int]int{at - 1: at - 1, at + len(earlyEnds): at} {
			e := &chat.Error{Step: step}
			if inScript(e, at); e.Step != want {
				t.Errorf("%s: step %d is told as %d, want %d", c.why, step, e.Step, want)
			}
		}
	}
}

func TestLastCode(t *testing.T) {
	for _, c := range []struct{ got, abort, want string }{
		{"ATDT1\r\r\nBUSY\r\n", "", "BUSY"},
		{"OK\r\nNO CARRIER\r\nlogin:", "", "NO CARRIER"},
		{"xx", "NO DIALTONE", "NO DIALTONE"},
		{"BUSY body\r\n", "", ""},
	} {
		code := lastCode(&chat.Error{Got: []byte(c.got), Abort: c.abort})
		want := lastCode(&chat.Error{Abort: c.want})
		if code != want {
			t.Errorf("%q, %q: code %d, want %d", c.got, c.abort, code, want)
		}
	}
}
