package dial

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/dial/modem"
)

// sticks are the modems of the bank on USB: the interfaces of their ttys.
var sticks = map[string]dialtest.USBDevice{
	"ec25":    {Port: "1-1", Vendor: "2c7c", Product: "0125", Deaf: []int{0, 1}, Query: []int{2}, Call: 3},
	"sim7600": {Port: "1-1.2", Vendor: "1e0e", Product: "9001", Deaf: []int{0, 1}, Query: []int{2}, Call: 3},
	"e398":    {Port: "2-1", Vendor: "12d1", Product: "1506", Call: 0, Deaf: []int{1}, Query: []int{2}},
}

// newCellSite puts a modem of the profile on a bus, or, where it has no USB, at a
// tty; its network echoes what it hears.
func newCellSite(t *testing.T, p *dialtest.Profile) *site {
	t.Helper()
	s := newSite(t)
	s.bank.Answer("*99#", dialtest.Echo())
	s.cfg.Phones = nil
	s.cfg.Cellular = &modem.Cellular{Context: modem.Context{CID: 1, Type: "IP", APN: "internet"}, PINs: modem.NewPINs("")}
	c := dialtest.ModemConfig{Name: p.Name, Profile: p, CarrierHangup: true}
	stick, ok := sticks[p.Name]
	if !ok {
		s.near = s.add(c)
		s.cfg.Devices = []string{s.near.Path()}
		return s
	}
	s.cfg.SysDir, s.cfg.DevDir = filepath.Join(t.TempDir(), "sys"), s.dir
	var err error
	if s.bus, err = dialtest.NewBus(s.bank, s.cfg.SysDir); err != nil {
		t.Fatal(err)
	}
	if s.near, err = s.bus.Add(c, stick); err != nil {
		t.Fatal(err)
	}
	s.cfg.Events = s.bus.Events
	s.cfg.Devices = []string{"usb:" + stick.Vendor + ":" + stick.Product + ":" + string(rune('0'+stick.Call))}
	return s
}

