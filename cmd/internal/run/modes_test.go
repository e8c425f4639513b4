package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/dial"
	"pppdial/mp"
)

// A scripted world has calls whose outcome is told beforehand, and writes down
// what happens when.
type scripted struct {
	*memWorld
	began    time.Time
	outcomes []string
	timeline []string
}

type scriptedCaller struct {
	memCaller
	w *scripted
}

// failures are the outcomes of calls that are not made. They take a second.
var failures = map[string]dial.Kind{
	"busy": dial.Busy, "no carrier": dial.NoCarrier, "no dial tone": dial.NoDialtone, "SIM locked": dial.SIMLocked,
	"PIN refused": dial.PINRefused, "APN refused": dial.APNRefused, "away": dial.OpenFailed,
}

// Call takes a second, a slow one a minute; when no outcome is told any more, it
// succeeds.
func (c scriptedCaller) Call(ctx context.Context) (*conn, error) {
	c.w.write("call")
	outcome, takes := c.w.outcome(), time.Second
	if outcome == "slow" {
		takes = time.Minute
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return nil, &dial.Error{Kind: dial.Interrupted, Err: ctx.Err()}
	}
	if kind, ok := failures[outcome]; ok {
		called := kind != dial.OpenFailed && kind != dial.SIMLocked && kind != dial.PINRefused
		return nil, &dial.Error{Kind: kind, Err: errors.New(outcome), Called: called}
	}
	return c.memCaller.Call(ctx)
}

// outcome is that of the next call; "": it succeeds.
func (w *scripted) outcome() (next string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.outcomes) > 0 {
		next, w.outcomes = w.outcomes[0], w.outcomes[1:]
	}
	return next
}

// write adds to the timeline what has happened.
func (w *scripted) write(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timeline = append(w.timeline, fmt.Sprintf("%g %s", time.Since(w.began).Round(time.Second).Seconds(), what))
}

// told is the timeline so far.
func (w *scripted) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.timeline)
}

// Of the log, the timeline has the ends of connections and what is given up.
func (w *scripted) Enabled(context.Context, slog.Level) bool { return true }
func (w *scripted) WithGroup(string) slog.Handler            { return w }
func (w *scripted) WithAttrs([]slog.Attr) slog.Handler       { return w }
func (w *scripted) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case "connection begins":
		w.write("up")
	case "connection ends":
		why := ""
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "because" {
				why = a.Value.String()
			}
			return true
		})
		w.write("down, " + why)
	case "giving up for now":
		w.write("giving up")
	case "slowing down: another call hardly helps":
		w.write("slowing down")
	}
	return nil
}

func (w *scripted) world() world {
	s := w.memWorld.world()
	s.caller = func(c dial.Config) (caller, error) { return scriptedCaller{memCaller{w.memWorld, c.Label}, w}, nil }
	return s
}

const (
	ackFlag = 0x10
	synFlag = 0x02
	finFlag = 0x01
	rstFlag = 0x04

	idleEnd = "down, there was nothing to carry"
)

// tcp is a segment from the unit's address.
func tcp(port uint16, flags byte) []byte {
	p := udp("10.1.0.1", "10.2.0.1", 40)
	p[9], p[22], p[23], p[32], p[33] = 6, byte(port>>8), byte(port), 0x50, flags
	return p
}

// to is a datagram to a port.
func to(port uint16) []byte {
	p := udp("10.1.0.1", "10.2.0.1", 60)
	p[22], p[23] = byte(port>>8), byte(port)
	return p
}

// to6 is one of IPv6.
func to6(port uint16) []byte {
	p := make([]byte, 60)
	p[0], p[5], p[6], p[7] = 0x60, 20, 17, 64
	p[8], p[23], p[24], p[39] = 0xfd, 1, 0xfd, 2
	p[42], p[43], p[45] = byte(port>>8), byte(port), 20
	return p
}

func ping(kind byte) []byte {
	p := udp("10.1.0.1", "10.2.0.1", 60)
	p[9], p[20] = 1, kind
	return p
}

