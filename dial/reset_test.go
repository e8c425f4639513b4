package dial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/dial/usb"
)

// TestComesBack loses a modem in all ways, and calls it again under its new name.
func TestComesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		lose func(*site, *Call)
	}{
		{"a crash of its firmware", func(s *site, _ *Call) { s.near.Reset() }},
		{"it is yanked and plugged in again", func(s *site, _ *Call) {
			s.near.Unplug()
			time.AfterFunc(700*time.Millisecond, func() { s.near.Plug() })
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := newCellSite(t, dialtest.EC25())
			first := s.near.Path()
			s.cfg.Devices = []string{first} // not by its number: by the name that it has now
			d := s.dialer()
			defer d.Close()
			call, err := d.Call(t.Context())
			if err != nil {
				t.Fatalf("%v\n%s", err, s.log)
			}
			c.lose(s, call)
			call.Line.Read(make([]byte, 64))
			call.Hangup(t.Context())
			again, err := d.Call(t.Context())
			if err != nil {
				t.Fatalf("%v\n%s", err, s.log)
			}
			if again.Device == first || again.Device != s.near.Path() {
				t.Errorf("it calls over %s, the modem was %s and is %s", again.Device, first, s.near.Path())
			}
			wantEcho(t, again.Line, "~")
			again.Hangup(t.Context())
			s.wantIdle()
		})
	}
}

func TestStaysAway(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.EC25())
	s.cfg.ReturnIn = 700 * time.Millisecond
	d := s.dialer()
	call, err := d.Call(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.near.Unplug()
	call.Hangup(t.Context())
	began := time.Now()
	e := new(Error)
	if _, err := d.Call(t.Context()); !errors.As(err, &e) || e.Kind != OpenFailed {
		t.Errorf("a call over what is gone: %v", err)
	}
	if took := time.Since(began); took < s.cfg.ReturnIn {
		t.Errorf("given up after %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.Call(ctx); !errors.As(err, &e) {
		t.Errorf("interrupted: %v", err)
	}
	// Another one in the same place would not do, and one of the same make does.
	if _, err := s.dialer().Call(t.Context()); !errors.As(err, &e) || e.Kind != OpenFailed {
		t.Errorf("a device that was never there: %v", err)
	}
}

// TestOtherModem calls over the modem that it knows though another has its name.
func TestOtherModem(t *testing.T) {
	t.Parallel()
	sys, dev := t.TempDir(), t.TempDir()
	d, err := New(Config{SysDir: sys, DevDir: dev})
	if err != nil {
		t.Fatal(err)
	}
	path := func(n string) string { return filepath.Join(dev, n) }
	plugTwins(t, sys, dev, "1-1", "1-2")
	if _, ok := d.used(path("ttyUSB0"), path("ttyUSB0")); !ok {
		t.Fatal("not in sysfs")
	}
	for _, c := range []struct{ why, zero, one, want string }{
		{"as it was", "1-1", "1-2", "ttyUSB0"},
		{"both were switched on anew, in another order", "1-2", "1-1", "ttyUSB1"},
		{"moved to another port", "1-7", "", "ttyUSB0"},
	} {
		plugTwins(t, sys, dev, c.zero, c.one)
		if got, err := d.now(path("ttyUSB0")); got != path(c.want) || err != nil {
			t.Errorf("%s: %s, %v; want %s", c.why, got, err, c.want)
		}
	}
	// A link in /dev/serial/by-id leads to a kernel name.
	if err := os.Symlink("ttyUSB0", path("by-id")); err != nil {
		t.Fatal(err)
	}
	byID := filepath.Join(t.TempDir(), "modem")
	if err := os.Symlink(path("ttyUSB0"), byID); err != nil {
		t.Fatal(err)
	}
	if got := d.ttyName(byID); got != "ttyUSB0" {
		t.Errorf("the tty behind a link is %s", got)
	}
}

// TestResets cures modems of what only harder and harder means cure.
func TestResets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		profile func() *dialtest.Profile
		ill     func(*site)
		command bool
		why     ResetReason
		want    Rung
	}{
		{"nothing wrong with it", dialtest.EC25, func(*site) {}, false, CallFailed, Escape},
		{"at a certain time", dialtest.EC25, func(*site) {}, false, TimeOfDay, ATReset},
		{"at a certain time, another make", dialtest.SIM7600, func(*site) {}, false, TimeOfDay, ATReset},
		{"at a certain time, another make", dialtest.E398, func(*site) {}, false, TimeOfDay, ATReset},
		{"at a certain time, without USB", dialtest.BC66, func(*site) {}, false, LinkEnded, ATReset},
		{"wedged", dialtest.EC25, func(s *site) { s.near.Wedge(true) }, false, CallFailed, USBReset},
		{"wedged", dialtest.BC66, func(s *site) { s.near.Wedge(true) }, true, LinkBroken, ResetCmd},
	} {
		p := c.profile()
		t.Run(p.Name+"/"+c.what, func(t *testing.T) {
			t.Parallel()
			s := newCellSite(t, p)
			s.cfg.ResetWait = 30 * time.Second
			if c.command { // it writes into a file, as into that of a GPIO
				s.cfg.ResetCmd = "echo reset $DEVICE >" + filepath.Join(s.dir, "gpio")
				done := make(chan struct{})
				t.Cleanup(func() { close(done) })
				go func() {
					for {
						if _, err := os.Stat(filepath.Join(s.dir, "gpio")); err == nil {
							s.near.Reset()
							return
						}
						select {
						case <-done:
							return
						case <-time.After(20 * time.Millisecond):
						}
					}
				}()
			}
			d := s.dialer()
			defer d.Close()
			call, err := d.Call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			device := call.Device
			call.Hangup(t.Context())
			c.ill(s)
			r, err := d.Reset(t.Context(), device, c.why)
			if err != nil || r.Rung != c.want {
				t.Fatalf("reset: %+v, %v; want by %v\n%s", r, err, c.want, s.log)
			}
			if want := map[bool]time.Duration{true: s.cfg.ResetWait}[c.want.Rest()]; r.Rest != want {
				t.Errorf("it is to rest for %v, want %v", r.Rest, want)
			}
			if r.Device != s.near.Path() {
				t.Errorf("it is said to be at %s, and is at %s", r.Device, s.near.Path())
			}
			call, err = d.Call(t.Context())
			if err != nil {
				t.Fatalf("after the reset: %v\n%s", err, s.log)
			}
			wantEcho(t, call.Line, "~")
			call.Hangup(t.Context())
			s.wantIdle()
		})
	}
}