// TestCellular plays the modems that people use, with nothing wrong and with what
// goes wrong.
func TestCellular(t *testing.T) {
	for _, profile := range []func() *dialtest.Profile{dialtest.EC25, dialtest.SIM7600, dialtest.E398, dialtest.BC66} {
		for _, c := range []struct {
			what   string
			change func(p *dialtest.Profile, c *Config)
			kind   Kind // -1: a call
			says   string
		}{
			{"all is well", nil, -1, ""},
			{"with a PIN", func(p *dialtest.Profile, c *Config) {
				p.Cellular.SIM.PIN, c.Cellular.PIN = "1234", "1234"
			}, -1, ""},
			{"registers late", func(p *dialtest.Profile, _ *Config) { p.Cellular.RegisterAfter = 1500 * time.Millisecond }, -1, ""},
			{"result codes while it dials", func(p *dialtest.Profile, _ *Config) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Pass: true, Delay: 300 * time.Millisecond, Then: []dialtest.Step{
					{After: 50 * time.Millisecond, Text: "+CREG: 1"}, {After: 100 * time.Millisecond, Text: "^RSSI:20"}, {After: 150 * time.Millisecond, Text: "RING"},
				}})
			}, -1, ""},
			{"knows no *99***1#", func(p *dialtest.Profile, _ *Config) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*99***1#", Result: "ERROR"})
			}, -1, ""},
			{"a wrong PIN", func(p *dialtest.Profile, c *Config) {
				p.Cellular.SIM.PIN, c.Cellular.PIN = "1234", "7529"
			}, PINRefused, "the SIM card has refused the PIN"},
			{"no PIN", func(p *dialtest.Profile, c *Config) { p.Cellular.SIM.PIN = "1234" }, PINNeeded, "SIM wants its PIN"},
			{"no card", func(p *dialtest.Profile, c *Config) { p.Cellular.SIM.Absent = true }, NoSIM, "SIM missing"},
			{"an unknown access point", func(p *dialtest.Profile, c *Config) {
				p.Cellular.APNs = []string{"iot.1nce.net"}
			}, APNRefused, "last call: Unknown APN"},
			{"a type that the network does not have", func(p *dialtest.Profile, c *Config) {
				p.Cellular.APNs, p.Cellular.APNCause = []string{"other"}, "PDP type IPv4 only allowed (#50)"
			}, PDPRefused, "last call: PDP type IPv4 only allowed (#50)"},
			{"a type that the modem does not have", func(p *dialtest.Profile, c *Config) {
				p.Cellular.Types, c.Cellular.Context.Type = []string{"IP", "IPV6"}, "PPP"
			}, PDPRefused, "it has IP, IPV6"},
			{"the network hangs up", func(p *dialtest.Profile, c *Config) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Delay: 20 * time.Millisecond, Result: "NO CARRIER"},
					dialtest.Row{Command: "+CEER", Lines: []string{"+CEER: User authentication failed"}})
			}, AuthRefused, "last call: User authentication failed"},
			{"the network is busy", func(p *dialtest.Profile, c *Config) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Delay: 20 * time.Millisecond, Result: "NO CARRIER"},
					dialtest.Row{Command: "+CEER", Lines: []string{"+CEER: Insufficient resources"}})
			}, NoCarrier, "last call: Insufficient resources"},
		} {
			p := profile()
			t.Run(p.Name+"/"+c.what, func(t *testing.T) {
				t.Parallel()
				cfg := Config{Cellular: &modem.Cellular{Context: modem.Context{CID: 1, Type: "IP", APN: "internet"}, PINs: modem.NewPINs("")}}
				if c.change != nil {
					c.change(p, &cfg)
				}
				s := newCellSite(t, p)
				s.cfg.Cellular = cfg.Cellular
				if c.kind < 0 {
					call := s.call()
					wantEcho(t, call.Line, "~hello~")
					call.Hangup(t.Context())
					s.wantIdle()
					return
				}
				e := s.wantError(c.kind)
				if !strings.Contains(e.Error(), c.says) {
					t.Errorf("the error is %q, want %q in it", e, c.says)
				}
				if pin := cfg.Cellular.PIN; pin != "" && strings.Contains(e.Error()+s.log.String(), pin) {
					t.Errorf("the PIN is shown: %v\n%s", e, s.log)
				}
				if got := s.near.SIMTries(); p.Cellular.SIM.PIN != "" && got < 2 {
					t.Errorf("%d tries are left", got)
				}
			})
		}
	}
}

// TestLostRegistration loses the network in the middle of a call.
func TestLostRegistration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		do   dialtest.Action
		kind Kind
		says string
	}{
		{"the network", dialtest.LoseNet, NotRegistered, "searching"},
		{"the card", dialtest.SIMGone, NoSIM, "SIM missing"},
		{"the call", dialtest.DropCall, CommandMode, "registered, home network"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			p := dialtest.EC25()
			p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Pass: true, Then: []dialtest.Step{{After: 200 * time.Millisecond, Do: c.do}}})
			s := newCellSite(t, p)
			call := s.call()
			var read []byte
			for buf := make([]byte, 64); !bytes.Contains(read, []byte("NO CARRIER")); {
				n, err := call.Line.Read(buf)
				if err != nil {
					break
				}
				read = append(read, buf[:n]...)
			}
			e := call.Diagnose(t.Context())
			if e == nil || e.Kind != c.kind || !strings.Contains(e.Error(), c.says) {
				t.Errorf("it says %v, want kind %d and %q; read %q\n%s", e, c.kind, c.says, read, s.log)
			}
			call.Hangup(t.Context())
			s.wantIdle()
		})
	}
}

// TestDiagnoseHeldCall asks a modem whose call carries nothing any more.
func TestDiagnoseHeldCall(t *testing.T) {
	t.Parallel()
	s := newCellSite(t, dialtest.BC66())
	call := s.call()
	s.near.Silence(true)
	e := call.Diagnose(t.Context())
	if e == nil || e.Kind != NoCarrier || !strings.Contains(e.Error(), "the modem still holds the call; the modem says: SIM ready, registered, roaming") {
		t.Errorf("it says %v", e)
	}
	call.Hangup(t.Context())
	s.wantIdle()

	plain := newSite(t)
	pc := plain.call()
	if e := pc.Diagnose(t.Context()); e != nil {
		t.Errorf("a modem for telephones says %v", e)
	}
	pc.Hangup(t.Context())
}

