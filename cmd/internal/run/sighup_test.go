package run

import (
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/mp"
)

// TestBrokenCalls: SIGHUP breaks the links of all callers, of those too who have not
// yet said who they are, and the next calls are answered.
func TestBrokenCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 2, more: "ann recv_passwd=a localhost=10.0.0.1 remotehost=10.1.0.1 -ipv6\n"}
		d, stop := x.serve(t, 2, "recv_chap", "")
		defer stop()
		defer x.hangUp()
		for range 2 {
			ann := x.call(t, "ann", "a")
			<-ann.up
			stranger := x.call(t, "nobody", "wrong") // a refusal takes two seconds
			time.Sleep(time.Second)
			ask(t.Context(), d, func() error { d.breakLinks(); return nil })
			for _, p := range []*person{ann, stranger} {
				if f := <-p.lost; f.Kind != mp.PeerTerminated {
					t.Error(f)
				}
			}
			time.Sleep(time.Minute)
			if n := len(look(t, d, rendezvous.Query{}).Bundles); n != 1 {
				t.Fatalf("%d units", n)
			}
		}
	})
}

// TestHangupOfOwnLine: the SIGHUP that the kernel sends to a login shell whose own
// line has lost the carrier breaks none of the others; another one breaks all.
func TestHangupOfOwnLine(t *testing.T) {
	for hungUp, want := range map[bool]int{true: 2, false: 0} {
		synctest.Test(t, func(t *testing.T) {
			d, stop := newMemWorld(t).serveUnits(t.TempDir(), 1, "out mindevs=2 outdevs=2 maxdevs=2")
			defer stop()
			time.Sleep(time.Minute)
			ask(t.Context(), d, func() error {
				d.opt.Login, d.world.hungUp = true, func() bool { return hungUp }
				d.signal(syscall.SIGHUP)
				return nil
			})
			time.Sleep(time.Minute)
			if n, err := ask(t.Context(), d, func() int { return len(d.members) }); n != want || err != nil {
				t.Errorf("our line is hung up: %v; %d lines are left: %v", hungUp, n, err)
			}
		})
	}
}

// TestHungUp: a terminal is, once its other end is closed.
func TestHungUp(t *testing.T) {
	m, s := openPTY(t)
	if hungUp(s) {
		t.Error("at first")
	}
	m.Close()
	if !hungUp(s) {
		t.Error("not in the end")
	}
}
