package run

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/mp/mptest"
)

// answerProbes plays the first router behind a unit's peer, as long as it is
// let to: whose time to live is 1 comes no farther.
func (w *memWorld) answerProbes(label string) (passes *atomic.Bool, probes *atomic.Int32, stop func()) {
	quit := make(chan bool)
	passes, probes = new(atomic.Bool), new(atomic.Int32)
	passes.Store(true)
	p := w.peers[label]
	go func() {
		for {
			var b []byte
			select {
			case b = <-p.tun.Received():
			case <-quit:
				return
			}
			if b[9] != 1 {
				continue
			}
			probes.Add(1)
			if b[8] != 1 || !passes.Load() {
				continue
			}
			e := make([]byte, 28, 28+len(b))
			e[0], e[8], e[9], e[20] = 0x45, 64, 1, 11
			e = append(e, b...)
			binary.BigEndian.PutUint16(e[2:], uint16(len(e)))
			copy(e[12:], []byte{10, 2, 0, 1})
			copy(e[16:], b[12:16])
			p.tun.Send(e)
		}
	}()
	return passes, probes, func() { close(quit) }
}

func (w *memWorld) tried() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

func (w *memWorld) wasReset() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.resets, ", ")
}

func (w *memWorld) carried() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ups
}

// oneUnit is the state of the only unit.
func oneUnit(t *testing.T, d *daemon) status.Bundle {
	t.Helper()
	all := look(t, d, rendezvous.Query{}).Bundles
	if len(all) != 1 {
		t.Fatalf("%d units", len(all))
	}
	return all[0]
}

// TestMonitor: a link that passes nothing, though LCP goes on, is noticed in
// time and made again, and when that did not help the modem is reset first.
func TestMonitor(t *testing.T) {
	for _, mode := range []string{"out", "out camp", "quiet inactive_timeout=3600"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newMemWorld(t)
				d, stop := w.serveUnits(dir, 1, mode+" phone=1 monitor=auto monitor_secs=30 monitor_fails=2")
				defer stop()
				passes, probes, silent := w.answerProbes("rmt0")
				defer silent()
				host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Up})
				time.Sleep(30 * time.Minute)
				b := oneUnit(t, d)
				if b.Phase != status.NetworkPhase || len(w.tried()) != 1 {
					t.Fatalf("after half an hour of answers: %+v, calls %v", b, w.tried())
				}
				// 9 in the first round, then one each 30 seconds.
				if n := probes.Load(); n < 60 || n > 70 {
					t.Errorf("%d probes in half an hour", n)
				}
				if b.Rx.Packets != 0 || b.KeptUpBy != "" {
					t.Errorf("probes are counted: %+v, kept up by %q", b.Rx, b.KeptUpBy)
				}
				carried := w.carried()
				if carried == 0 {
					t.Error("the modem's ladder was not told that the link carries anything")
				}
				passes.Store(false)
				time.Sleep(61 * time.Second)
				b = oneUnit(t, d)
				if len(b.Verdicts) != 1 || b.Verdicts[0].Status != StatusPeerDead ||
					!strings.Contains(b.Verdicts[0].Evidence, "nothing received for 1m0s, no answer from 10.2.0.1 (hop 1) to 2 probes") {
					t.Fatalf("a minute after the last answer: %+v", b)
				}
				time.Sleep(20 * time.Second)
				if n := len(w.tried()); n != 2 || oneUnit(t, d).Phase != status.NetworkPhase || w.wasReset() != "" {
					t.Errorf("then: %d calls, reset %q, %+v", n, w.wasReset(), oneUnit(t, d))
				}
				time.Sleep(90 * time.Second)
				if n := len(w.tried()); n != 3 || w.wasReset() != "/dev/a: the link carries nothing" {
					t.Errorf("when that one passed nothing either: calls %v, reset %q", w.tried(), w.wasReset())
				}
				if w.carried() != carried {
					t.Error("the ladder was told that a link carries something that did not")
				}
				passes.Store(true)
				time.Sleep(10 * time.Minute)
				if n := len(w.tried()); n != 3 || oneUnit(t, d).Phase != status.NetworkPhase {
					t.Errorf("in the end: %d calls, %+v", n, oneUnit(t, d))
				}
			})
		})
	}
}

