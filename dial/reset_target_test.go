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
	"pppdial/dial/line"
)

// TestResetSparesOthers: two programs share a modem. What one wants reset is left
// alone while the other calls over it, by whichever of its ttys.
func TestResetSparesOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		last Rung
		set  func(*site)
	}{
		{"over the same tty", ATReset, func(*site) {}},
		{"over another tty", ATReset, func(s *site) { s.cfg.Devices = []string{s.near.Other(2).Path()} }},
		{"mildly, over another tty", NoRung, func(s *site) { s.cfg.Devices = []string{s.near.Other(2).Path()} }},
		{"with a reset_cmd", ATReset, func(s *site) { s.cfg.ResetCmd = "touch " + filepath.Join(s.dir, "reset") }},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := newCellSite(t, dialtest.EC25())
			call, err := s.dialer().Call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c.set(s)
			d := s.dialer()
			d.ladder(s.cfg.Devices[0]).Tried(c.last)
			var lock *line.LockError
			if r, err := d.Reset(t.Context(), "", LinkBroken); !errors.As(err, &lock) {
				t.Errorf("%+v, %v", r, err)
			}
			wantEcho(t, call.Line, "~alive~")
			call.Hangup(t.Context())
			if found, _ := filepath.Glob(filepath.Join(s.dir, "reset")); len(found) > 0 {
				t.Error("reset_cmd was run")
			}
		})
	}
}

// TestResetAtAdapter: a modem is reset while the one at the next port of its serial
// adapter is in a call.
func TestResetAtAdapter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	second := s.add(dialtest.ModemConfig{Name: "second", Number: "5550001", CarrierHangup: true})
	s.cfg.DevDir = s.dir
	s.cfg.SysDir = fakeSysfs(t, "",
		fakeTTY{name: filepath.Base(s.near.Path()), device: "pci/usb1/1-1", vendor: "0403:6011", iface: "00", usbPort: true},
		fakeTTY{name: filepath.Base(second.Path()), device: "pci/usb1/1-1", vendor: "0403:6011", iface: "01", usbPort: true})
	call := s.call()
	s.cfg.Devices = []string{second.Path()}
	if r, err := s.dialer().Reset(t.Context(), "", CallFailed); err != nil || !strings.Contains(second.Transcript(), "ATH") {
		t.Errorf("%+v, %v; the modem was told %q", r, err, second.Transcript())
	}
	wantEcho(t, call.Line, "~alive~")
	call.Hangup(t.Context())
}

// TestResetTarget resets a modem that the entry does not name, beside a GPS receiver
// that comes before it.
func TestResetTarget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what   string
		called bool // a call was made before
		silent bool // the modem does not answer
	}{{what: "before the first call"}, {what: "after a call", called: true}, {what: "no modem answers", silent: true}} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s, gps := newAutoSite(t)
			gps.Wedge(true)
			d := s.dialer()
			if c.called {
				call, err := d.Call(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				call.Hangup(t.Context())
			}
			s.near.Wedge(c.silent)
			before, was := gps.Transcript(), gps.Path()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			r, err := d.Reset(ctx, "", TimeOfDay)
			if (err != nil) != c.silent || c.silent && !strings.Contains(err.Error(), "no modem answers") {
				t.Errorf("%+v, %v", r, err)
			}
			if reset := strings.Contains(s.near.Transcript()+s.near.Other(2).Transcript(), "CFUN=1,1"); reset == c.silent {
				t.Errorf("the modem was reset: %t", reset)
			}
			if c.called && gps.Transcript() != before {
				t.Errorf("the receiver was told something:\n%s", gps.Transcript())
			}
			if n := gps.Path(); n != was {
				t.Errorf("the receiver was switched off and is %s now", n)
			}
		})
	}
}

// TestResetOfWhatIsGone: a modem that has gone before the first call can still be
// switched off and on.
func TestResetOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for _, device := range []string{"auto", "usb:2c7c:0125"} {
		s := newSite(t)
		s.cfg.Devices, s.cfg.SysDir = []string{device}, t.TempDir()
		ran := filepath.Join(s.dir, "reset")
		s.cfg.ResetCmd = `echo "$DEVICE" >` + ran
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if r, err := s.dialer().Reset(ctx, "", TimeOfDay); err == nil {
			t.Errorf("%s: %+v", device, r)
		}
		if b, err := os.ReadFile(ran); err != nil || string(b) != device+"\n" {
			t.Errorf("%s: %q, %v", device, b, err)
		}
	}
}

// TestResetByUUCP resets a modem of the UUCP files, at the speed that they tell.
func TestResetByUUCP(t *testing.T) {
	t.Parallel()
	for _, called := range []bool{false, true} {
		s := newSite(t)
		s.cfg.ResetCmd = "true"
		s.uucp("isp Any ACU 9600 "+farNumber+"\n", "ACU "+s.near.Path()+" - 9600 hayes\n", hayes)
		d := s.dialer()
		device := ""
		if called {
			call, err := d.Call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			device = call.Device
			call.Hangup(t.Context())
		}
		if r, err := d.Reset(t.Context(), device, TimeOfDay); err != nil || r.Device != s.near.Path() {
			t.Errorf("called %t: %+v, %v", called, r, err)
		}
		if log := s.log.String(); strings.Contains(log, "speed=115200") || !strings.Contains(log, "speed=9600") {
			t.Errorf("called %t: another speed than that of Devices:\n%s", called, log)
		}
	}
}

// newAutoSite is a site whose entry says device=auto, and its GPS receiver.
func newAutoSite(t *testing.T) (s *site, gps *dialtest.Modem) {
	t.Helper()
	s = newCellSite(t, dialtest.EC25())
	s.near.Unplug()
	gps, err := s.bus.Add(dialtest.ModemConfig{}, dialtest.USBDevice{Port: "1-2", Vendor: "1546", Product: "01a7", Call: 0})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.near.Plug(); err != nil {
		t.Fatal(err)
	}
	if first := s.near.Other(0).Path(); gps.Path() > first {
		t.Fatalf("the receiver is %s, the modem's first tty %s", gps.Path(), first)
	}
	s.cfg.Devices = []string{"auto"}
	return s, gps
}