// TestResetInVain has a modem that is beyond help.
func TestResetInVain(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.BC66())
	s.near.Wedge(true)
	s.cfg.ResetCmd = "echo no such pin >&2; exit 3"
	_, err := s.dialer().Reset(t.Context(), "", CallFailed)
	if err == nil || !strings.Contains(err.Error(), "reset_cmd") || !strings.Contains(err.Error(), "no such pin") {
		t.Errorf("reset: %v", err)
	}
	s.cfg.ResetCmd = ""
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := s.dialer().Reset(ctx, "", TimeOfDay)
	if err == nil || r.Rung != ATReset || !strings.Contains(err.Error(), "AT reset") {
		t.Errorf("reset: %+v, %v", r, err)
	}
}

// TestResetOfCommand leaves a command that is the line alone, and its arguments out
// of all messages; a reset_cmd may reset what is behind it.
func TestResetOfCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ran, reset := filepath.Join(s.dir, "ran"), filepath.Join(s.dir, "reset")
	program := filepath.Join(s.dir, "speak")
	write(t, program, "#!/bin/sh\necho $* >"+ran)
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	name := "exec:" + program
	s.cfg.Devices = []string{name + " -p s3cret"}
	for _, device := range []string{"", name} {
		for _, by := range []string{"", "echo $DEVICE >" + reset} {
			s.cfg.ResetCmd = by
			r, err := s.dialer().Reset(t.Context(), device, TimeOfDay)
			if (err == nil) != (by != "") || r.Device != name {
				t.Errorf("%q, by %q: %+v, %v", device, by, r, err)
			}
			if err != nil && (!strings.Contains(err.Error(), "reset_cmd") || strings.Contains(err.Error(), "s3cret")) {
				t.Error(err)
			}
		}
		if got, err := os.ReadFile(reset); strings.TrimSpace(string(got)) != name {
			t.Errorf("reset_cmd was told %q, %v", got, err)
		}
		os.Remove(reset)
	}
	if got, err := os.ReadFile(ran); err == nil {
		t.Errorf("the command was run for a reset, with %q", got)
	}
	if strings.Contains(s.log.String(), "s3cret") {
		t.Errorf("the log tells secrets:\n%s", s.log)
	}
}

// inhibitor notes what it is asked.
type inhibitor struct {
	asked map[string]int
	err   error
	inUse error
}

func (i *inhibitor) InUse(context.Context, string) error { return i.inUse }

func (i *inhibitor) Inhibit(_ context.Context, device string) error {
	i.asked[device]++
	return i.err
}

func (i *inhibitor) Close() { clear(i.asked) }

func TestInhibit(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.E398())
	i := &inhibitor{asked: map[string]int{}}
	s.cfg.Inhibit = i
	d := s.dialer()
	device := filepath.Join(s.cfg.SysDir, "devices/pci0000:00/usb1/2-1")
	for n := range 2 {
		call, err := d.Call(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i.asked[device] != n+1 || len(i.asked) != 1 {
			t.Errorf("call %d: asked for %v, want %s: %d", n, i.asked, device, n+1)
		}
		call.Hangup(t.Context())
		s.near.Reset()
		if err := s.near.Await(t.Context(), dialtest.Idle); err != nil {
			t.Fatal(err)
		}
	}
	d.Close()
	if len(i.asked) != 0 {
		t.Errorf("held after the end: %v", i.asked)
	}
	i.err = errors.New("no such method")
	d = s.dialer()
	defer d.Close()
	call, err := d.Call(t.Context())
	if err != nil || !strings.Contains(s.log.String(), "another program may use the modem") {
		t.Errorf("%v\n%s", err, s.log)
	}
	if err == nil {
		call.Hangup(t.Context())
	}
}

// TestNoEvents finds a modem again where nothing is heard from the kernel.
func TestNoEvents(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.SIM7600())
	s.cfg.Events = func(context.Context) (<-chan usb.Event, error) { return nil, errors.ErrUnsupported }
	d := s.dialer()
	for range 2 {
		call, err := d.Call(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.near.Reset()
		call.Hangup(t.Context())
	}
}