// TestResetAt: at its time the link is broken, the modem reset and, after its
// rest, the link made again; without a link the modem is reset.
func TestResetAt(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		begin := time.Now()
		at := begin.Add(10 * time.Minute).Format("15:04")
		d, stop := w.serveUnits(dir, 1, "out phone=1 modwait=5 reset_at="+at)
		defer stop()
		time.Sleep(10*time.Minute + 20*time.Second)
		if got := w.wasReset(); got != "/dev/a: time of day" || len(w.tried()) != 1 {
			t.Errorf("at %s: reset %q, calls %v", at, got, w.tried())
		}
		time.Sleep(time.Minute)
		b := oneUnit(t, d)
		if n := len(w.tried()); n != 2 || b.Phase != status.NetworkPhase || b.Verdicts[0].Evidence != "reset_at" {
			t.Errorf("a minute later: %d calls, %+v", n, b)
		}
		time.Sleep(24 * time.Hour)
		if n := len(w.tried()); n != 3 {
			t.Errorf("a day later %d calls", n)
		}
	})
}

// TestResetAtSummerTime: a time that is skipped comes as much later, one that
// comes twice counts once; without a link the modem is reset all the same.
func TestResetAtSummerTime(t *testing.T) {
	const zone = "Europe/Berlin"
	if os.Getenv("TZ") != zone { // what it is for the whole program, from its start
		self := exec.Command(os.Args[0], "-test.run=^TestResetAtSummerTime$")
		self.Env = append(os.Environ(), "TZ="+zone)
		if out, err := self.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	berlin := time.Local
	for _, tt := range []struct {
		noon time.Time
		want string
	}{
		{time.Date(2000, 3, 25, 12, 0, 0, 0, berlin), "26 Mar 03:30:00 CEST, 27 Mar 02:30:00 CEST"},
		{time.Date(2000, 10, 28, 12, 0, 0, 0, berlin), "29 Oct 02:30:00 CEST, 30 Oct 02:30:00 CET"},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(tt.noon))
			w := newMemWorld(t)
			_, stop := w.serveUnits(dir, 1, "quiet phone=1 reset_at=02:30")
			time.Sleep(48 * time.Hour)
			stop()
			if got := strings.Join(w.when, ", "); got != tt.want {
				t.Errorf("reset at %s; want %s", got, tt.want)
			}
		})
	}
}

// TestTrafficDuringReset: a packet that wants a link while the modem is reset gets
// it when the modem has rested.
func TestTrafficDuringReset(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		begin := time.Now()
		_, stop := w.serveUnits(dir, 1, "quiet phone=1 reset_at="+begin.Add(time.Hour).Format("15:04"))
		defer stop()
		time.Sleep(time.Hour + 5*time.Second)
		w.tuns[0].Send(udp("10.1.0.1", "10.2.0.1", 76))
		time.Sleep(time.Minute)
		if got, want := w.tried(), []string{begin.Add(time.Hour + memRest).Format("15:04:05")}; !slices.Equal(got, want) {
			t.Errorf("calls at %v, want %v", got, want)
		}
	})
}

// TestResetOnFail: a modem that fails to call is reset and rests; a busy number
// is not its fault, and neither is a line without a dial tone, a call that comes in,
// or a PIN that we cannot note.
func TestResetOnFail(t *testing.T) {
	for _, tc := range []struct {
		kind dial.Kind
		want string
		rest time.Duration
	}{
		{dial.Silent, "/dev/b: the call failed", memRest + 5*time.Second},
		{dial.Busy, "", 5 * time.Second},
		{dial.NoDialtone, "", time.Minute},
		{dial.Ringing, "", 5 * time.Second},
		{dial.PINNotNoted, "", 5 * time.Second},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := newMemWorld(t)
			w.fails = &dial.Error{Kind: tc.kind, Device: "/dev/b"}
			begin := time.Now()
			_, stop := w.serveUnits(dir, 1, "out camp phone=1 modwait=5 reset_on_fail")
			defer stop()
			time.Sleep(tc.rest + time.Second)
			want := []string{begin.Format("15:04:05"), begin.Add(tc.rest).Format("15:04:05")}
			got := w.tried()
			if !slices.Equal(got, want) || !strings.HasPrefix(w.wasReset(), tc.want) || (tc.want == "") != (w.wasReset() == "") {
				t.Errorf("kind %v: calls %v, reset %q; want %v, %q", tc.kind, got, w.wasReset(), want, tc.want)
			}
		})
	}
}

