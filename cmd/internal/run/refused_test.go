package run

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/mp"
	"pppdial/mp/mptest"
)

// TestRefusedIPv6: where the kernel takes no IPv6 address, the link is as good as
// one without IPv6, and nobody is told of any.
func TestRefusedIPv6(t *testing.T) {
	for _, words := range []string{"out", "out camp", "quiet"} {
		t.Run(words, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := &scripted{memWorld: newMemWorld(t), began: time.Now()}
				w.log = slog.New(w)
				w.refuse = func(op string) error {
					if strings.HasPrefix(op, "add address fe80:") {
						return unix.EACCES
					}
					return nil
				}
				d, stop := w.serveEach(dir, w.world(), []string{words + " add_route"})
				defer stop()
				w.tuns[0].Send(to(53))
				time.Sleep(20 * time.Second)
				if got, want := w.told(), []string{"0 call", "1 up"}; !slices.Equal(got, want) {
					t.Fatalf("%q, want %q", got, want)
				}
				b := look(t, d, rendezvous.Query{}).Bundles[0]
				if b.Local != "10.1.0.1" || b.Local6 != "" {
					t.Errorf("addresses %q and %q", b.Local, b.Local6)
				}
				if told, _ := ask(t.Context(), d, func() bool { return d.units[0].hooks.nets.v6 != nil }); told {
					t.Error("name servers and scripts are told of IPv6")
				}
				if s := w.kernels[0].String(); !strings.Contains(s, "default") || strings.Contains(s, "fe80:") {
					t.Errorf("the kernel has\n%s", s)
				}
				arrived := w.peers["rmt0"].tun.Received()
				for len(arrived) > 0 {
					<-arrived
				}
				w.tuns[0].Send(to(53))
				time.Sleep(time.Second)
				if len(arrived) != 1 {
					t.Errorf("%d packets have come through", len(arrived))
				}
			})
		})
	}
}

// TestSmallPackets: so is one whose packets are too small for IPv6.
func TestSmallPackets(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		w.refuse = func(op string) error {
			if strings.Contains(op, "fe80:") {
				t.Error("the kernel is asked to", op)
			}
			return nil
		}
		d, stop := w.serveUnits(dir, 1, "out -ipv6")
		defer stop()
		time.Sleep(10 * time.Second)
		told, _ := ask(t.Context(), d, func() bool {
			u := d.units[0]
			u.networkUp(mp.Network{Family: mp.IPv6, Local: netip.MustParseAddr("fe80::1"), Remote: netip.MustParseAddr("fe80::2"), MTU: 576})
			return u.hooks.nets.v6 != nil
		})
		b := look(t, d, rendezvous.Query{}).Bundles[0]
		if told || b.Local6 != "" || b.Phase != status.NetworkPhase {
			t.Errorf("IPv6 told: %v; %+v", told, b)
		}
	})
}

// TestRefusedAddresses: a link whose addresses the kernel does not take has failed,
// and the next call is made after a rest like that after any call which hardly gets
// better, also when IPv6 has come up before.
func TestRefusedAddresses(t *testing.T) {
	for _, tt := range []struct {
		words string
		want  []string
		until time.Duration
		ends  bool
	}{
		{"out", []string{"0 call"}, time.Minute, true},
		{"out camp", []string{"0 call", "1 slowing down", "61 call", "62 slowing down", "182 call", "183 giving up", "183 slowing down", "423 call"}, 424 * time.Second, false},
		{"quiet modtries=2", []string{"0 call", "1 slowing down", "61 call", "62 giving up", "62 slowing down"}, 10 * time.Minute, false},
	} {
		for _, first := range []string{"IPv4", "IPv6", "either"} {
			t.Run(fmt.Sprint(tt.words, ", first ", first), func(t *testing.T) {
				dir := t.TempDir()
				synctest.Test(t, func(t *testing.T) {
					w := &scripted{memWorld: newMemWorld(t), began: time.Now()}
					w.log = slog.New(w)
					words := tt.words + " localhost=0" // for which a Configure-Request more has to go
					switch {
					case first == "IPv4":
						words += " -ipv6"
					case first == "either" && !strings.HasPrefix(words, "quiet"): // which has its address before
						words = tt.words
					}
					w.refuse = func(op string) error {
						if strings.HasPrefix(op, "add address 10.1.") {
							time.Sleep(10 * time.Millisecond) // in which the other protocol opens
							return unix.EINVAL
						}
						return nil
					}
					d, stop := w.serveEach(dir, w.world(), []string{words})
					defer stop()
					u, _ := ask(t.Context(), d, func() *unit { return d.units[0] })
					w.tuns[0].Send(to(53))
					time.Sleep(tt.until)
					got := slices.DeleteFunc(w.told(), func(s string) bool { return slices.Contains([]string{"up", "down,"}, strings.Fields(s)[1]) })
					if !slices.Equal(got, tt.want) {
						t.Errorf("%q, want %q", got, tt.want)
					}
					if first == "IPv6" && !slices.Contains(w.told(), "1 up") {
						t.Errorf("%q: IPv6 was not up first", w.told())
					}
					v, _ := ask(t.Context(), d, func() *Verdict { return u.final })
					if ended := v != nil && v.Status == StatusFatal; ended != tt.ends {
						t.Errorf("ended with %v", v)
					}
				})
			})
		}
	}
}

