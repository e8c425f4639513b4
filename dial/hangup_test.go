package dial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/dial/dialtest"
	"pppdial/dial/line"
)

// TestAfterKill kills a program in the middle of a call. Its lock is stale then;
// and where the modem does not see DTR drop, it is in data mode.
func TestAfterKill(t *testing.T) {
	t.Parallel()
	for _, dtr := range []bool{true, false} {
		t.Run(fmt.Sprint("DTR", dtr), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if !dtr { // somebody else keeps it up
				hold, err := os.OpenFile(s.near.Path(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer hold.Close()
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), killedDevice+"="+s.near.Path(), killedLocks+"="+s.cfg.LockDir)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said, err := bufio.NewReader(out).ReadString('\n')
			cmd.Process.Kill()
			cmd.Wait()
			if said != "call: <nil>\n" {
				t.Fatalf("it said %q, %v", said, err)
			}
			c := s.call()
			wantEcho(t, c.Line, "~")
			c.Hangup(t.Context())
			s.wantIdle()
		})
	}
}

func TestCarrierLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.call()
	s.far.Hangup()
	b := make([]byte, 64)
	var err error
	c.Line.SetReadDeadline(time.Now().Add(10 * time.Second))
	for err == nil {
		_, err = c.Line.Read(b)
	}
	if !errors.Is(err, line.ErrCarrierLost) {
		t.Errorf("read: %v, want carrier lost", err)
	}
	c.Hangup(t.Context())
	s.wantIdle()

	s.cfg.Local = true
	c = s.call()
	s.far.Hangup()
	c.Line.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := ""
	for !strings.Contains(got, "NO CARRIER") {
		n, err := c.Line.Read(b)
		if err != nil {
			t.Fatalf("local: got %q, %v; want NO CARRIER", got, err)
		}
		got += string(b[:n])
	}
	c.Hangup(t.Context())
	s.wantIdle()
}

// TestCarrierInScript drops the carrier by hangup_chat itself, which goes on.
func TestCarrierInScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.HangupChat.Text = `"" \d\d+++\d\d\c OK ATH OK AT&V1 OK`
	c := s.call()
	c.Hangup(t.Context())
	if log := s.log.String(); strings.Contains(log, "hangup_chat failed") || !strings.Contains(s.near.Transcript(), "AT&V1") {
		t.Errorf("the script did not end:\n%s\n%s", log, s.near.Transcript())
	}
	s.wantIdle()
}

// TestInterruptedInTurn ends an attempt that has not called, after one that has.
func TestInterruptedInTurn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.bank.Number("5559999", dialtest.Busy)
	s.cfg.Phones = []string{"5559999"}
	second := s.add(dialtest.ModemConfig{Name: "second"})
	second.Wedge(true)
	s.cfg.Devices = append(s.cfg.Devices, second.Path())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := s.dialer().Call(ctx)
		ended <- err
	}()
	for !strings.Contains(s.log.infos(), "no call") {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if e := new(Error); !errors.As(<-ended, &e) || e.Kind != Interrupted || e.Device != second.Path() || !e.Called {
		t.Errorf("it ends with %+v", e)
	}
}

// TestInterrupted ends an attempt at all kinds of moments.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.near = s.add(dialtest.ModemConfig{Name: "slow", ConnectAfter: 200 * time.Millisecond})
	s.cfg.Devices = []string{s.near.Path()}
	s.cfg.LoginChat.Text = "never"
	for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		ctx, cancel := context.WithTimeoutCause(t.Context(), after, errors.ErrUnsupported)
		began := time.Now()
		_, err := s.dialer().Call(ctx)
		cancel()
		e := new(Error)
		if !errors.As(err, &e) || e.Kind != Interrupted || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("after %v: %v", after, err)
		}
		if took := time.Since(began) - after; took > 6*time.Second {
			t.Errorf("after %v: it took %v to end", after, took)
		}
		s.wantIdle()
	}
}

