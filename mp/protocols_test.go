package mp_test

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// onlyIPCP brings up IPCP and no other network protocol.
func onlyIPCP(peer *scripted, p wire.Protocol, packet wire.Packet) {
	switch {
	case p == wire.LCP:
		peer.send(wire.IPCP, ipcpRequest)
	case p == wire.IPCP && packet.Code == wire.ConfigureRequest:
		peer.send(p, wire.Packet{Code: wire.ConfigureAck, ID: packet.ID, Data: packet.Data})
	}
}

// TestOneNetworkProtocolOpen: RFC 1332, section 2.1, and RFC 5072, section 2:
// packets of one network protocol are neither sent nor taken while only the
// other one is open.
func TestOneNetworkProtocolOpen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", func(c *mp.BundleConfig) { c.IPV6CP = &proto.IPV6CPConfig{} })
		defer a.close()
		tee := &teeLine{Line: la}
		startScripted(lb, nil, nil, onlyIPCP)
		a.start(tee, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
		a.wantUp("")
		v4, v6 := udp("10.0.0.2", "10.0.0.1", 40), append([]byte{0x60, 0, 0, 0, 0, 0, 59, 64}, make([]byte, 32)...)
		(&scripted{line: lb}).raw(wire.IPv6, v6)
		a.tun.Send(v6)
		a.tun.Send(v4)
		time.Sleep(time.Second)
		sent := 0
		for _, f := range tee.frames() {
			if bytes.HasSuffix(f, v6) {
				t.Errorf("sent %x", f)
			}
			if bytes.HasSuffix(f, v4) {
				sent++
			}
		}
		if sent != 1 || len(a.tun.Received()) > 0 || a.drops("early") != 1 {
			t.Errorf("%d packets of IPv4 sent, %d for the interface, %d early", sent, len(a.tun.Received()), a.drops("early"))
		}
		a.link.Drop(mp.Closed, "")
		a.wantLost(mp.Closed, "")
		lb.Hangup()
	})
}

// TestProtocolsOfTheNetworkPhase: RFC 1661, section 3.6: those that we know are
// discarded until they are open, others are Rejected.
func TestProtocolsOfTheNetworkPhase(t *testing.T) {
	// Rejected whatever the configuration: what nobody knows, and what LCP has not
	// agreed upon.
	others := []wire.Protocol{0x8281, wire.LQR, wire.CHAP}
	for _, tt := range []struct {
		name     string
		ccp      bool
		early    uint64
		rejected []wire.Protocol
	}{
		{"without CCP", false, 3, append([]wire.Protocol{wire.Compressed, wire.CCP}, others...)},
		{"with CCP", true, 4, others},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", func(c *mp.BundleConfig) {
					c.IPCP.VJ = true
					if tt.ccp {
						c.CCP = &proto.CCPConfig{}
					}
				})
				defer a.close()
				tee := &teeLine{Line: la}
				startScripted(lb, nil, nil, func(peer *scripted, p wire.Protocol, packet wire.Packet) {
					if p != wire.LCP {
						return
					}
					datagram := udp("10.0.0.1", "10.0.0.2", 9)
					for _, p := range []wire.Protocol{wire.IPv4, wire.VJCompressed, wire.VJUncompressed, wire.Compressed} {
						peer.raw(p, datagram)
					}
					for _, p := range append([]wire.Protocol{wire.CCP}, others...) {
						peer.raw(p, []byte{1, 7, 0, 6, 1, 2})
					}
				})
				a.start(tee, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
				time.Sleep(time.Second)
				rejects := tee.rejects()
				slices.Sort(rejects) // those beside the network need not wait for admission
				if !slices.Equal(rejects, tt.rejected) || len(a.tun.Received()) > 0 || a.drops("early") != tt.early {
					t.Errorf("rejects %v, %d packets for the interface, %d early", rejects, len(a.tun.Received()), a.drops("early"))
				}
				a.link.Drop(mp.Closed, "")
				a.wantLost(mp.Closed, "")
				lb.Hangup()
			})
		})
	}
}

// TestRejectedProtocolStops: RFC 1661, section 5.7.
func TestRejectedProtocolStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
		defer a.close()
		var s seen
		startScripted(lb, nil, nil, func(peer *scripted, p wire.Protocol, packet wire.Packet) {
			s.note(p, packet)
			if p == wire.IPCP {
				info := wire.AppendPacket(wire.AppendProtocol(nil, p, false), packet)
				peer.send(wire.LCP, wire.Packet{Code: wire.ProtocolReject, ID: 99, Data: info})
			}
		})
		a.start(la, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
		time.Sleep(time.Minute)
		s.want(t, "one Configure-Request", 1)
		if len(a.lost) == 0 {
			a.link.Drop(mp.Closed, "")
		}
		<-a.lost
		a.link = nil
		lb.Hangup()
	})
}

// TestRejectedDataStops: the same for what an NCP has opened the way for.
func TestRejectedDataStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
		defer a.close()
		tee := &teeLine{Line: la}
		startScripted(lb, nil, nil, onlyIPCP)
		a.start(tee, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
		a.wantUp("")
		sent := func() (n int) {
			datagram := udp("10.0.0.2", "10.0.0.1", 40)
			tee.take()
			a.tun.Send(datagram)
			time.Sleep(time.Second)
			for _, f := range tee.frames() {
				if bytes.Equal(f, append([]byte{0xff, 0x03, 0x00, 0x21}, datagram...)) {
					n++
				}
			}
			return n
		}
		if n := sent(); n != 1 {
			t.Errorf("%d packets sent before", n)
		}
		(&scripted{line: lb}).send(wire.LCP, wire.Packet{Code: wire.ProtocolReject, ID: 99, Data: []byte{0x00, 0x21, 0x45}})
		synctest.Wait()
		if n := sent(); n != 0 {
			t.Errorf("%d packets sent after that", n)
		}
		a.link.Drop(mp.Closed, "")
		<-a.lost
		lb.Hangup()
	})
}
