package mp_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// TestVJRejected: RFC 1661, sections 3.6 and 5.7, for the protocols of header
// compression: none is Rejected before IPCP is open, none is sent after it was
// Rejected, and none stays when IPCP goes.
func TestVJRejected(t *testing.T) {
	for _, rejected := range []wire.Protocol{wire.VJCompressed, wire.VJUncompressed} {
		t.Run(rejected.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", func(c *mp.BundleConfig) { c.IPCP.VJ = true })
				defer a.close()
				tee := &teeLine{Line: la}
				startScripted(lb, nil, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
					switch {
					case p == wire.LCP:
						s.raw(wire.VJUncompressed, tcpSegment("10.0.0.1", "10.0.0.2", 1, "early"))
						asks := ipcpRequest
						asks.Data = wire.AppendVJ(bytes.Clone(asks.Data), wire.VJ{MaxSlot: 15})
						s.send(wire.IPCP, asks)
					case p == wire.IPCP && packet.Code == wire.ConfigureRequest:
						s.send(p, wire.Packet{Code: wire.ConfigureAck, ID: packet.ID, Data: packet.Data})
					}
				})
				a.start(tee, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
				a.wantUp("")
				time.Sleep(time.Second)
				for _, f := range tee.frames() {
					if info, ok := bytes.CutPrefix(f, []byte("\xff\x03\xc0\x21")); ok && wire.Code(info[0]) == wire.ProtocolReject {
						t.Errorf("rejects %s", wire.Format(wire.LCP, info))
					}
				}
				if n := a.drops("early"); n != 1 {
					t.Errorf("%d early packets", n)
				}

				peer := &scripted{line: lb}
				goesAs := func(seq uint32, want wire.Protocol, why string) {
					t.Helper()
					tee.take()
					a.tun.Send(tcpSegment("10.0.0.2", "10.0.0.1", seq, "x"))
					time.Sleep(time.Second)
					if f := tee.frames(); len(f) != 1 || !bytes.HasPrefix(f[0], wire.AppendProtocol([]byte{0xff, 3}, want, false)) {
						t.Errorf("%s: %x", why, f)
					}
				}
				goesAs(1, wire.VJUncompressed, "the first segment")
				goesAs(2, wire.VJCompressed, "the next one")
				peer.send(wire.LCP, wire.Packet{Code: wire.ProtocolReject, ID: 7, Data: wire.AppendProtocol(nil, rejected, false)})
				synctest.Wait()
				goesAs(3, wire.IPv4, "the peer takes no compressed headers")
				if s, _ := a.bundle.Stats(); s.TxVJ || !s.RxVJ {
					t.Errorf("compressed headers: %v out, %v in", s.TxVJ, s.RxVJ)
				}

				peer.send(wire.IPCP, wire.Packet{Code: wire.TerminateRequest, ID: 8})
				<-a.down
				if s, _ := a.bundle.Stats(); s.TxVJ || s.RxVJ {
					t.Errorf("IPCP is down, compressed headers: %v out, %v in", s.TxVJ, s.RxVJ)
				}
				a.link.Drop(mp.Closed, "")
				<-a.lost
				lb.Hangup()
			})
		})
	}
}