// TestModes is what a unit does and when, in seconds, with a rest of 5 s after
// each call where modwait does not say otherwise. A call takes a second; what
// PPP negotiates takes less than half of one.
func TestModes(t *testing.T) {
	quiet := func(words string) string { return "quiet " + words }
	at := func(t float64, p []byte) sending { return sending{t, p} }
	for _, tt := range []struct {
		name     string
		words    string
		outcomes []string
		send     []sending
		until    float64
		want     []string
	}{
		{name: "out", words: "out", until: 100, want: []string{"0 call", "1 up"}},
		{name: "out tries modtries times", words: "out", outcomes: []string{"no carrier", "no carrier", "no carrier"}, until: 100,
			want: []string{"0 call", "6 call", "12 call", "13 giving up", "13 end 8"}},
		{name: "out with other waits", words: "out modwait=2 modtries=2", outcomes: []string{"no carrier", "no carrier"}, until: 100,
			want: []string{"0 call", "3 call", "4 giving up", "4 end 8"}},
		{name: "out does not repeat what is hopeless", words: "out", outcomes: []string{"SIM locked"}, until: 100, want: []string{"0 call", "1 end 18"}},
		{name: "out for so long", words: "out max_connect_secs=60", until: 100, want: []string{"0 call", "1 up", "61 down, the time for the call is over", "61 end 13"}},

		{name: "quiet waits", words: quiet(""), until: 1000},
		{name: "quiet, inactive for 30 s", words: quiet(""), send: []sending{at(10, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "41 " + idleEnd}},
		{name: "quiet, active for 300 s", words: quiet(""), send: []sending{at(10, tcp(22, synFlag))}, until: 1000,
			want: []string{"10 call", "11 up", "311 " + idleEnd}},
		{name: "quiet, a connection ends", words: quiet(""), send: []sending{at(10, tcp(22, synFlag)), at(100, tcp(22, ackFlag|finFlag))}, until: 1000,
			want: []string{"10 call", "11 up", "130 " + idleEnd}},
		{name: "quiet, one of two connections ends", words: quiet(""), send: []sending{at(10, tcp(22, synFlag)), at(20, tcp(80, synFlag)), at(100, tcp(22, rstFlag))}, until: 1000,
			want: []string{"10 call", "11 up", "400 " + idleEnd}},
		{name: "quiet, typing", words: quiet(""), send: []sending{at(10, tcp(22, synFlag)), at(300, tcp(22, ackFlag)), at(550, tcp(22, ackFlag))}, until: 1000,
			want: []string{"10 call", "11 up", "850 " + idleEnd}},
		{name: "quiet, one timeout stands for both", words: quiet("active_timeout=60"), send: []sending{at(10, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "71 " + idleEnd}},
		{name: "quiet, the other one too", words: quiet("inactive_timeout=60"), send: []sending{at(10, tcp(22, synFlag))}, until: 1000,
			want: []string{"10 call", "11 up", "71 " + idleEnd}},
		{name: "quiet, paid minutes", words: quiet("toll_boundary=60"), send: []sending{at(10, to(53)), at(60, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "128 " + idleEnd}},
		{name: "quiet, paid minutes, just too late", words: quiet("toll_boundary=60"), send: []sending{at(10, to(53)), at(39, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "128 " + idleEnd}},
		{name: "quiet, again", words: quiet(""), send: []sending{at(10, to(53)), at(43, to(53)), at(200, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "41 " + idleEnd, "46 call", "47 up", "77 " + idleEnd, "200 call", "201 up", "231 " + idleEnd}},
		{name: "quiet, what is no activity", words: quiet(""), until: 1000,
			send: []sending{at(10, to(13)), at(10, to(37)), at(10, to(123)), at(10, to(520)), at(10, to(525)), at(10, ping(3)), at(10, ping(4)), at(10, ping(5)), at(10, ping(9)), at(10, ping(10)), at(10, ping(13)), at(10, ping(14))}},
		{name: "quiet, what keeps nothing up", words: quiet(""), send: []sending{at(10, to(53)), at(30, to(123)), at(30, ping(9))}, until: 1000,
			want: []string{"10 call", "11 up", "41 " + idleEnd}},
		{name: "quiet, all ports are activity", words: quiet("-inact_port"), send: []sending{at(10, to(123))}, until: 100, want: []string{"10 call", "11 up", "41 " + idleEnd}},
		{name: "quiet, a port more is none", words: quiet("inact_port=53"), send: []sending{at(10, to(53)), at(11, to(123))}, until: 100},
		{name: "quiet, all of ICMP is activity", words: quiet("-inact_icmp"), send: []sending{at(10, ping(9))}, until: 100, want: []string{"10 call", "11 up", "41 " + idleEnd}},
		{name: "quiet, ping is none", words: quiet("inact_icmp=8"), send: []sending{at(10, ping(8))}, until: 100},
		{name: "quiet, ping is", words: quiet(""), send: []sending{at(10, ping(8))}, until: 100, want: []string{"10 call", "11 up", "41 " + idleEnd}},
		{name: "quiet gives up for now, and begins anew", words: quiet("modtries=2"), outcomes: []string{"APN refused", "APN refused"}, send: []sending{at(10, to(53)), at(300, to(53))}, until: 1000,
			want: []string{"10 call", "11 slowing down", "71 call", "72 giving up", "72 slowing down", "300 call", "301 up", "331 " + idleEnd}},
		{name: "quiet pauses after a series", words: quiet("modtries=1 modpause=100"), outcomes: []string{"no dial tone"}, send: []sending{at(10, to(53)), at(20, to(53))}, until: 1000,
			want: []string{"10 call", "11 giving up", "11 slowing down", "111 call", "112 up", "142 " + idleEnd}},
		{name: "quiet for so long", words: quiet("max_connect_secs=20"), send: []sending{at(10, to(53)), at(50, to(53))}, until: 100,
			want: []string{"10 call", "11 up", "31 down, the time for the call is over", "50 call", "51 up", "71 down, the time for the call is over"}},
		{name: "quiet with two lines", words: quiet("modwait=0 mindevs=2 outdevs=2 maxdevs=2"), send: []sending{at(10, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "11 call", "41 " + idleEnd}},
		{name: "quiet with two lines, for so long", words: quiet("modwait=0 mindevs=2 outdevs=2 maxdevs=2 max_connect_secs=20"), send: []sending{at(10, to(53))}, until: 100,
			want: []string{"10 call", "11 up", "11 call", "31 down, the time for the call is over"}},
		{name: "quiet, idle while another line is called", words: quiet("modwait=0 mindevs=2 outdevs=2 maxdevs=2"), outcomes: []string{"up", "slow"}, send: []sending{at(10, to(53))}, until: 1000,
			want: []string{"10 call", "11 up", "11 call", "41 " + idleEnd}},

		{name: "out with a timeout", words: "out inactive_timeout=20", send: []sending{at(50, to(53))}, until: 1000,
			want: []string{"0 call", "1 up", "21 " + idleEnd, "50 call", "51 up", "71 " + idleEnd}},
		{name: "out with a timeout, the other one's default", words: "out active_timeout=20", send: []sending{at(50, tcp(22, synFlag))}, until: 1000,
			want: []string{"0 call", "1 up", "21 " + idleEnd, "50 call", "51 up", "71 " + idleEnd}},
		{name: "out with a timeout, IPv6 alone", words: "out -ipv4 inactive_timeout=20", send: []sending{at(50, to6(53))}, until: 1000,
			want: []string{"0 call", "1 up", "21 " + idleEnd, "50 call", "51 up", "71 " + idleEnd}},

		{name: "camp", words: "out camp max_connect_secs=100", until: 250,
			want: []string{"0 call", "1 up", "101 down, the time for the call is over", "106 call", "107 up", "207 down, the time for the call is over", "212 call", "213 up"}},
		{name: "camp never ends", words: "out camp modtries=2 modpause=30", outcomes: []string{"busy", "no carrier", "busy", "busy"}, until: 200,
			want: []string{"0 call", "6 call", "7 giving up", "37 call", "43 call", "44 giving up", "74 call", "75 up"}},
		{name: "camp slows down when it is hopeless", words: "out camp", outcomes: slices.Repeat([]string{"PIN refused"}, 9), until: 15000,
			want: []string{"0 call", "1 slowing down", "61 call", "62 slowing down", "182 call", "183 giving up", "183 slowing down", "423 call", "424 slowing down",
				"904 call", "905 slowing down", "1865 call", "1866 giving up", "1866 slowing down", "3786 call", "3787 slowing down", "7387 call", "7388 slowing down",
				"10988 call", "10989 giving up", "10989 slowing down", "14589 call", "14590 up"}},
		{name: "camp, so many calls an hour", words: "out camp redial_limit=3 max_connect_secs=10", until: 4000,
			want: []string{"0 call", "1 up", "11 down, the time for the call is over", "16 call", "17 up", "27 down, the time for the call is over",
				"32 call", "33 up", "43 down, the time for the call is over", "3600 call", "3601 up", "3611 down, the time for the call is over",
				"3616 call", "3617 up", "3627 down, the time for the call is over", "3632 call", "3633 up", "3643 down, the time for the call is over"}},
		{name: "a line that is away is no call", words: "out camp redial_limit=2 modwait=30 modtries=9 max_connect_secs=10", outcomes: []string{"away", "away", "away"}, until: 3700,
			want: []string{"0 call", "31 call", "62 call", "93 call", "94 up", "104 down, the time for the call is over",
				"134 call", "135 up", "145 down, the time for the call is over", "3693 call", "3694 up"}},
		{name: "nor is one beside another", words: "out camp redial_limit=2 modwait=5 mindevs=2 outdevs=2", outcomes: []string{"up", "away", "away"}, until: 1000,
			want: []string{"0 call", "1 up", "1 call", "7 call", "18 call"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := &scripted{memWorld: newMemWorld(t), began: time.Now(), outcomes: tt.outcomes}
				w.log = slog.New(w)
				d, stop := w.serveEach(dir, w.world(), []string{tt.words})
				units, _ := ask(t.Context(), d, func() []*unit { return append([]*unit(nil), d.units...) })
				for _, s := range tt.send {
					time.Sleep(time.Until(w.began.Add(seconds(s.at))))
					if err := w.tuns[0].Send(s.packet); err != nil {
						t.Fatal(err)
					}
				}
				for time.Since(w.began) < seconds(tt.until) {
					time.Sleep(100 * time.Millisecond)
					if v, _ := ask(t.Context(), d, func() *Verdict { return units[0].final }); v != nil {
						w.write(fmt.Sprintf("end %d", v.Status))
						break
					}
				}
				got := slices.Clone(w.timeline)
				stop()
				if !slices.Equal(got, tt.want) {
					t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(tt.want, "\n\t"))
				}
			})
		})
	}
}

// A sending is a packet that a program sends at a time, in seconds.
type sending struct {
	at     float64
	packet []byte
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// TestWhy: what pppstat says of why a link is up, what keeps it up, and why it
// is down.
func TestWhy(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &scripted{memWorld: newMemWorld(t), began: time.Now(), outcomes: []string{"busy", "up"}}
		d, stop := w.serveEach(dir, w.world(), []string{"quiet modtries=1"})
		defer stop()
		for _, step := range []struct {
			name           string
			send           []byte
			wait           time.Duration
			phase          string
			up, kept, down string
			open           int
		}{
			{name: "at first", phase: status.Holding},
			{name: "the call fails", send: tcp(22, synFlag), wait: 10 * time.Second, phase: status.Holding, down: "the number is busy"},
			{name: "a connection", send: tcp(22, synFlag), wait: 10 * time.Second, phase: status.NetworkPhase,
				up: "tcp 10.1.0.1:1 > 10.2.0.1:22", kept: "tcp 10.1.0.1:1 > 10.2.0.1:22", down: "the number is busy", open: 1},
			{name: "a query", send: to(53), wait: time.Second, phase: status.NetworkPhase,
				up: "tcp 10.1.0.1:1 > 10.2.0.1:22", kept: "udp 10.1.0.1:1 > 10.2.0.1:53", down: "the number is busy", open: 1},
			{name: "what is no activity", send: to(123), wait: time.Second, phase: status.NetworkPhase,
				up: "tcp 10.1.0.1:1 > 10.2.0.1:22", kept: "udp 10.1.0.1:1 > 10.2.0.1:53", down: "the number is busy", open: 1},
			{name: "its end", send: tcp(22, ackFlag|finFlag), wait: time.Second, phase: status.NetworkPhase,
				up: "tcp 10.1.0.1:1 > 10.2.0.1:22", kept: "tcp 10.1.0.1:1 > 10.2.0.1:22", down: "the number is busy"},
			{name: "its last ACK", send: tcp(22, ackFlag), wait: time.Second, phase: status.NetworkPhase,
				up: "tcp 10.1.0.1:1 > 10.2.0.1:22", kept: "tcp 10.1.0.1:1 > 10.2.0.1:22", down: "the number is busy"},
			{name: "idle", wait: time.Minute, phase: status.Holding, kept: "tcp 10.1.0.1:1 > 10.2.0.1:22", down: "there was nothing to carry"},
			{name: "a ping", send: ping(8), wait: 10 * time.Second, phase: status.NetworkPhase,
				up: "icmp 10.1.0.1 > 10.2.0.1 echo request", kept: "icmp 10.1.0.1 > 10.2.0.1 echo request", down: "there was nothing to carry"},
		} {
			if step.send != nil {
				if err := w.tuns[0].Send(step.send); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(step.wait)
			b := look(t, d, rendezvous.Query{}).Bundles[0]
			got := fmt.Sprintf("%s: up by %q, kept by %q and %d connections, down by %q", b.Phase, b.WhyUp, b.KeptUpBy, b.TCPOpen, b.WhyDown)
			want := fmt.Sprintf("%s: up by %q, kept by %q and %d connections, down by %q", step.phase, step.up, step.kept, step.open, step.down)
			if got != want {
				t.Errorf("%s:\n%s, want\n%s", step.name, got, want)
			}
		}
	})
}

// TestUncalled: a line that is away is no call for the next program either.
func TestUncalled(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		for range 2 {
			w := &scripted{memWorld: newMemWorld(t), began: time.Now(), outcomes: []string{"away"}}
			_, stop := w.serveEach(dir, w.world(), []string{"out camp redial_limit=1"})
			time.Sleep(2 * time.Second)
			stop()
			if got, want := w.told(), []string{"0 call"}; !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}

// TestUpNow: an operator's call does not wait for the rest after what further
// calls hardly mend, only for redial_limit.
func TestUpNow(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &scripted{memWorld: newMemWorld(t), began: time.Now(), outcomes: slices.Repeat([]string{"APN refused"}, 4)}
		w.log = slog.New(w)
		d, stop := w.serveEach(dir, w.world(), []string{"out camp redial_limit=4"})
		defer stop()
		up := func() error {
			return host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Up})
		}
		time.Sleep(200 * time.Second) // calls at 0, 61 and 182 s
		if err := up(); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Second)
		want := "redial_limit allows no call before " + w.began.Add(time.Hour).Format(time.TimeOnly)
		if err := up(); err == nil || err.Error() != want {
			t.Errorf("the fifth call of an hour: %v, want %s", err, want)
		}
		time.Sleep(time.Hour)
		w.mu.Lock()
		defer w.mu.Unlock()
		calls := slices.DeleteFunc(slices.Clone(w.timeline), func(s string) bool { return !strings.HasSuffix(s, " call") })
		if want := []string{"0 call", "61 call", "182 call", "200 call", "3600 call"}; !slices.Equal(calls, want) {
			t.Errorf("%q, want %q", calls, want)
		}
	})
}