// TestResetWithoutPPP: so is one that says CONNECT, and then no PPP comes; a password
// that the peer does not take, and a call that we break off, are not its fault.
func TestResetWithoutPPP(t *testing.T) {
	mute := func(*mptest.Line, mp.LinkConfig) {}
	for _, tc := range []struct {
		name, words string
		takes       func(*mptest.Line, mp.LinkConfig)
		down        bool // we break it off
		want        string
	}{
		{"silent", "out camp reset_on_fail", mute, false, "/dev/a: the call failed"},
		{"silent, on demand", "quiet reset_always", mute, false, "/dev/a: the call failed"},
		{"silent, no word of resets", "out camp", mute, false, ""},
		{"wrong password", "out camp reset_on_fail send_passwd=wrong", nil, false, ""},
		{"broken off", "out camp reset_on_fail", mute, true, ""},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := newMemWorld(t)
			sees := w.world()
			sees.caller = func(c dial.Config) (caller, error) {
				p := w.peers[c.Label]
				p.entry, p.takes = entryOf(t, "in recv_name=joe recv_passwd=right localhost=10.2.0.1 remotehost=10.1.0.1"), tc.takes
				return memCaller{w, c.Label}, nil
			}
			d, stop := w.serveEach(dir, sees, []string{tc.words + " redial_limit=1 send_name=joe"})
			defer stop()
			w.tuns[0].Send(to(53))
			time.Sleep(10 * time.Second)
			if tc.down {
				host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Down})
			}
			time.Sleep(2 * time.Minute)
			w.mu.Lock()
			defer w.mu.Unlock()
			if got := strings.Join(w.resets, ", "); got != tc.want || len(w.calls) != 1 {
				t.Errorf("%s: calls %v, reset %q, want %q", tc.name, w.calls, got, tc.want)
			}
		})
	}
}

// A twoModems calls by /dev/a, and meanwhile by /dev/b, with an error if there is one.
type twoModems struct {
	memCaller
	err error
}

func (c twoModems) Call(ctx context.Context) (*conn, error) {
	c.w.mu.Lock()
	further := len(c.w.lines) > 0
	c.w.mu.Unlock()
	if further && c.err != nil {
		return nil, c.err
	}
	n, err := c.memCaller.Call(ctx)
	if further && err == nil {
		n.device = "/dev/b"
	}
	return n, err
}

// TestResetFurther: the modem of a further line is reset when its calls fail, or bring
// no PPP, and called again when it has rested; the line that is there stays.
func TestResetFurther(t *testing.T) {
	for _, tc := range []struct {
		name, words string
		fails       error // nil: nobody speaks PPP there
		want        string
	}{
		{"silent", "reset_on_fail", &dial.Error{Kind: dial.Silent, Device: "/dev/b"}, "1 Jan 00:00:00 UTC, 1 Jan 00:00:35 UTC, 1 Jan 00:01:15 UTC"},
		{"busy", "reset_on_fail", &dial.Error{Kind: dial.Busy, Device: "/dev/b"}, ""},
		{"no PPP", "reset_on_fail", nil, "1 Jan 00:00:55 UTC"},
		{"no PPP, no word of resets", "", nil, ""},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := newMemWorld(t)
			sees := w.world()
			sees.caller = func(c dial.Config) (caller, error) {
				p := w.peers[c.Label]
				p.takes = func(far *mptest.Line, c mp.LinkConfig) {
					if len(w.calls) == 1 {
						p.nursery.Start(far, nil, c)
					}
				}
				return twoModems{memCaller{w, c.Label}, tc.fails}, nil
			}
			d, stop := w.serveEach(dir, sees, []string{"out camp mindevs=2 outdevs=2 modwait=5 " + tc.words})
			defer stop()
			time.Sleep(100 * time.Second)
			if b := oneUnit(t, d); b.Phase != status.NetworkPhase || len(b.Verdicts) != 0 || (len(w.tried()) == 1) != (tc.fails != nil) {
				t.Errorf("%s: calls %v, %+v", tc.name, w.tried(), b)
			}
			if got := strings.Join(w.when, ", "); got != tc.want || strings.Contains(w.wasReset(), "/dev/a") {
				t.Errorf("%s: reset %s at %s, want %s; calls %v", tc.name, w.wasReset(), got, tc.want, w.tried())
			}
		})
	}
}

