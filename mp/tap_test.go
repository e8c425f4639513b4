package mp_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
)

// A tap keeps what it is shown.
type tap struct {
	mu     sync.Mutex
	frames [2][][]byte // by direction
}

func (t *tap) Frame(d mp.Direction, frame []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frames[d] = append(t.frames[d], bytes.Clone(frame))
}

// TestTap: one side's tap is shown as received what the other's is shown as
// sent, from the first Configure-Request on, data included.
func TestTap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{BPS: 115200, Delay: 10 * time.Millisecond})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		var ta, tb tap
		b.start(lb, func(c *mp.LinkConfig) { c.Tap = &tb })
		a.start(la, func(c *mp.LinkConfig) { c.Tap = &ta })
		a.wantUp("both speak PPP")
		b.wantUp("both speak PPP")
		packet := udp("10.0.0.2", "10.0.0.1", 700)
		a.tun.Send(packet)
		<-b.tun.Received()
		a.link.Close(mp.Closed, "")
		a.wantLost(mp.Closed, "we have asked for it")
		b.wantLost(mp.PeerTerminated, "the peer has sent a Terminate-Request")
		if !slices.EqualFunc(ta.frames[mp.Sent], tb.frames[mp.Received], bytes.Equal) {
			t.Errorf("the caller sent\n%x\nthe server received\n%x", ta.frames[mp.Sent], tb.frames[mp.Received])
		}
		if !slices.EqualFunc(tb.frames[mp.Sent], ta.frames[mp.Received], bytes.Equal) {
			t.Errorf("the server sent\n%x\nthe caller received\n%x", tb.frames[mp.Sent], ta.frames[mp.Received])
		}
		if !slices.ContainsFunc(ta.frames[mp.Sent], func(f []byte) bool { return bytes.HasSuffix(f, packet) }) {
			t.Error("no frame with the packet")
		}
	})
}