// TestNotNow: while calls are forbidden until a time of day, the clock is looked at
// every minute, for it may be set.
func TestNotNow(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		w.fails = &dial.Error{Kind: dial.NotNow, Next: time.Now().Add(8 * time.Hour)}
		d, stop := w.serveUnits(dir, 1, "out camp modwait=5")
		defer stop()
		time.Sleep(time.Hour)
		if n := len(w.tried()); n != 1 {
			t.Errorf("%d calls", n)
		}
		ask(t.Context(), d, func() dial.Action { // as if the time had come an hour ago
			return d.units[0].policy.Failed(time.Now().Add(-time.Hour), dial.Cause{})
		})
		time.Sleep(time.Minute + time.Second)
		if n := len(w.tried()); n != 2 {
			t.Errorf("%d calls after the clock was set", n)
		}
	})
}

// TestKept: what comes while a call is made is kept, as much as qmax says, and
// sent when the link is up; what waits in vain is dropped, and all is counted.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &scripted{memWorld: newMemWorld(t), began: time.Now(), outcomes: []string{"busy", "up", "busy", "busy"}}
		d, stop := w.serveEach(dir, w.world(), []string{"quiet qmax=5 modtries=2 inactive_timeout=20"})
		defer stop()
		for i, want := range []struct {
			arrived int
			drops   map[string]uint64
		}{{5, map[string]uint64{"queue_full": 3}}, {0, map[string]uint64{"queue_full": 6, "no_link": 5}}} {
			for range 8 {
				if err := w.tuns[0].Send(to(53)); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			arrived := 0
			for len(w.peers["rmt0"].tun.Received()) > 0 {
				<-w.peers["rmt0"].tun.Received()
				arrived++
			}
			b := look(t, d, rendezvous.Query{}).Bundles[0]
			if arrived != want.arrived || !maps.Equal(b.Drops, want.drops) || b.Tx.Queued != 0 || b.Tx.QueueLimit != 5 {
				t.Errorf("%d: %d arrived, %d queued, drops %v; want %+v", i, arrived, b.Tx.Queued, b.Drops, want)
			}
		}
	})
}

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		words  string
		lasted time.Duration
		want   int64
	}{
		{"", time.Hour, 0}, {"toll_boundary=60", 1, 1}, {"toll_boundary=60", time.Minute, 1}, {"toll_boundary=60", time.Minute + 1, 2}, {"toll_boundary=90", time.Hour, 40},
	} {
		if got := (&unit{entry: entryOf(t, tt.words)}).units(tt.lasted); got != tt.want {
			t.Errorf("%q: %v are %d units, want %d", tt.words, tt.lasted, got, tt.want)
		}
	}
}