// A hangingModem is reset for as long as it may take.
type hangingModem struct{ twoModems }

func (c hangingModem) Reset(ctx context.Context, device string, why dial.ResetReason) (dial.Reset, error) {
	select {
	case <-time.After(2 * time.Minute):
	case <-ctx.Done():
	}
	return c.twoModems.Reset(ctx, device, why)
}

// TestResetFurtherGivesWay: when the connection is lost while the modem of a further
// line is reset, the good one is called as if there were no other.
func TestResetFurtherGivesWay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		sees := w.world()
		sees.caller = func(c dial.Config) (caller, error) {
			return hangingModem{twoModems{memCaller{w, c.Label}, &dial.Error{Kind: dial.Silent, Device: "/dev/b"}}}, nil
		}
		_, stop := w.serveEach(dir, sees, []string{"out camp mindevs=2 outdevs=2 modwait=5 reset_on_fail"})
		defer stop()
		time.Sleep(20 * time.Second)
		w.hangUpAll()
		w.mu.Lock()
		clear(w.lines)
		w.mu.Unlock()
		time.Sleep(10 * time.Second)
		if n := len(w.tried()); n != 2 {
			t.Errorf("calls at %v, want a second one after 5 s", w.tried())
		}
	})
}

// TestResetAll: the modems of all lines are reset at their time, also while that of
// a further one is being reset.
func TestResetAll(t *testing.T) {
	for _, err := range []error{nil, &dial.Error{Kind: dial.Silent, Device: "/dev/b"}} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := newMemWorld(t)
			sees := w.world()
			sees.caller = func(c dial.Config) (caller, error) { return twoModems{memCaller{w, c.Label}, err}, nil }
			at := time.Now().Add(time.Minute)
			d, stop := w.serveEach(dir, sees, []string{"out camp mindevs=2 outdevs=2 modwait=5 reset_on_fail reset_at=" + at.Format("15:04")})
			defer stop()
			time.Sleep(59 * time.Second)
			before := w.wasReset()
			time.Sleep(3 * time.Minute)
			want := "/dev/a: time of day, /dev/b: time of day"
			if err != nil {
				want = before + ", /dev/a: time of day"
			}
			if b := oneUnit(t, d); !strings.HasPrefix(w.wasReset(), want) || b.Phase != status.NetworkPhase || err == nil && len(b.Links) != 2 {
				t.Errorf("reset %s, want %s; %+v", w.wasReset(), want, b)
			}
		})
	}
}

// TestResetOfSearch: a modem that no network has taken yet has ten minutes before
// each reset.
func TestResetOfSearch(t *testing.T) {
	for _, kind := range []dial.Kind{dial.NotRegistered, dial.NoSignal} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := newMemWorld(t)
			w.fails = &dial.Error{Kind: kind, Device: "/dev/b"}
			_, stop := w.serveUnits(dir, 1, "out camp phone=1 modwait=30 reset_on_fail")
			time.Sleep(25 * time.Minute)
			stop()
			if got, want := strings.Join(w.when, ", "), "1 Jan 00:10:00 UTC, 1 Jan 00:21:00 UTC"; got != want {
				t.Errorf("kind %v: resets at %s, want %s", kind, got, want)
			}
		})
	}
}

// TestResetAlways: the modem is reset whenever a link has ended.
func TestResetAlways(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		_, stop := w.serveUnits(dir, 1, "out camp phone=1 reset_always")
		defer stop()
		time.Sleep(time.Minute)
		w.hangUpOne(rand.New(rand.NewPCG(1, 2)))
		time.Sleep(time.Minute)
		if got := w.wasReset(); got != "/dev/a: the link has ended" || len(w.tried()) != 2 {
			t.Errorf("reset %q, calls %v", got, w.tried())
		}
	})
}
