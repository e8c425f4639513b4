package mp_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// tcpSegment is a segment of text whose headers are good for compression.
func tcpSegment(from, to string, seq uint32, text string) []byte {
	p := make([]byte, 40, 40+len(text))
	p = append(p, text...)
	p[0], p[8], p[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	binary.BigEndian.PutUint16(p[4:], uint16(seq))
	f, t := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(p[12:], f[:])
	copy(p[16:], t[:])
	copy(p[20:], []byte{0x9c, 0x40, 0, 80})
	binary.BigEndian.PutUint32(p[24:], seq)
	p[32], p[33] = 0x50, 0x10
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(p[10:], ^uint16(sum))
	return p
}

// TestCompressionThroughBundles: whatever has been agreed, packets come out as
// they went in, both ways, and the counters tell how much smaller they were.
func TestCompressionThroughBundles(t *testing.T) {
	text := strings.Repeat("What is said twice need not be sent twice. ", 20)
	for _, tt := range []struct {
		name   string
		method []proto.Compressor
		vj     bool
		want   string
		ratio  float64
	}{
		{"none", nil, false, "none", 1},
		{"VJ", nil, true, "none", 1},
		{"Deflate", []proto.Compressor{{Type: wire.CCPDeflate, Bits: 15}}, false, "deflate 15", 5},
		{"Deflate and VJ", []proto.Compressor{{Type: wire.CCPDeflate, Bits: 10}}, true, "deflate 10", 5},
		{"BSD Compress", []proto.Compressor{{Type: wire.CCPBSD, Bits: 12}}, true, "bsd 12", 1.5},
		{"Predictor", []proto.Compressor{{Type: wire.CCPPredictor1}}, false, "predictor1", 1.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				set := func(c *mp.BundleConfig) {
					c.IPCP.VJ = tt.vj
					if tt.method != nil {
						c.CCP = &proto.CCPConfig{Tx: tt.method, Rx: tt.method}
					}
				}
				la, lb := mptest.Pair(mptest.Config{})
				a, b := newEndWith(t, "caller", "10.0.0.2", "10.0.0.1", set), newEndWith(t, "server", "10.0.0.1", "10.0.0.2", set)
				defer b.close()
				defer a.close()
				a.start(la)
				b.start(lb)
				a.wantUp("both speak PPP")
				b.wantUp("both speak PPP")
				time.Sleep(time.Minute) // all is agreed upon
				seq := uint32(1)
				for i := range 40 {
					p, q := tcpSegment("10.0.0.2", "10.0.0.1", seq, text), tcpSegment("10.0.0.1", "10.0.0.2", seq, text)
					if i%10 == 9 { // no TCP
						p, q = udp("10.0.0.2", "10.0.0.1", 300), udp("10.0.0.1", "10.0.0.2", 300)
					}
					seq += uint32(len(text))
					a.tun.Send(p)
					b.tun.Send(q)
					if got := <-b.tun.Received(); !bytes.Equal(got, p) {
						t.Fatalf("packet %d came to the server as\n% x\nsent\n% x", i, got, p)
					}
					if got := <-a.tun.Received(); !bytes.Equal(got, q) {
						t.Fatalf("packet %d came to the caller as\n% x\nsent\n% x", i, got, q)
					}
				}
				for _, e := range []*end{a, b} {
					s, _ := e.bundle.Stats()
					for _, c := range []mp.Compression{s.TxCompression, s.RxCompression} {
						if c.Method != tt.want || c.Ratio() < tt.ratio {
							t.Errorf("%s: %+v, ratio %.2f; want %s, %v", e.name, c, c.Ratio(), tt.want, tt.ratio)
						}
					}
					on := uint64(0)
					for _, d := range s.Drops {
						on += d
					}
					if on > 0 || len(s.Links) != 1 {
						t.Errorf("%s: %d links, dropped %v", e.name, len(s.Links), s.Drops)
					}
				}
				octets := func(e *end) uint64 { s, _ := e.bundle.Stats(); return s.Links[0].Tx.Bytes }
				if plain := uint64(40 * len(text)); tt.vj && octets(a) > plain+40*20 {
					t.Errorf("%d octets for %d of text, though headers are compressed", octets(a), plain)
				}
			})
		})
	}
}

