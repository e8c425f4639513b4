package dial

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/dial/line"
	"pppdial/dial/modem"
)

// TestProbe finds the modems that people use, and their tty for calls, and leaves
// them as they were.
func TestProbe(t *testing.T) {
	for _, c := range []struct {
		profile  func() *dialtest.Profile
		name     string
		says     string
		others   int
		silences int
	}{
		{dialtest.EC25, "Quectel EC25", "SIM ready, registered, home network, network Telekom.de LTE, signal -73 dBm", 1, 2},
		{dialtest.SIM7600, "SIMCOM INCORPORATED SIMCOM_SIM7600E-H", "SIM ready, registered, home network, network Telekom.de LTE, signal -79 dBm", 1, 2},
		{dialtest.E398, "huawei E398", "SIM ready, registered, home network, network Telekom.de LTE, signal -77 dBm", 1, 1},
		{dialtest.BC66, "Quectel_Ltd Quectel_BC66", "SIM ready, registered, roaming, network 26201 NB-IoT, signal -97 dBm", 0, 0},
	} {
		p := c.profile()
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			s := newCellSite(t, p)
			if _, ok := sticks[p.Name]; ok {
				s.cfg.Devices = []string{"auto"}
			}
			d := s.dialer()
			defer d.Close()
			found, failed := d.Probe(t.Context())
			if len(found) != 1 || len(failed) != c.silences {
				t.Fatalf("found %d, failed %v\n%s", len(found), failed, s.log)
			}
			f := found[0]
			if f.Device != s.near.Path() || len(f.Others) != c.others || f.Speed != 0 || f.Flow != line.FlowRTSCTS {
				t.Errorf("found %+v, the modem is %s", f, s.near.Path())
			}
			if sv := f.Survey; !sv.Cellular() || sv.Name() != c.name || sv.String() != c.says || sv.MaskedIMEI() == "" || sv.Firmware == "" {
				t.Errorf("it says %+v: %q", sv, sv)
			}
			if stick, ok := sticks[p.Name]; ok && f.TTY.Interface != stick.Call {
				t.Errorf("calls over interface %d", f.TTY.Interface)
			}
			for _, e := range failed {
				if e.Kind != Silent {
					t.Errorf("kind %d: %v", e.Kind, e)
				}
			}
			s.wantIdle()
			// What it was told is undone.
			l, err := line.OpenTTY(t.Context(), s.near.Path(), line.Options{LockDir: s.cfg.LockDir})
			if err != nil {
				t.Fatal(err)
			}
			lines, err := modem.New(l, modem.Options{}).Do(t.Context(), "AT+CMEE?")
			l.Close()
			if err != nil || !slices.Contains(lines, "+CMEE: 0") { // it may say more: it has just been switched on
				t.Errorf("left behind: %q, %v", lines, err)
			}
			if all := s.near.Transcript(); strings.Contains(all, "ATE0") || strings.Contains(all, "ATD") || strings.Contains(all, "ATH") {
				t.Errorf("the modem was told\n%s", all)
			}
		})
	}
}

// TestProbeLocked leaves a modem alone that somebody uses, and asks over its other
// tty.
func TestProbeLocked(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.EC25())
	call := s.call()
	s.cfg.Devices = []string{"auto"}
	d := s.dialer()
	defer d.Close()
	found, failed := d.Probe(t.Context())
	if len(found) != 1 || found[0].Device != s.near.Path() || found[0].TTY.Interface != 3 || found[0].Survey.Name() != "Quectel EC25" {
		t.Errorf("found %+v", found)
	}
	if e := Join(failed); len(failed) != 3 || e.Kind != Silent || failed[2].Kind != Locked || failed[2].Device != s.near.Path() {
		t.Errorf("failed: %v", e)
	}
	wantEcho(t, call.Line, "~still here~")
	call.Hangup(t.Context())

	s.cfg.Devices = []string{s.far.Path(), filepath.Join(s.dir, "none"), "usb:1111:2222"}
	held, err := line.OpenTTY(t.Context(), s.far.Path(), line.Options{LockDir: s.cfg.LockDir})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	found, failed = s.dialer().Probe(t.Context())
	if len(found) != 0 || len(failed) != 3 || failed[0].Kind != Locked || failed[1].Kind != OpenFailed || failed[2].Kind != OpenFailed {
		t.Errorf("found %v, failed %v", found, failed)
	}
}

// TestProbeConnected leaves a modem alone over which another program is online, as
// does a call over any modem.
func TestProbeConnected(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.EC25())
	i := &inhibitor{asked: map[string]int{}, inUse: errors.New("it is online")}
	s.cfg.Inhibit = i
	named := s.cfg.Devices
	s.cfg.Devices = []string{"auto"}
	d := s.dialer()
	defer d.Close()
	found, failed := d.Probe(t.Context())
	if len(found) != 0 || len(failed) != 4 {
		t.Errorf("found %v, failed %v", found, failed)
	}
	for _, e := range failed {
		if e.Kind != Locked || !errors.Is(e, i.inUse) {
			t.Errorf("failed: %v", e)
		}
	}
	if e := s.wantError(Locked); !errors.Is(e, i.inUse) {
		t.Errorf("a call over any modem: %v", e)
	}
	if said := s.near.Transcript(); len(i.asked) != 0 || strings.Contains(said, "AT") {
		t.Errorf("asked for %v, the modem was told\n%s", i.asked, said)
	}
	s.cfg.Devices = named
	call := s.call()
	call.Hangup(t.Context())
	if len(i.asked) != 1 {
		t.Errorf("a call over this modem: asked for %v", i.asked)
	}
}

// TestProbeHayes finds a modem for telephone lines, and that no modem is there.
func TestProbeHayes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mute := s.add(dialtest.ModemConfig{Name: "mute"})
	mute.Wedge(true)
	s.cfg.Devices = []string{mute.Path(), s.near.Path()}
	found, failed := s.dialer().Probe(t.Context())
	if len(found) != 1 || found[0].Survey.Cellular() || found[0].Survey.Name() != "33600" || found[0].Device != s.near.Path() {
		t.Errorf("found %+v", found)
	}
	if len(failed) != 1 || failed[0].Kind != Silent {
		t.Errorf("failed %v", failed)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if found, failed := s.dialer().Probe(ctx); found != nil || len(failed) != 1 || failed[0].Kind != Interrupted || !errors.Is(failed[0], context.DeadlineExceeded) {
		t.Errorf("interrupted: %v, %v", found, failed)
	}
	s.wantIdle()
}
