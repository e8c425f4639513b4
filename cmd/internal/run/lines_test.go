package run

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/mp"
	"pppdial/mp/mptest"
)

// A fullPeer takes one line.
type fullPeer struct {
	*farPeer
	taken bool
}

func (p *fullPeer) Admit(a *mp.Admission) {
	if p.taken {
		a.Refuse("No further lines")
		return
	}
	p.taken = true
	a.Join(p.bundle)
}

// TestLinesInVain: lines that cannot join are not called, and those that the peer
// does not let in are called ever more rarely.
func TestLinesInVain(t *testing.T) {
	for _, tt := range []struct {
		name, words string
		full        bool // it has multilink
		addLine     bool
		calls       int // in an hour, at most
	}{
		{"mindevs and a peer without multilink", "out camp mindevs=2 outdevs=2", false, false, 1},
		{"pppstat add-line and a peer without multilink", "out camp outdevs=2", false, true, 1},
		{"mindevs and a peer that is full", "out camp mindevs=2 outdevs=2", true, false, 20},
		{"pppstat add-line and a peer that is full", "out camp outdevs=2", true, true, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newMemWorld(t)
				d, stop := w.serveEach(dir, w.world(), nil)
				defer stop()
				e := w.entry(0, tt.words)
				p := w.peers["rmt0"]
				if full := (&fullPeer{farPeer: p}); tt.full {
					p.takes = func(far *mptest.Line, c mp.LinkConfig) {
						c.Events = full
						p.nursery.Start(far, nil, c)
					}
				} else {
					p.entry = entryOf(t, "in -mp localhost=10.2.0.1 remotehost=10.1.0.1")
				}
				if v, _ := ask(t.Context(), d, func() *Verdict { return d.newUnit(e).begin() }); v != nil {
					t.Fatal(v)
				}
				time.Sleep(time.Minute)
				if tt.addLine {
					err := host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.AddLine})
					if (err == nil) != tt.full {
						t.Errorf("add-line: %v", err)
					}
				}
				time.Sleep(time.Hour)
				if n := len(w.tried()); n > tt.calls {
					t.Errorf("%d calls, want %d at most", n, tt.calls)
				}
				if b := oneUnit(t, d); len(b.Links) != 1 || b.Phase != status.NetworkPhase {
					t.Errorf("%d lines, phase %s", len(b.Links), b.Phase)
				}
			})
		})
	}
}

// TestOneLine: a further line of an entry that says -mp, and one too many of
// another, is refused with the reason, to pppstat and to who brings it.
func TestOneLine(t *testing.T) {
	const noMP = "-mp allows one line; the BF&I protocol, which would join more, has no public description"
	for _, tt := range []struct{ words, addLine, brought string }{
		{"out camp -mp", noMP, noMP},
		{"out camp maxdevs=1", "there is no room for another line: see outdevs and maxdevs", "there are as many lines as maxdevs allows"},
	} {
		t.Run(tt.words, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				var said strings.Builder
				w := newMemWorld(t)
				w.log = slog.New(slog.NewTextHandler(&said, nil))
				d, stop := w.serveUnits(dir, 1, tt.words)
				defer stop()
				time.Sleep(time.Minute)
				err := host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.AddLine})
				if err == nil || err.Error() != tt.addLine {
					t.Errorf("add-line: %v", err)
				}
				brought := make(chan Verdict, 1)
				near, far := mptest.Pair(mptest.Config{BPS: 115200})
				p := w.peers["rmt0"]
				p.nursery.Start(far, nil, linkConfig(p.entry, 0, p, silence))
				d.box.Put(func() {
					u := d.units[0]
					c := &conn{Line: near, hangUp: func(context.Context) { near.Hangup() }}
					d.talk(&member{conn: c, entry: u.entry, unit: u, origin: status.HandedOver, done: func(v Verdict) { brought <- v }})
				})
				if v := <-brought; v.Status != StatusFatal || v.By != "us" || v.Cause != tt.brought {
					t.Errorf("the line's %v", v)
				}
				if b := oneUnit(t, d); len(b.Links) != 1 {
					t.Errorf("%d lines", len(b.Links))
				}
				synctest.Wait()
				if want := fmt.Sprintf(`msg="a line too many" entry=rmt0 line=a lines=1 because=%q`, tt.brought); !strings.Contains(said.String(), want) {
					t.Errorf("want %s in\n%s", want, said.String())
				}
			})
		})
	}
}

// TestUnsafeMP: the side that was called calls for another line, which is its own:
// it is given back when it is no longer needed.
func TestUnsafeMP(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		d, stop := w.serveEach(dir, w.world(), nil)
		defer stop()
		e := w.entry(0, "in unsafe_mp outdevs=2 maxdevs=2")
		p := w.peers["rmt0"]
		near, far := mptest.Pair(mptest.Config{BPS: 115200})
		p.nursery.Start(far, nil, linkConfig(p.entry, 0, p, silence))
		u, _ := ask(t.Context(), d, func() *unit {
			u := d.newUnit(e) // as of a login shell
			c := &conn{Line: near, hangUp: func(context.Context) { near.Hangup() }}
			d.talk(&member{conn: c, entry: e, unit: u, origin: status.HandedOver})
			return u
		})
		time.Sleep(10 * time.Second)
		ask(t.Context(), d, func() bool { u.busy(); return true })
		time.Sleep(10 * time.Second)
		b := oneUnit(t, d)
		if len(b.Links) != 2 || b.Links[1].Origin != status.Dialed || b.Accounting.CallsMade != 1 {
			t.Errorf("with a load: %+v, %+v", b.Links, b.Accounting)
		}
		ask(t.Context(), d, func() bool { u.slack(); return true })
		time.Sleep(10 * time.Second)
		if b := oneUnit(t, d); len(b.Links) != 1 || b.Links[0].Origin != status.HandedOver {
			t.Errorf("without: %+v", b.Links)
		}
	})
}

// TestPostponed: a call that is not made because the peer's is on its way does not
// count for redial_limit.
func TestPostponed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		d, stop := w.serveEach(dir, w.world(), nil)
		defer stop()
		e := w.entry(0, "out camp redial_limit=2")
		near, far := mptest.Pair(mptest.Config{BPS: 115200})
		defer far.Hangup()
		ask(t.Context(), d, func() *Verdict {
			u := d.newUnit(e)
			d.main = u
			c := &conn{Line: near, hangUp: func(context.Context) { near.Hangup() }}
			d.talk(&member{conn: c, entry: e, unit: u, origin: status.HandedOver}) // its far end is silent
			return u.begin()
		})
		time.Sleep(5 * time.Minute)
		if b := oneUnit(t, d); len(w.tried()) != 1 || b.Phase != status.NetworkPhase {
			t.Errorf("calls %v, phase %s", w.tried(), b.Phase)
		}
	})
}