// TestFlushQueue: packets that nobody is called for any more are dropped and
// counted, and the next one asks anew.
func TestFlushQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newEnd(t, "caller", "10.0.0.2", "10.0.0.1")
		defer a.close()
		for range 3 {
			a.tun.Send(udp("10.0.0.2", "10.0.0.1", 100))
		}
		if what := <-a.demand; !strings.HasPrefix(what, "udp 10.0.0.2:") {
			t.Errorf("demanded for %q", what)
		}
		time.Sleep(time.Second)
		a.bundle.FlushQueue()
		time.Sleep(time.Second)
		if n := a.drops("no_link"); n != 3 || len(a.demand) > 0 {
			t.Errorf("%d packets dropped, %d more demands", n, len(a.demand))
		}
		a.tun.Send(udp("10.0.0.2", "10.0.0.1", 100))
		<-a.demand
	})
}

// TestCloseLinks: the links end in an orderly way, and the bundle stays for the
// next call.
func TestCloseLinks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := upPair(t, mptest.Config{}, nil)
		defer b.close()
		defer a.close()
		for range 2 {
			a.bundle.CloseLinks(mp.Idle, "idle")
			a.wantLost(mp.Idle, "we have closed it")
			if f := b.wantLost(mp.PeerTerminated, "the peer has"); !strings.Contains(f.Error(), "idle") {
				t.Errorf("%v does not tell why", f)
			}
			la, lb := mptest.Pair(mptest.Config{})
			a.start(la)
			b.start(lb)
			a.wantUp("of the next call")
			b.wantUp("of the next call")
			a.tun.Send(udp("10.0.0.2", "10.0.0.1", 100))
			<-b.tun.Received()
		}
	})
}

// TestGiveUp: a network protocol goes and another stays, until the link has none.
func TestGiveUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		both := func(c *mp.BundleConfig) { c.IPV6CP = &proto.IPV6CPConfig{} }
		a, b := newEndWith(t, "caller", "10.0.0.2", "10.0.0.1", both), newEndWith(t, "server", "10.0.0.1", "10.0.0.2", both)
		defer b.close()
		defer a.close()
		for range 2 {
			la, lb := mptest.Pair(mptest.Config{})
			a.start(la)
			b.start(lb)
			for range 2 {
				a.wantUp("of two protocols")
				b.wantUp("of two protocols")
			}
			a.bundle.GiveUp(mp.IPv6)
			if f := <-b.down; f != mp.IPv6 {
				t.Errorf("%v is down", f)
			}
			a.tun.Send(udp("10.0.0.2", "10.0.0.1", 100))
			<-b.tun.Received()
			a.bundle.GiveUp(mp.IPv4)
			a.wantLost(mp.Negotiation, "there is nothing to carry")
			b.wantLost(mp.PeerTerminated, "the other has gone")
			if f := <-b.down; f != mp.IPv4 {
				t.Errorf("%v is down", f)
			}
		}
	})
}

// TestNetworkProtocolAnew: one that the peer has ended and begun anew counts
// again: packets wait for it, and the link stays when the other one ends.
func TestNetworkProtocolAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", func(c *mp.BundleConfig) { c.IPV6CP = &proto.IPV6CPConfig{} })
		defer a.close()
		la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
		defer lb.Hangup()
		again := ipcpRequest
		again.ID = 8
		ipv6cpRequest := wire.Packet{Code: wire.ConfigureRequest, ID: 1, Data: wire.AppendInterfaceID(nil, wire.InterfaceID{7: 9})}
		startScripted(lb, nil, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			switch {
			case p == wire.LCP:
				s.send(wire.IPCP, ipcpRequest)
				s.send(wire.IPV6CP, ipv6cpRequest)
			case packet.Code == wire.ConfigureRequest && (p == wire.IPCP || p == wire.IPV6CP):
				s.send(p, wire.Packet{Code: wire.ConfigureAck, ID: packet.ID, Data: packet.Data})
			}
		})
		tee := &teeLine{Line: la}
		a.start(tee, noEcho)
		a.wantUp("of two protocols")
		a.wantUp("of two protocols")
		peer := &scripted{line: lb}
		peer.send(wire.IPCP, wire.Packet{Code: wire.TerminateRequest, ID: 7})
		time.Sleep(5 * time.Second)
		peer.send(wire.IPCP, again)
		time.Sleep(15 * time.Millisecond)
		tee.take()
		p := udp("10.0.0.2", "10.0.0.1", 9)
		a.tun.Send(p)
		a.wantUp("the peer has begun anew")
		time.Sleep(time.Second)
		if f := tee.frames(); len(f) != 1 || !bytes.HasSuffix(f[0], p) {
			t.Errorf("the peer got %x, want the packet that has waited", f)
		}
		peer.send(wire.IPV6CP, wire.Packet{Code: wire.TerminateRequest, ID: 9})
		time.Sleep(time.Minute)
		if len(a.lost) > 0 {
			t.Fatalf("IPv4 is up, and the link is ended: %v", <-a.lost)
		}
		peer.send(wire.IPCP, wire.Packet{Code: wire.TerminateRequest, ID: 10})
		a.wantLost(mp.PeerTerminated, "there is nothing to carry")
	})
}

