package mp_test

import (
	"bytes"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
)

// TestFirstPacket: the packet that has caused a call is carried also when its
// protocol is not the first to open.
func TestFirstPacket(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
		a := newEndWith(t, "caller", "", "", func(c *mp.BundleConfig) {
			c.IPCP.DNS = true // is rejected, which takes a round trip more
			c.IPV6CP = &proto.IPV6CPConfig{}
		})
		b := newEndWith(t, "server", "10.0.0.1", "10.0.0.2", func(c *mp.BundleConfig) { c.IPV6CP = &proto.IPV6CPConfig{} })
		defer b.close()
		defer a.close()
		first := udp("10.0.0.2", "10.0.0.1", 100)
		a.tun.Send(first)
		<-a.demand
		a.start(la)
		b.start(lb)
		if n := a.wantUp("IPv6 has nothing to negotiate"); n.Family != mp.IPv6 {
			t.Fatalf("the first protocol up is that of %v", n.Local)
		}
		if got := <-b.tun.Received(); !bytes.Equal(got, first) {
			t.Errorf("the peer got %x", got)
		}
		if s, _ := a.bundle.Stats(); len(s.Drops) != 0 {
			t.Errorf("dropped: %v", s.Drops)
		}
	})
}

// TestFirstPacketInVain: when its protocol does not open, it is dropped and
// counted.
func TestFirstPacketInVain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
		a := newEndWith(t, "caller", "", "", func(c *mp.BundleConfig) { c.IPV6CP = &proto.IPV6CPConfig{} })
		b := newEndWith(t, "server", "", "", func(c *mp.BundleConfig) { c.IPCP, c.IPV6CP = nil, &proto.IPV6CPConfig{} })
		defer b.close()
		defer a.close()
		a.tun.Send(udp("10.0.0.2", "10.0.0.1", 100))
		<-a.demand
		a.start(la)
		b.start(lb)
		a.wantUp("IPv6")
		time.Sleep(time.Second)
		s, _ := a.bundle.Stats()
		if s.Drops["protocol_down"] != 1 {
			t.Errorf("dropped: %v", s.Drops)
		}
	})
}

// TestAnewWhileAdmitted: the peer begins anew while it is being decided where
// the link belongs, and has not finished when that is answered.
func TestAnewWhileAdmitted(t *testing.T) {
	for _, wait := range []time.Duration{0, 15 * time.Millisecond, time.Second} {
		bubble(t, func(t *testing.T) {
			la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
			a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
			defer b.close()
			defer a.close()
			a.asked = make(chan *mp.Admission, 2)
			a.start(la)
			b.start(lb)
			question := <-a.asked
			b.link.Drop(mp.Closed, "")
			b.wantLost(mp.Closed, "")
			b.start(lb)
			time.Sleep(wait)
			question.Join(a.bundle)
			a.wantUp("it has agreed anew")
			b.wantUp("it has agreed anew")
			p := udp("10.0.0.2", "10.0.0.1", 100)
			a.tun.Send(p)
			if got := <-b.tun.Received(); !bytes.Equal(got, p) {
				t.Errorf("the peer got %x", got)
			}
			if len(a.asked) != 0 {
				t.Error("asked twice")
			}
		})
	}
}
