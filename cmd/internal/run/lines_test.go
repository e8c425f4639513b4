package run

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
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

// TestCrossing: of the lines of two daemons that have called each other at the same
// time one stays, however slow they are. When the network was up before, that of the
// daemon which was called is a further one, and the network stays up, also when that
// line is no longer needed.
func TestCrossing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		calls  time.Duration // the other daemon, after the first one
		login  time.Duration // takes so long until its line is answered
		silent time.Duration // so long that line carries nothing
		links  int
		alone  string // "-mp ": there can be no other
	}{
		{"at the same time", 0, 0, 0, 1, ""},
		{"hardly later", 5 * time.Millisecond, 0, 0, 1, ""},
		{"a slow login", 0, 2 * time.Second, 0, 1, ""},
		{"a slow login, and no multilink", 0, 5 * time.Second, 0, 1, "-mp "},
		{"a slow line", 0, 0, 10 * time.Second, 1, ""},
		{"another line", 6 * time.Second, 0, 0, 2, ""},
		{"another line that is slow", 6 * time.Second, 2 * time.Second, 10 * time.Second, 2, ""},
	} {
		testRanks(t, tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				var said lockedBuffer
				quiet := "quiet inactive_timeout=600 " + tt.alone
				words := [2]string{quiet, quiet + "localhost=10.2.0.1 remotehost=10.1.0.1"}
				if tt.alone == "" {
					words[1] += " unsafe_mp outdevs=2"
				}
				ds, stop := meet(t, dir, words, slog.NewTextHandler(&said, nil), func(called int, d *daemon, far *mptest.Line) {
					if called == 1 {
						bring(d, far)
						return
					}
					far.Silence(true)
					time.AfterFunc(tt.silent, func() { far.Silence(false) })
					time.AfterFunc(tt.login, func() { bring(d, far) })
				})
				defer stop()
				wants := func(d *daemon) {
					ask(t.Context(), d, func() error {
						u := d.units[0]
						if u.up {
							u.busy()
							return nil
						}
						return u.callNow()
					})
				}
				wants(ds[0])
				time.Sleep(tt.calls)
				wants(ds[1])
				for _, want := range []int{tt.links, 1} { // a further line without a load is needed for 30 s
					time.Sleep(25 * time.Second)
					for _, d := range ds {
						if b := oneUnit(t, d); len(b.Links) != want || b.Phase != status.NetworkPhase {
							t.Errorf("%d links, phase %s, want %d", len(b.Links), b.Phase, want)
						}
					}
				}
				said.mu.Lock()
				defer said.mu.Unlock()
				if log := said.b.String(); tt.links > 1 && strings.Contains(log, "network down") {
					t.Errorf("the network was down:\n%s", log)
				}
			})
		})
	}
}

// testRanks runs a test with several ranks of the lines, which are made at random.
func testRanks(t *testing.T, name string, f func(*testing.T)) {
	for range 5 {
		t.Run(name, f)
	}
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

// TestSystems: a peer without a discriminator is the system that rem_sysname names,
// whichever labels and names its lines come with, or else each label and name is one.
// One with a discriminator is each label's own.
func TestSystems(t *testing.T) {
	const proved = "recv_chap recv_passwd=right "
	labels, first, choose := [2]string{"ann", "bob"}, [2]string{"ann", "ann"}, [2]string{"_IN", "_IN"}
	for _, tt := range []struct {
		name     string
		ann, bob string    // words of their entries
		labels   [2]string // by which ann's and bob's lines come
		told     bool      // the discriminator
		one      bool      // both lines are one machine's
	}{
		{"two labels", "", "", labels, false, false},
		{"two labels of one system", "rem_sysname=z", "rem_sysname=z", labels, false, true},
		{"two labels of two systems", "rem_sysname=z", "rem_sysname=y", labels, false, false},
		{"a system that has a label's name", "", "rem_sysname=ann", labels, false, true},
		{"a system that has a label's name, and proves its own", "", proved + "rem_sysname=ann", labels, false, true},
		{"two labels and names", proved, proved, labels, false, false},
		{"two labels and names of one system", proved + "rem_sysname=z", proved + "rem_sysname=z", labels, false, true},
		{"two names", proved, "", first, false, false},
		{"two names of one system", proved + "rem_sysname=z", "", first, false, true},
		{"two names that choose", proved, proved, choose, false, false},
		{"two names that choose one system", proved + "rem_sysname=z", proved + "rem_sysname=z", choose, false, true},
		{"two labels and a discriminator", "rem_sysname=z", "rem_sysname=z", labels, true, false},
		{"two names and a discriminator", proved + "rem_sysname=z", "", first, true, false},
		{"a discriminator", "", "", first, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			wtmp := filepath.Join(dir, "wtmp")
			if err := os.WriteFile(wtmp, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				o := checks
				o.Lookup = unknown
				f, diags := o.Parse("ppp.conf", fmt.Appendf(nil, "_IN reconfigure recv_chap\nann continue=+us %s\nbob continue=+us %s\n"+
					"+us localhost=10.0.0.1 remotehost=10.0.0.2 -ipv6 -dns\n", tt.ann, tt.bob))
				if diags.HasErrors() {
					t.Fatal(diags)
				}
				w := newMemWorld(t).world()
				w.books.Wtmp = wtmp
				log := slog.New(slog.NewTextHandler(t.Output(), nil))
				d := newDaemon(Options{StateDir: dir, Listen: true}, f, w, new(slog.LevelVar), log)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan Verdict, 1)
				go func() { ended <- d.run(ctx, nil, func() *Verdict { return nil }) }()
				x, p := &exchange{calls: make(chan *conn, 1)}, &person{}
				for i, name := range []string{"ann", "bob"} {
					words := "-endpoint_discriminator"
					if tt.told {
						words = ""
					}
					x.line(t, p, name, "right", words)
					e := d.answering(tt.labels[i])
					d.box.Put(func() { d.talk(&member{conn: <-x.calls, entry: e, origin: status.HandedOver}) })
					time.Sleep(time.Second)
				}
				var got []int
				for _, b := range look(t, d, rendezvous.Query{}).Bundles {
					got = append(got, len(b.Links))
				}
				if one := slices.Equal(got, []int{2}); one != tt.one || !one && !slices.Equal(got, []int{1, 1}) {
					t.Errorf("units of %v lines", got)
				}
				x.hangUp()
				cancel()
				<-ended
			})
			calls, err := os.ReadFile(wtmp)
			if err != nil {
				t.Fatal(err)
			}
			if tt.one && strings.HasPrefix(tt.ann, proved) && (!bytes.Contains(calls, []byte("ann")) || !bytes.Contains(calls, []byte("bob"))) {
				t.Errorf("not each line is recorded by the name that was proved for it: %q", calls)
			}
		})
	}
}