// TestNoAddress: a link over which nobody gives us an address is one without IPv4,
// and comes to an end where there is no IPv6 either.
func TestNoAddress(t *testing.T) {
	const (
		neither = "neither side knows an address"
		peer    = "the peer gives us no address"
		try     = "give localhost= and remotehost=, here or at the peer"
		none    = "localhost=0 remotehost=0 "
		theirs  = "localhost=10.2.0.1 remotehost=0 "
	)
	for _, tt := range []struct {
		name         string
		ours, theirs string
		ends         bool
		cause        string
	}{
		{"neither side's", none, none, false, neither},
		{"the peer's alone", none, theirs, false, peer},
		{"neither side's, and no IPv6", none + "-ipv6", none + "-ipv6", true, neither},
		{"the peer's alone, and no IPv6", none + "-ipv6", theirs + "-ipv6", true, peer},
		{"neither side's, and no IPv6 here", none + "-ipv6", none, true, neither},
		{"neither side's, and no IPv6 there", none, none + "-ipv6", true, neither},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				var said lockedBuffer
				ds, stop := meet(t, dir, [2]string{"out " + tt.ours, "quiet inactive_timeout=600 " + tt.theirs}, slog.NewTextHandler(&said, nil),
					func(_ int, d *daemon, far *mptest.Line) { bring(d, far) })
				u, _ := ask(t.Context(), ds[0], func() *unit { return ds[0].main })
				time.Sleep(40 * time.Second)
				if !tt.ends {
					if b := oneUnit(t, ds[0]); len(b.Links) != 1 || b.Local != "" || b.Local6 == "" {
						t.Errorf("%+v", b)
					}
				}
				stop()
				if v := u.final; tt.ends && (v.Status != StatusNegotiation || v.Phase != mp.PhaseNetwork.String() || v.Cause != tt.cause || v.Try != try) {
					t.Errorf("ended with %v", v)
				}
				log := said.b.String()
				if want := fmt.Sprintf("msg=\"no IPv4\" entry=rmt0 interface=ppp0 cause=%q try=%q", tt.cause, try); !tt.ends && !strings.Contains(log, want) {
					t.Errorf("want %s in\n%s", want, log)
				}
				if strings.Contains(log, "invalid IP") || strings.Contains(log, "the kernel") {
					t.Errorf("log\n%s", log)
				}
			})
		})
	}
}

// TestNoAddressSlowsDown: calls that cannot help are made ever more rarely, and the
// modem is not reset for them.
func TestNoAddressSlowsDown(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		words := [2]string{"out camp reset_on_fail localhost=0 remotehost=0 -ipv6", "quiet inactive_timeout=600 localhost=0 remotehost=0 -ipv6"}
		_, stop := meet(t, dir, words, slog.DiscardHandler, func(_ int, d *daemon, far *mptest.Line) {
			calls++
			bring(d, far)
		})
		time.Sleep(6 * time.Hour)
		stop()
		if calls < 5 || calls > 12 {
			t.Errorf("%d calls in six hours", calls)
		}
	})
}

// TestElsewhere: what another process has the lines of is not called in vain, and is
// had when that is over, though the other process goes on.
func TestElsewhere(t *testing.T) {
	for _, tt := range []struct {
		first       string // words of the other's entry
		up          bool
		least, most int // calls in an hour
	}{
		{"out camp", false, 2, 8},
		{"quiet inactive_timeout=60", true, 1, 1},
	} {
		t.Run(tt.first, func(t *testing.T) {
			state, dirs := t.TempDir(), [2]string{t.TempDir(), t.TempDir()}
			var servers [2]*rendezvous.Server
			for i := range servers {
				var err error
				if servers[i], err = rendezvous.Listen(state, rendezvous.Options{}, nil); err != nil {
					t.Fatal(err)
				}
				defer servers[i].Close()
			}
			synctest.Test(t, func(t *testing.T) {
				var second *unit
				var w *memWorld
				for i, words := range []string{tt.first, "out camp"} {
					w = newMemWorld(t)
					d, stop := w.serveEach(dirs[i], w.world(), nil)
					defer stop()
					e := w.entry(0, words+" rem_sysname=office")
					w.peers["rmt0"].entry = entryOf(t, "in -endpoint_discriminator localhost=10.2.0.1 remotehost=10.1.0.1")
					second, _ = ask(t.Context(), d, func() *unit {
						d.server = servers[i]
						u := d.newUnit(e)
						d.main = u
						u.begin()
						return u
					})
					time.Sleep(time.Second)
					ask(t.Context(), d, func() error { return second.callNow() })
					defer ask(context.Background(), d, func() bool { d.server = nil; return true }) // its goroutines are not of this bubble
					time.Sleep(10 * time.Minute)
				}
				time.Sleep(50 * time.Minute)
				if n := len(w.tried()); second.up != tt.up || n < tt.least || n > tt.most {
					t.Errorf("up %v, %d calls", second.up, n)
				}
			})
		})
	}
}
