package run

import (
	"log/slog"
	"path/filepath"
	"strings"
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

// TestBrokenLink: SIGHUP is no failure of the call. Its verdict tells who does not
// know where the signal came from.
func TestBrokenLink(t *testing.T) {
	for _, words := range []string{"out", "out camp"} {
		t.Run(words, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w, log := newMemWorld(t), new(lockedBuffer)
				w.log = slog.New(slog.NewTextHandler(log, nil))
				d, stop := w.serveUnits(dir, 1, words)
				u, _ := ask(t.Context(), d, func() *unit { return d.units[0] })
				time.Sleep(time.Minute)
				d.box.Put(func() { d.signal(syscall.SIGHUP) })
				time.Sleep(time.Minute)
				stop()
				v := *u.final
				if u.entry.Camp {
					v = u.account.verdicts[0].Verdict
				}
				if v.Status != StatusHangup || v.By != "us" || v.Evidence != "SIGHUP" || v.Cause == "" || v.Try == "" {
					t.Error(v)
				}
				if s := log.b.String(); !strings.Contains(s, "verdict: status=16") || strings.Contains(s, "level=ERROR") {
					t.Errorf("the log says\n%s", s)
				}
			})
			if kept, _ := filepath.Glob(dir + "/failed-*"); len(kept) > 0 {
				t.Errorf("kept as failed calls: %q", kept)
			}
		})
	}
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