// TestCauses: what each failure means for the next call.
func TestCauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		tomorrow := now.Add(24 * time.Hour)
		for kind, want := range map[dial.Kind]dial.Cause{
			dial.Locked: {Crossed: true}, dial.Ringing: {Crossed: true}, dial.Busy: {Crossed: true}, dial.NoCarrier: {Crossed: true}, dial.NoAnswer: {Crossed: true},
			dial.OpenFailed: {}, dial.Silent: {}, dial.ModemError: {}, dial.ChatFailed: {}, dial.CommandFailed: {}, dial.Refused: {},
			dial.PINNotNoted: {}, dial.NoSignal: {}, dial.NotRegistered: {}, dial.CommandMode: {},
			dial.NoDialtone: {Hopeless: true}, dial.NoRoute: {Hopeless: true}, dial.NotNow: {Hopeless: true, Until: tomorrow},
			dial.NoSIM: {Hopeless: true}, dial.SIMLocked: {Hopeless: true}, dial.PINNeeded: {Hopeless: true}, dial.PINRefused: {Hopeless: true}, dial.PUKNeeded: {Hopeless: true},
			dial.Denied: {Hopeless: true}, dial.PDPRefused: {Hopeless: true}, dial.APNRefused: {Hopeless: true}, dial.AuthRefused: {Hopeless: true},
		} {
			err := &dial.Error{Kind: kind, Err: errors.New("so it is"), Next: tomorrow}
			if got := causeOf(explainCall(err), err); got != want {
				t.Errorf("%v: %+v, want %+v", kind, got, want)
			}
			if kind == dial.NotNow {
				continue
			}
			err.Retry = time.Minute // of Systems
			want.Until = now.Add(time.Minute)
			if got := causeOf(explainCall(err), err); got != want {
				t.Errorf("%v with a retry: %+v, want %+v", kind, got, want)
			}
		}
		for kind, want := range map[mp.Kind]bool{
			mp.OurAuth: true, mp.PeerAuth: true, mp.Loopback: true,
			mp.Silent: false, mp.Negotiation: false, mp.Hangup: false, mp.PeerDead: false, mp.PeerTerminated: false,
		} {
			if got := causeOf(explainLink(&mp.Failure{Kind: kind}, nil), nil); got != (dial.Cause{Hopeless: want}) {
				t.Errorf("%v: %+v", kind, got)
			}
		}
	})
}