// TestStatusAside asks for the signal while a call is up.
func TestStatusAside(t *testing.T) {
	t.Parallel()
	for _, profile := range []func() *dialtest.Profile{dialtest.EC25, dialtest.SIM7600, dialtest.E398} {
		p := profile()
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			s := newCellSite(t, p)
			call := s.call()
			for range 2 {
				st, err := call.Status(t.Context())
				if err != nil || st.Name() == "" || !st.Registration().Registered() || !st.Signal.Known || st.Signal.None() {
					t.Errorf("status %+v, %v\n%s", st, err, s.log)
				}
				wantEcho(t, call.Line, "~still here~")
			}
			if n := strings.Count(s.near.Other(sticks[p.Name].Deaf[0]).Transcript(), "AT"); n > 2 {
				t.Errorf("a tty without an answer was asked %d times", n)
			}
			call.Hangup(t.Context())
			s.wantIdle()
		})
	}
	s := newCellSite(t, dialtest.BC66())
	call := s.call()
	if _, err := call.Status(t.Context()); !errors.Is(err, ErrNoPort) {
		t.Errorf("a modem with one tty: %v", err)
	}
	call.Hangup(context.Background())
}

// TestSameCallTwice: where the entry names a modem and not its tty, a call that has
// failed is not made again over the next tty of the modem.
func TestSameCallTwice(t *testing.T) {
	t.Parallel()
	noCarrier := func(after time.Duration) func(*dialtest.Profile) {
		return func(p *dialtest.Profile) {
			p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Delay: after, Result: "NO CARRIER"})
		}
	}
	for _, device := range []string{"usb:2c7c:0125", "auto"} {
		for _, c := range []struct {
			what   string
			change func(*dialtest.Profile)
			asked  int // ttys with a modem that answers
		}{
			{"the network hangs up", noCarrier(callTime + 100*time.Millisecond), 1},
			{"it may be no tty for calls", noCarrier(10 * time.Millisecond), 2},
			{"a cause that is left over from before", func(p *dialtest.Profile) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "+CEER", Lines: []string{"+CEER: PLMN not allowed"}})
				noCarrier(10 * time.Millisecond)(p)
			}, 2},
			{"no card", func(p *dialtest.Profile) { p.Cellular.SIM.Absent = true }, 1},
		} {
			t.Run(device+" "+c.what, func(t *testing.T) {
				t.Parallel()
				p := dialtest.EC25()
				c.change(p)
				s := newCellSite(t, p)
				s.cfg.Devices = []string{device}
				if _, err := s.dialer().Call(t.Context()); err == nil {
					t.Error("the call succeeds")
				}
				asked := 0
				for _, tty := range []*dialtest.Modem{s.near.Other(2), s.near} {
					if strings.Contains(tty.Transcript(), "+CPIN?") {
						asked++
					}
				}
				if asked != c.asked {
					t.Errorf("over %d ttys, want %d:\n%s", asked, c.asked, s.log.infos())
				}
			})
		}
	}
}

// TestSilenceIsNoCall: a tty at which a number is answered by nothing may be no tty
// for calls.
func TestSilenceIsNoCall(t *testing.T) {
	a := &attempt{phase: dialing}
	for _, c := range []struct {
		err  modem.Error
		want bool
	}{
		{modem.Error{Err: modem.ErrSilent, After: time.Minute}, false},
		{modem.Error{Result: modem.ParseResult("NO ANSWER"), After: time.Minute}, true},
	} {
		if e := a.explain(&c.err); e.Kind != NoAnswer || a.dialed(e) != c.want {
			t.Errorf("%v, dialed %t", e, a.dialed(e))
		}
	}
}
