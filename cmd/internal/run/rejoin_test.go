package run

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/route/routetest"
)

// TestLineBeforeHangup: a line that is up before the modem of the lost one has hung
// up is a connection like any other, which neither ends nor has calls counted.
func TestLineBeforeHangup(t *testing.T) {
	for _, words := range []string{"out", "out camp modwait=5", "quiet inactive_timeout=3600"} {
		t.Run(words, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newMemWorld(t)
				w.hangsUp = 10 * time.Second
				d, stop := w.serveUnits(dir, 1, words)
				defer stop()
				host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Up})
				time.Sleep(time.Minute)
				w.hangUpAll()
				time.Sleep(time.Second)
				u, near := w.callUs(d)
				time.Sleep(10 * time.Minute)
				calls, _ := ask(t.Context(), d, func() int { return len(u.policy.Calls()) })
				if b := oneUnit(t, d); b.Phase != status.NetworkPhase || len(b.Links) != 1 || calls != 1 {
					t.Errorf("%d calls, %+v", calls, b)
				}
				near.Hangup()
				time.Sleep(time.Minute)
				final, _ := ask(t.Context(), d, func() *Verdict { return u.final })
				if ended := final != nil; ended != (words == "out") {
					t.Errorf("in the end: %v", final)
				}
				if again := len(w.tried()) == 2; again != u.entry.Camp {
					t.Errorf("calls at %v", w.tried())
				}
			})
		})
	}
}

// TestLineBeforeRest: so is one that is up before the modem of a link that came to
// nothing has hung up.
func TestLineBeforeRest(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		w.hangsUp = 10 * time.Second
		began := time.Now()
		w.refuse = func(op string) error {
			if time.Since(began) < time.Second && strings.HasPrefix(op, "add address 10.") {
				return unix.EINVAL
			}
			return nil
		}
		d, stop := w.serveUnits(dir, 1, "out camp modwait=5 -ipv6")
		defer stop()
		time.Sleep(2 * time.Second)
		u, _ := w.callUs(d)
		time.Sleep(10 * time.Minute)
		calls, _ := ask(t.Context(), d, func() int { return len(u.policy.Calls()) })
		if b := oneUnit(t, d); b.Phase != status.NetworkPhase || calls != 1 || len(b.Verdicts) != 1 {
			t.Errorf("%d calls, %+v", calls, b)
		}
	})
}

// TestCallerAgain: who calls again while the modem of the call before hangs up is
// let in, and has the address's route.
func TestCallerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := routetest.New("test")
		k.AddLink("ppp0", false)
		k.AddLink("ppp1", false)
		x := &exchange{calls: make(chan *conn), free: 2, slow: 10 * time.Second, kernel: k,
			more: "joe recv_passwd=Joes localhost=10.0.0.1 remotehost=10.0.0.2 -ipv6 -dns\n"}
		_, stop := x.serve(t, 2, "recv_chap -dns", "")
		defer stop()
		defer x.hangUp()
		joe := x.call(t, "joe", "Joes")
		<-joe.up
		joe.bundle.Close(mp.Closed, "User request")
		<-joe.lost
		time.Sleep(2 * time.Second)
		joe = x.call(t, "joe", "Joes")
		select {
		case f := <-joe.lost:
			t.Fatal(f)
		case <-time.After(time.Minute):
		}
		if dev, _, err := k.Lookup((<-joe.up).Local); dev != "ppp1" {
			t.Errorf("the way to joe: %q, %v", dev, err)
		}
	})
}

// callUs brings the only unit a line of its peer's.
func (w *memWorld) callUs(d *daemon) (u *unit, near *mptest.Line) {
	near, far := mptest.Pair(mptest.Config{BPS: 115200})
	p := w.peers["rmt0"]
	p.nursery.Start(far, nil, linkConfig(p.entry, 0, p, silence))
	bring(d, near)
	u, _ = ask(w.t.Context(), d, func() *unit { return d.units[0] })
	return u, near
}

// bring is a login shell's for the only unit.
func bring(d *daemon, near *mptest.Line) {
	d.box.Put(func() {
		u := d.units[0]
		c := &conn{Line: near, hangUp: func(context.Context) { near.Hangup() }}
		d.talk(&member{conn: c, entry: u.entry, unit: u, origin: status.HandedOver})
	})
}

// meet runs two daemons with a unit for each words, where the other one takes the
// lines that one calls.
func meet(t *testing.T, dir string, words [2]string, log slog.Handler, takes func(called int, d *daemon, far *mptest.Line)) (ds [2]*daemon, stop func()) {
	var stops [2]func()
	for _, i := range []int{1, 0} { // the first one may call at once
		w := newMemWorld(t)
		w.log = slog.New(log)
		ds[i], stops[i] = w.serveEach(filepath.Join(dir, strconv.Itoa(i)), w.world(), nil)
		e := w.entry(0, words[i])
		w.peers["rmt0"].takes = func(far *mptest.Line, _ mp.LinkConfig) { takes(1-i, ds[1-i], far) }
		ask(t.Context(), ds[i], func() *Verdict {
			ds[i].main = ds[i].newUnit(e)
			return ds[i].main.begin()
		})
	}
	return ds, func() {
		stops[0]()
		stops[1]()
	}
}