// lateOnce is an end whose interface is told of the second connection only later.
type lateOnce struct {
	*end
	n *int
}

func (e lateOnce) NetworkUp(b *mp.Bundle, n mp.Network) {
	if *e.n++; *e.n == 1 {
		b.Ready(n.Family)
	}
	e.up <- n
}

// TestReadyAgain: what comes in a second connection waits as in the first one until
// the interface takes it.
func TestReadyAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newEnd(t, "caller", "", "")
		b := newEndWith(t, "server", "10.0.0.1", "10.0.0.2", func(c *mp.BundleConfig) { c.Events = lateOnce{c.Events.(*end), new(int)} })
		defer b.close()
		defer a.close()
		for first := range 2 {
			la, lb := mptest.Pair(mptest.Config{})
			a.start(la)
			b.start(lb)
			a.wantUp("the caller")
			b.wantUp("the server")
			a.tun.Send(udp("10.0.0.2", "10.0.0.1", 10))
			time.Sleep(time.Second)
			if got := len(b.tun.Received()); got != 1-first {
				t.Errorf("connection %d: %d packets", first+1, got)
			}
			if first == 1 {
				b.bundle.Ready(mp.IPv4)
				time.Sleep(time.Second)
			}
			if got := len(b.tun.Received()); got != 1 {
				t.Errorf("connection %d: %d packets when the interface is ready", first+1, got)
			} else {
				<-b.tun.Received()
			}
			la.Hangup()
			<-a.lost
			<-b.lost
		}
	})
}

// TestDisagreement: a link that goes on without a protocol on which the two sides
// could not agree is told of at both ends, once; one without a protocol that the
// peer does not have is not.
func TestDisagreement(t *testing.T) {
	for _, tt := range []struct {
		name     string
		remote   string // that the server insists on
		server   func(*mp.BundleConfig)
		toA, toB string // that they are told
	}{
		{"addresses", "10.0.0.9", func(*mp.BundleConfig) {},
			"the peer insists on 10.0.0.9 as our address, allowed are 10.0.0.2", "terminated by the peer: IPCP: no agreement"},
		{"no IPv4 there", "", func(c *mp.BundleConfig) { c.IPCP = nil }, "", ""},
		{"given up when it was up", "", func(c *mp.BundleConfig) { c.Events = givesUp{c.Events} }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				told := map[string]chan error{"caller": make(chan error, 9), "server": make(chan error, 9)}
				with := func(name, local, remote string, change func(*mp.BundleConfig)) *end {
					return newEndWith(t, name, local, remote, func(c *mp.BundleConfig) {
						c.IPV6CP = &proto.IPV6CPConfig{}
						c.Disagreed = func(f mp.Family, err error) {
							if f != mp.IPv4 {
								t.Errorf("%s: about IPv%d", name, f)
							}
							told[name] <- err
						}
						change(c)
					})
				}
				a := with("caller", "10.0.0.2", "", func(*mp.BundleConfig) {})
				b := with("server", "10.0.0.1", tt.remote, tt.server)
				defer b.close()
				defer a.close()
				la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
				a.start(la, noEcho)
				b.start(lb, noEcho)
				time.Sleep(time.Minute)
				for name, want := range map[string]string{"caller": tt.toA, "server": tt.toB} {
					var got []string
					for len(told[name]) > 0 {
						got = append(got, (<-told[name]).Error())
					}
					if len(got) > 1 || (len(got) == 1) != (want != "") || !strings.Contains(strings.Join(got, ""), want) {
						t.Errorf("%s: told %q, want %q", name, got, want)
					}
				}
				for _, e := range []*end{a, b} {
					if s, _ := e.bundle.Stats(); len(s.Links) != 1 || len(e.lost) > 0 {
						t.Errorf("%s: the link is not there", e.name)
					}
				}
			})
		})
	}
}

// givesUp has no use for IPv4.
type givesUp struct{ mp.Events }

func (g givesUp) NetworkUp(b *mp.Bundle, n mp.Network) {
	if n.Family == mp.IPv4 {
		b.GiveUp(n.Family)
	}
	g.Events.NetworkUp(b, n)
}
