package mp_test

import (
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// TestDeafPeer: a peer that asks without end and reads no answer fills its line,
// and no more of our memory than that.
func TestDeafPeer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
		defer a.close()
		const requests, size = 1000, 1490
		startScripted(lb, nil, nil, func(peer *scripted, p wire.Protocol, packet wire.Packet) {
			if p != wire.LCP {
				return
			}
			for range requests {
				peer.send(wire.LCP, wire.Packet{Code: wire.EchoRequest, ID: 1, Data: make([]byte, size)})
			}
			time.Sleep(time.Second)
		})
		a.start(la, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0; c.Log = nil })
		time.Sleep(5 * time.Second)
		if out, _ := la.Carried(); out > 1<<20 || out < 100*size {
			t.Errorf("%d octets of answers to %d requests", out, requests)
		}
		if n := a.drops("control"); n == 0 {
			t.Error("no answer counts as dropped")
		}
		a.link.Drop(mp.Closed, "")
		a.wantLost(mp.Closed, "")
		lb.Hangup()
	})
}
