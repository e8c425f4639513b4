package mp

import (
	"errors"
	"net/netip"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// A channel is what the network protocols run over: here a bundle. It owns
// their machines.
type channel struct {
	b      *Bundle
	link   *Link // that carries packets, one of several; nil while none does
	ncps   []ncp
	ccp    *proto.CCP // also among ncps; nil: no compression
	coder  coder
	rx, tx Traffic
	heard  time.Time // when the last datagram came
	mtu    int

	fresh   wire.Protocol // what has opened last
	settled time.Time     // the peer's interface is taken to be ready
}

// settleTime is how long a peer of which nothing has come may need until its
// interface takes packets. Pppd has agreed to everything some milliseconds
// before, and what comes first is the packet that has caused the call.
const settleTime = 50 * time.Millisecond

// An ncp is one network control protocol and the packets it opens the way for.
type ncp struct {
	proto.Machine
	control wire.Protocol
	data    wire.Protocol
	network func() Network // what it has agreed upon; nil for CCP

	// In this connection.
	opened    bool
	disagreed bool // the owner was told
}

// dead reports whether there is nothing to hope for, as things are.
func (n *ncp) dead() bool {
	s := n.State()
	return n.network == nil || s == fsm.Closed || s == fsm.Stopped
}

// Traffic counts datagrams as the interface sees them.
type Traffic struct{ Packets, Bytes uint64 }

func (c *channel) init(b *Bundle) {
	c.b, c.mtu = b, b.cfg.MTU
	layer := func(p wire.Protocol) proto.Layer {
		return proto.Layer{
			Send:     func(packet wire.Packet) { c.send(p, packet) },
			Up:       func(now time.Time) { c.ncpUp(now, p) },
			Down:     func(now time.Time) { c.ncpDown(p) },
			Finished: func(now time.Time, err error) { c.ncpFinished(now, p, err) },
		}
	}
	if b.cfg.IPCP != nil {
		cfg := *b.cfg.IPCP
		cfg.Log, cfg.FSM.Log = b.log, b.log
		m := proto.NewIPCP(cfg, layer(wire.IPCP))
		c.ncps = append(c.ncps, ncp{Machine: m, control: wire.IPCP, data: wire.IPv4, network: func() Network {
			r := m.Result()
			c.coder.startVJ(r)
			return Network{Family: IPv4, Local: r.Local, Remote: r.Remote, DNS: r.DNS}
		}})
	}
	if b.cfg.IPV6CP != nil {
		cfg := *b.cfg.IPV6CP
		cfg.Log, cfg.FSM.Log = b.log, b.log
		m := proto.NewIPV6CP(cfg, layer(wire.IPV6CP))
		c.ncps = append(c.ncps, ncp{Machine: m, control: wire.IPV6CP, data: wire.IPv6, network: func() Network {
			r := m.Result()
			return Network{Family: IPv6, Local: linkLocal(r.Local), Remote: linkLocal(r.Remote)}
		}})
	}
	if b.cfg.CCP != nil {
		c.initCCP(*b.cfg.CCP)
	}
}

// initCCP adds the compression protocol, which opens the way for nothing by
// itself and whose failure costs nothing but compression.
func (c *channel) initCCP(cfg proto.CCPConfig) {
	cfg.Log, cfg.FSM.Log = c.b.log, c.b.log
	c.ccp = proto.NewCCP(cfg, proto.CCPLayer{
		Layer: proto.Layer{
			Send: func(packet wire.Packet) { c.send(wire.CCP, packet) },
			Up: func(time.Time) {
				r := c.ccp.Result()
				if r.Tx.Type == wire.CCPPredictor1 { // what went as it stands does not count
					c.coder.startTx(r.Tx)
				}
				c.b.log.Info("compression", "tx", compressionName(r.Tx), "rx", compressionName(r.Rx))
			},
			Down:     func(time.Time) { c.coder.stopRx() },
			Finished: func(time.Time, error) { c.coder.stopRx() },
		},
		RxAgreed: c.coder.startRx,
		TxAgreed: c.coder.startTx,
		ResetRequested: func(_ time.Time, _ []byte) []byte {
			if c.coder.tx != nil {
				c.coder.tx.Reset()
			}
			return nil
		},
		ResetAcked: func(time.Time, []byte) {
			if c.coder.rx != nil {
				c.coder.rx.Reset()
			}
		},
	})
	c.ncps = append(c.ncps, ncp{Machine: c.ccp, control: wire.CCP, data: wire.Compressed})
}

// settleTx has the coder compress only while CCP is open (RFC 1962, section 2),
// and forget what no Configure-Ack of ours stands for any more.
func (c *channel) settleTx() {
	if c.ccp == nil {
		return
	}
	s := c.ccp.State()
	if c.coder.opened = s == fsm.Opened; !c.coder.opened && s != fsm.AckSent {
		c.coder.stopTx()
	}
}

// lostDictionary asks the peer to begin its compression anew.
func (c *channel) lostDictionary(now time.Time, err error) {
	c.b.log.Debug("cannot decompress", "error", err)
	c.ccp.RequestReset(now, nil)
}

// linkLocal is the address that an interface identifier stands for (RFC 5072,
// section 5).
func linkLocal(id wire.InterfaceID) netip.Addr {
	a := [16]byte{0: 0xfe, 1: 0x80}
	copy(a[8:], id[:])
	return netip.AddrFrom16(a)
}

func (c *channel) find(p wire.Protocol) *ncp {
	for i := range c.ncps {
		if c.ncps[i].control == p {
			return &c.ncps[i]
		}
	}
	return nil
}

// lower says that link k carries packets now.
func (c *channel) lower(now time.Time, k *Link) {
	if c.link != nil {
		return
	}
	c.link = k
	r := k.lcp.Result()
	c.mtu = min(c.b.cfg.MTU, r.PeerMRU)
	if c.b.mp != nil {
		c.mtu = min(c.b.cfg.MTU, c.b.mp.peerMRRU)
	}
	c.coder.txLimit, c.coder.rxLimit = c.mtu, 2+max(maxPacket, r.MRU, r.MRRU)
	for i := range c.ncps {
		n := &c.ncps[i]
		n.opened, n.disagreed = false, false
		n.Open(now)
		n.Up(now)
	}
}

// move says that link k carries packets no longer, but another does.
func (c *channel) move(k, other *Link) {
	if c.link == k {
		c.link = other
	}
}

// down says that no link carries packets any more.
func (c *channel) down(now time.Time) {
	c.link, c.settled = nil, time.Time{}
	c.b.idle.end()
	for i := range c.ncps {
		c.ncps[i].Down(now)
	}
	c.coder.stopRx()
	c.b.resume()
}

func (c *channel) send(p wire.Protocol, packet wire.Packet) {
	k := c.link
	if k == nil {
		return
	}
	if m := c.b.mp; m != nil {
		if k = m.alone(); k == nil {
			m.send(p, packet)
			return
		}
	}
	k.sendControl(p, packet)
}

// control takes a packet of a control protocol, and reports false when we do
// not speak it.
func (c *channel) control(now time.Time, p wire.Protocol, info []byte) bool {
	n := c.find(p)
	if n == nil {
		return false
	}
	n.Input(now, info)
	return true
}

// rejected takes the peer's Protocol-Reject.
func (c *channel) rejected(now time.Time, p wire.Protocol) {
	if p == wire.VJCompressed || p == wire.VJUncompressed {
		c.coder.txVJ = nil
	}
	for i := range c.ncps {
		if n := &c.ncps[i]; p == n.control || p == n.data {
			n.ProtocolRejected(now)
		}
	}
}

// GiveUp ends a network protocol of this connection; the others go on.
func (b *Bundle) GiveUp(f Family) {
	b.loop.post(nil, func(now time.Time) {
		p := wire.IPCP
		if f == IPv6 {
			p = wire.IPV6CP
		}
		if n := b.net.find(p); n != nil {
			n.Close(now, "not available")
		}
	})
}

func (c *channel) ncpUp(now time.Time, p wire.Protocol) {
	m := c.find(p)
	m.opened = true
	n := m.network()
	n.MTU = c.mtu
	if n.Family == IPv4 {
		n.Former = c.b.former.agreed(n.Local, n.Remote)
	}
	c.b.log.Info("network up", "protocol", p, "local", n.LocalText(), "remote", n.RemoteText())
	if c.b.idle.since.IsZero() {
		c.b.idle.begin(now)
	}
	c.fresh, c.settled = m.data, now.Add(settleTime)
	c.b.cfg.Events.NetworkUp(c.b, n)
	c.b.resume()
}

func (c *channel) ncpDown(p wire.Protocol) {
	if p == wire.IPCP {
		c.coder.stopVJ()
	}
	delete(c.b.ready, c.find(p).data) // until the interface is told of the next one
	c.b.log.Info("network down", "protocol", p)
	c.b.cfg.Events.NetworkDown(c.b, familyOf(p))
}

func familyOf(p wire.Protocol) Family {
	if p == wire.IPCP {
		return IPv4
	}
	return IPv6
}

// ncpFinished ends the links when no network protocol is left to hope for.
func (c *channel) ncpFinished(now time.Time, p wire.Protocol, err error) {
	c.b.resume()
	if err != nil {
		c.b.log.Info("network protocol given up", "protocol", p, "error", err)
	}
	for _, n := range c.ncps {
		if !n.dead() {
			c.disagreed(c.find(p), err)
			return
		}
	}
	kind := Negotiation
	if errors.Is(err, fsm.ErrTerminated) {
		kind = PeerTerminated
	}
	for _, k := range append([]*Link(nil), c.b.loop.links...) {
		if k.bundle == c.b {
			k.fail(kind, "", err)
			k.close(now, kind, "No network protocols running")
		}
	}
}

// disagreed tells the owner about a protocol without which the links go on, if
// that is for want of agreement: the peer may have given up first. A peer that
// does not know the protocol, or ends it when it was up, has its reasons.
func (c *channel) disagreed(n *ncp, err error) {
	want := errors.Is(err, fsm.ErrImpasse) || errors.Is(err, fsm.ErrTerminated) && !n.opened
	if tell := c.b.cfg.Disagreed; tell != nil && want && !n.disagreed {
		n.disagreed = true
		tell(familyOf(n.control), err)
	}
}

// speaks reports whether the channel has anything to do with a protocol.
func (c *channel) speaks(p wire.Protocol) bool {
	for i := range c.ncps {
		if c.ncps[i].data == p {
			return true
		}
	}
	return false
}

// open reports whether packets of the protocol may pass.
func (c *channel) open(p wire.Protocol) bool {
	for i := range c.ncps {
		if c.ncps[i].data == p {
			return c.ncps[i].State() == fsm.Opened
		}
	}
	return false
}

// negotiating reports whether the protocol may yet open.
func (c *channel) negotiating(p wire.Protocol) bool {
	for i := range c.ncps {
		if n := &c.ncps[i]; n.data == p {
			return !n.dead() && n.State() != fsm.Opened
		}
	}
	return false
}

// up reports whether any network protocol is open.
func (c *channel) up() bool {
	for i := range c.ncps {
		if c.ncps[i].network != nil && c.ncps[i].State() == fsm.Opened {
			return true
		}
	}
	return false
}

func (c *channel) sent(n int) { c.tx.Packets++; c.tx.Bytes += uint64(n) }

func (c *channel) received(now time.Time, p wire.Protocol, n int) {
	c.rx.Packets++
	c.rx.Bytes += uint64(n)
	c.heard = now
	if p == c.fresh {
		c.settled = time.Time{}
	}
}

func (c *channel) advance(now time.Time) {
	if due(c.settled, now) {
		c.settled = time.Time{}
	}
	for i := range c.ncps {
		if due(c.ncps[i].Deadline(), now) {
			c.ncps[i].Advance(now)
		}
	}
}

func (c *channel) deadline() time.Time {
	t := c.settled
	for i := range c.ncps {
		t = earlier(t, c.ncps[i].Deadline())
	}
	return t
}
