package mp_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/comp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

var (
	bsdRequest = wire.Packet{Code: wire.ConfigureRequest, ID: 1, Data: wire.AppendBSD(nil, 12)}
	zeros      = udp("10.0.0.2", "10.0.0.1", 0)
)

func init() {
	zeros = append(zeros, make([]byte, 500)...)
	zeros[2], zeros[3] = byte(len(zeros)>>8), byte(len(zeros))
}

// A ccpPeer agrees to all of IPCP and does of CCP what the test wants.
type ccpPeer struct {
	*end
	tee  *teeLine
	line *mptest.Line
	acks atomic.Bool // what it is asked by CCP
}

// startCCP has the peer ask for BSD Compress.
func startCCP(a *end, acks bool) *ccpPeer {
	la, lb := mptest.Pair(mptest.Config{})
	c := &ccpPeer{end: a, tee: &teeLine{Line: la}, line: lb}
	c.acks.Store(acks)
	startScripted(lb, nil, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
		switch {
		case p == wire.LCP:
			s.send(wire.IPCP, ipcpRequest)
			s.send(wire.CCP, bsdRequest)
		case packet.Code == wire.ConfigureRequest && (p == wire.IPCP || p == wire.CCP && c.acks.Load()):
			s.send(p, wire.Packet{Code: wire.ConfigureAck, ID: packet.ID, Data: packet.Data})
		}
	})
	a.start(c.tee, func(k *mp.LinkConfig) { k.LCP.EchoInterval = 0 })
	a.wantUp("")
	time.Sleep(time.Second)
	return c
}

// carried is by which protocols five datagrams go out. They come out of the
// peer's decompressor as they were.
func (c *ccpPeer) carried(dec comp.Decompressor) (plain, compressed int) {
	c.t.Helper()
	c.tee.take()
	for range 5 {
		c.tun.Send(zeros)
		time.Sleep(100 * time.Millisecond)
	}
	for _, f := range c.tee.frames() {
		p, info, _ := wire.ParseProtocol(bytes.TrimPrefix(f, []byte("\xff\x03")))
		switch p {
		case wire.IPv4:
			plain++
			dec.Incompressible(f[2:])
		case wire.Compressed:
			compressed++
			if got, err := dec.Decompress(nil, info); err != nil || !bytes.Equal(got[1:], zeros) {
				c.t.Errorf("the peer gets %x, %v", got, err)
			}
		}
	}
	return plain, compressed
}

func (c *ccpPeer) want(why string, plain, compressed int, dec comp.Decompressor) {
	c.t.Helper()
	if p, q := c.carried(dec); p != plain || q != compressed {
		c.t.Errorf("%s: %d plain datagrams, %d compressed, want %d and %d", why, p, q, plain, compressed)
	}
}

func withBSD(c *mp.BundleConfig) {
	c.CCP = &proto.CCPConfig{Tx: []proto.Compressor{{Type: wire.CCPBSD, Bits: 12}}}
}

func (c *ccpPeer) hangup() {
	c.link.Drop(mp.Closed, "")
	c.wantLost(mp.Closed, "")
	c.line.Hangup()
}

// TestCompressedInOpenedOnly: RFC 1962, section 2. What goes before, from the
// Configure-Ack on, is known to the dictionaries.
func TestCompressedInOpenedOnly(t *testing.T) {
	for why, happens := range map[string]func(s *scripted){
		"no answer":           func(*scripted) { time.Sleep(time.Minute) },
		"a Terminate-Request": func(s *scripted) { s.send(wire.CCP, wire.Packet{Code: wire.TerminateRequest, ID: 9}) },
		"a worse request": func(s *scripted) {
			s.send(wire.CCP, wire.Packet{Code: wire.ConfigureRequest, ID: 9, Data: wire.AppendBSD(nil, 15)})
		},
	} {
		t.Run(why, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", withBSD)
				defer a.close()
				c := startCCP(a, false)
				dec := comp.NewBSDDecompressor(12, 2000)
				c.want("our request is not Acked", 5, 0, dec)
				happens(&scripted{line: c.line})
				time.Sleep(time.Second)
				if s, _ := a.bundle.Stats(); s.TxCompression.Method != "none" {
					t.Errorf("said to compress by %q after %s", s.TxCompression.Method, why)
				}
				c.want(why, 5, 0, dec)
				c.hangup()
			})
		})
	}
	t.Run("a late Ack", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", withBSD)
			defer a.close()
			c := startCCP(a, false)
			dec := comp.NewBSDDecompressor(12, 2000)
			c.want("our request is not Acked", 5, 0, dec)
			c.acks.Store(true)
			time.Sleep(10 * time.Second)
			c.want("CCP is open", 0, 5, dec)
			c.hangup()
		})
	})
}

// TestCompressionEndsWithTheLine: the next peer may know nothing of it.
func TestCompressionEndsWithTheLine(t *testing.T) {
	for _, acks := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", withBSD)
			defer a.close()
			c := startCCP(a, acks)
			c.line.Hangup()
			a.wantLost(mp.Hangup, "")
			if s, _ := a.bundle.Stats(); s.TxCompression.Method != "none" {
				t.Errorf("said to compress by %q without a line", s.TxCompression.Method)
			}
		})
	}
}

// TestCompressionAnew: the peer negotiates CCP anew while it is open.
func TestCompressionAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newEndWith(t, "ann", "10.0.0.2", "10.0.0.1", withBSD)
		defer a.close()
		c := startCCP(a, true)
		c.want("CCP is open", 0, 5, comp.NewBSDDecompressor(12, 2000))
		anew := bsdRequest
		anew.ID = 2
		(&scripted{line: c.line}).send(wire.CCP, anew)
		time.Sleep(time.Second)
		c.want("CCP is open again", 0, 5, comp.NewBSDDecompressor(12, 2000))
		c.hangup()
	})
}
