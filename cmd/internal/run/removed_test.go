package run

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/mp"
	"pppdial/route/tun"
)

// TestRemovedInterface: a unit whose interface somebody else removes ends at once,
// whatever its mode and whether or not it has a link, and says why.
func TestRemovedInterface(t *testing.T) {
	for _, words := range []string{"out", "out camp", "quiet"} {
		for _, up := range []bool{true, false} {
			if words == "out" && !up {
				continue // it would still be calling
			}
			t.Run(fmt.Sprint(words, ", up: ", up), func(t *testing.T) {
				dir := t.TempDir()
				synctest.Test(t, func(t *testing.T) {
					var said strings.Builder
					w := newMemWorld(t)
					w.log = slog.New(slog.NewTextHandler(&said, nil))
					d, stop := w.serveUnits(dir, 1, words+" modwait=3600")
					u, _ := ask(t.Context(), d, func() *unit { return d.units[0] })
					for i := range 2 { // so that what is carried counts from the first
						host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Up})
						time.Sleep(10 * time.Second)
						w.tuns[0].Send(to(53))
						time.Sleep(time.Second)
						if words != "out" && !(up && i == 1) {
							w.hangUpAll()
							time.Sleep(10 * time.Second)
						}
					}
					if phase := oneUnit(t, d).Phase; (phase == status.NetworkPhase) != up {
						t.Fatalf("it is in phase %s", phase)
					}
					w.tuns[0].Close()
					time.Sleep(time.Minute)
					left, _ := ask(t.Context(), d, func() int { return len(d.units) })
					stop()
					if v := u.final; left != 0 || v.Status != StatusFatal || v.Cause != "the interface ppp0 has been removed" {
						t.Errorf("%d units left: %v", left, v)
					}
					if strings.Contains(said.String(), "sent=1844") { // less than nothing
						t.Error(said.String())
					}
				})
			})
		}
	}
}

// TestRemovedInterfaceOfACaller: the calls of others go on, and new ones are taken.
func TestRemovedInterfaceOfACaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 2, more: "ann recv_passwd=a localhost=10.0.0.1 remotehost=10.1.0.1 -ipv6\nbob recv_passwd=b localhost=10.0.0.1 remotehost=10.1.0.2 -ipv6\n"}
		d, stop := x.serve(t, 2, "recv_chap", "")
		defer stop()
		defer x.hangUp()
		ann := x.call(t, "ann", "a")
		<-ann.up
		bob := x.call(t, "bob", "b")
		<-bob.up
		time.Sleep(time.Minute)
		ask(t.Context(), d, func() error { return d.units[1].iface.tun.(*tun.Mem).Close() })
		if f := <-ann.lost; f.Kind != mp.PeerTerminated {
			t.Error(f)
		}
		time.Sleep(time.Minute)
		again := x.call(t, "ann", "a")
		<-again.up
		if len(bob.lost) > 0 {
			t.Error("the other caller was lost")
		}
	})
}