// TestInterruptedWithoutDTR: a modem that does not see DTR drop is told to give
// up its call.
func TestInterruptedWithoutDTR(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.near = s.add(dialtest.ModemConfig{Name: "slow", ConnectAfter: time.Minute})
	s.cfg.Devices, s.cfg.ModemInit = []string{s.near.Path()}, []string{"AT&D0"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer cancel()
		if err := s.near.Await(ctx, dialtest.Dialing); err != nil {
			t.Error(err)
		}
	}()
	if _, err := s.dialer().Call(ctx); err == nil {
		t.Fatal("a call that takes a minute is made")
	}
	s.wantIdle()
	said := s.near.Transcript()
	if _, after, ok := strings.Cut(said, "ATD"); !ok || !strings.Contains(after, "ATH") {
		t.Errorf("the modem was told:\n%s", said)
	}
}

func TestUnplugged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.call()
	s.near.Unplug()
	if _, err := c.Line.Read(make([]byte, 64)); !errors.Is(err, line.ErrGone) {
		t.Errorf("read: %v, want that the device is gone", err)
	}
	began := time.Now()
	c.Hangup(t.Context())
	if took := time.Since(began); took > hangupLimit/2 {
		t.Errorf("the hang-up of nothing took %v", took)
	}
	s.wantIdle()
	if err := s.near.Plug(); err != nil {
		t.Fatal(err)
	}
	wantEcho(t, s.call().Line, "~")
}

// TestHangupIsBounded has a modem that no longer answers.
func TestHangupIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.HangupChat.Text = `"" AT never`
	c := s.call()
	s.near.Wedge(true)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	c.Hangup(ctx)
	if took := time.Since(began); took > hangupLimit/2 {
		t.Errorf("the hang-up took %v, its context 0.5 s", took)
	}
	s.near.Wedge(false)
	s.wantIdle()
}

// TestImpatient interrupts an attempt, and then the hang-up after it.
func TestImpatient(t *testing.T) {
	t.Parallel()
	const obstinate = `exec:trap "" HUP; while :; do sleep 1000; done`
	for _, device := range []string{"modem", obstinate} {
		t.Run(device, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if device == obstinate {
				s.cfg.Devices, s.cfg.Phones, s.cfg.LoginChat.Text = []string{device}, nil, "never"
			} else {
				s.near = s.add(dialtest.ModemConfig{Name: "slow", ConnectAfter: time.Hour})
				s.cfg.Devices, s.cfg.ModemInit = []string{s.near.Path()}, []string{"S0=0"}
			}
			patient, hurry := context.WithCancel(t.Context())
			defer hurry()
			s.cfg.Patient = patient
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := s.dialer().Call(ctx)
				ended <- err
			}()
			if device == obstinate {
				for !strings.Contains(s.log.infos(), "direct line") {
					time.Sleep(time.Millisecond)
				}
			} else if err := s.near.Await(t.Context(), dialtest.Dialing); err != nil {
				t.Fatal(err)
			}
			s.near.Wedge(true)
			began := time.Now()
			cancel()
			hurry()
			err := <-ended
			if e := new(Error); !errors.As(err, &e) || e.Kind != Interrupted {
				t.Errorf("it ends with %v", err)
			}
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("it ended %v later", took)
			}
		})
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	l, err := line.OpenCommand(t.Context(), "cat", line.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := Given(l)
	if !c.Direct || c.Device != "exec:cat" {
		t.Errorf("call is %+v", c)
	}
	wantEcho(t, c.Line, "~")
	c.Hangup(t.Context())
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the line is not closed: %v", err)
	}
}

// TestManyAtOnce has more callers than lines.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.bank.Answer("5557777", dialtest.Echo())
	s.cfg.Phones = []string{"5557777"}
	for _, name := range []string{"m1", "m2", "m3"} {
		s.cfg.Devices = append(s.cfg.Devices, s.add(dialtest.ModemConfig{Name: name}).Path())
	}
	const callers = 8
	var wg sync.WaitGroup
	var mu sync.Mutex
	lines := map[string]int{}
	calls := make([]*Call, callers)
	for i := range callers {
		wg.Go(func() {
			c, err := s.dialer().Call(t.Context())
			if e := new(Error); err != nil && (!errors.As(err, &e) || e.Kind != Locked) {
				t.Error(err)
			}
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			calls[i] = c
			lines[c.Device]++
		})
	}
	wg.Wait()
	if len(lines) != 4 {
		t.Errorf("lines in use: %v, want all four once", lines)
	}
	for _, c := range calls {
		if c != nil {
			wg.Go(func() { c.Hangup(t.Context()) })
		}
	}
	wg.Wait()
	s.wantIdle()
}
