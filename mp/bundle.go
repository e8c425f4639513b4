package mp

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"pppdial/mp/wire"
)

// A Bundle is one network interface and the links that carry it. It outlives
// its links: without any it keeps the interface and says when a packet waits.
type Bundle struct {
	// Fixed after creation.
	cfg    BundleConfig
	log    *slog.Logger
	loop   *loop
	pool   *packetPool
	intake *intake

	told atomic.Pointer[snapshot] // to who has looked last

	// Owned by the loop.
	lookers []chan<- *snapshot
	net     channel
	mp      *multilink // nil: the link has not agreed on it, or there is none
	load    load
	pumped  time.Time // when the lines were offered what waits
	queue   *queue
	waiting *batch // has packets that the queue has no room for; nil: none
	probes  fifo   // go before the queue
	out     outbox
	ready   map[wire.Protocol]bool // the interface takes them
	early   [][]byte               // datagrams that it does not take yet
	later   []*packet              // of protocols that are not open yet
	drops   [dropReasons]uint64
	idle    activity
	former  renumbering
	demands bool // Demand was told and no link has come since

	offloader offloader // nil: the interface is none
	offloads  bool
}

// NewBundle makes a bundle on an interface and starts to read it. The caller
// closes the interface after the bundle's Done.
func NewBundle(cfg BundleConfig) *Bundle {
	b := &Bundle{cfg: cfg, log: logger(cfg.Log), ready: map[wire.Protocol]bool{}}
	b.idle.cfg = cfg.Idle
	b.offloader, _ = cfg.Tun.(offloader)
	b.former.agreed(cfg.Local, cfg.Remote)
	b.queue = newQueue(cfg.QueueLimit, cfg.MTU, b.drop)
	b.pool = newPacketPool(max(cfg.MTU, minMTU))
	b.loop = newLoop(b)
	b.intake = newIntake(cfg.Tun, b.pool, b.loop.done)
	b.net.init(b)
	go b.intake.run()
	go b.loop.run()
	return b
}

// Close ends all links in an orderly way, and then the bundle.
func (b *Bundle) Close(kind Kind, reason string) {
	b.loop.post(nil, func(now time.Time) {
		b.closeLinks(now, kind, reason)
		b.loop.stopping = true
	})
}

// SetLimits changes how long the links may have nothing to carry, with and
// without open TCP connections, and how long a call may last, as IdleConfig and
// BundleConfig have it; the present call included.
func (b *Bundle) SetLimits(active, inactive, maxConnect time.Duration) {
	b.loop.post(nil, func(time.Time) {
		b.idle.cfg.Active, b.idle.cfg.Inactive, b.cfg.MaxConnect = active, inactive, maxConnect
	})
}

// CloseLinks ends all links; the bundle and its interface stay.
func (b *Bundle) CloseLinks(kind Kind, reason string) {
	b.loop.post(nil, func(now time.Time) { b.closeLinks(now, kind, reason) })
}

func (b *Bundle) closeLinks(now time.Time, kind Kind, reason string) {
	for _, k := range append([]*Link(nil), b.loop.links...) {
		k.close(now, kind, reason)
	}
}

// Done is closed when the bundle has ended.
func (b *Bundle) Done() <-chan struct{} { return b.loop.done }

// up reports whether a network protocol is open.
func (b *Bundle) up() bool { return b.net.up() }

// linkJoined takes in a link whose loop is the bundle's already.
func (b *Bundle) linkJoined(now time.Time, k *Link) {
	if why := b.misfit(k); why != "" {
		k.close(now, Refused, why)
		return
	}
	if t := termsOf(k.lcp.Result()); b.carrier() == nil && t != (terms{}) {
		b.mp = newMultilink(b, t)
	}
	k.bundle, k.home, k.joined = b, b, now
	b.demands = false
	k.setPhase(now, PhaseNetwork)
	b.log.Info("link joined", "line", k.Name(), "peer", k.peerName, "links", b.links())
	if b.mp != nil {
		b.mp.join(now, k)
	}
	b.load.restart(now, b)
	b.net.lower(now, k)
	held := k.held
	k.held = nil
	for _, h := range held {
		if k.bundle != b {
			return
		}
		b.input(now, k, h.proto, h.info)
	}
}

// linkLeft is called when a link no longer carries data. Orderly says that it
// was we who have ended it.
func (b *Bundle) linkLeft(now time.Time, k *Link, orderly bool) {
	if b.mp != nil {
		b.mp.leave(now, k, orderly)
	}
	if other := b.carrier(); other != nil {
		b.log.Info("link left", "line", k.Name(), "links", b.links())
		b.net.move(k, other)
		b.load.restart(now, b)
		return
	}
	b.net.down(now)
	b.dropProbes()
	if b.mp != nil {
		b.drops[dropNoLink] += uint64(b.mp.tx.Drop())
		b.mp = nil
	}
	b.load.restart(now, b)
}

// rateKnown tells the queue how fast the lines are together.
func (b *Bundle) rateKnown() {
	rate := 0.0
	for _, k := range b.loop.links {
		if k.bundle == b && (k.line == nil || k.usable()) {
			rate += k.pace.rate
		}
	}
	b.queue.setRate(rate)
}

// links is the number of links that carry data.
func (b *Bundle) links() (n int) {
	for _, k := range b.loop.links {
		if k.bundle == b {
			n++
		}
	}
	return n
}

// carrier returns a link that carries data, nil when there is none.
func (b *Bundle) carrier() *Link {
	for _, k := range b.loop.links {
		if k.bundle == b {
			return k
		}
	}
	return nil
}

// outbound takes packets from the interface.
func (b *Bundle) outbound(now time.Time, packets *batch) {
	if packets.err != nil {
		if b.cfg.Gone != nil {
			b.cfg.Gone(packets.err)
		}
		b.closeLinks(now, Closed, "interface removed")
		return
	}
	b.waiting = packets
	b.refill(now)
}

// full reports whether the interface has to wait with further packets.
func (b *Bundle) full() bool { return b.waiting != nil }

// refill queues what the interface has given, as far as it shall: on fast lines
// no more than the queue holds. Senders are told by the interface's own queue
// then, which costs them no packet, and what stands there is soon gone.
func (b *Bundle) refill(now time.Time) {
	in := b.waiting
	if in == nil {
		return
	}
	down, hold := b.carrier() == nil, b.fast()
	for !(hold && b.queue.n >= b.cfg.QueueLimit) {
		p := in.next()
		if p == nil {
			b.waiting = nil
			b.intake.empty <- in
			break
		}
		if down && !b.idle.counts(p.data) {
			b.drop(p, dropNoLink)
			continue
		}
		b.enqueue(now, p)
	}
	if down {
		b.demand()
	}
}

// fast reports whether there is a line before which nothing waits for long.
func (b *Bundle) fast() bool {
	for _, k := range b.loop.links {
		if k.bundle == b && k.pace.quickly() {
			return true
		}
	}
	return false
}

func (b *Bundle) enqueue(now time.Time, p *packet) {
	p.at = now
	if reason := b.judge(p); reason != keep {
		b.drop(p, reason)
		return
	}
	if b.cfg.ClampMSS {
		clampMSS(p.data, b.net.mtu)
	}
	b.queue.push(p, urgent(p.data, b.cfg.TelnetTOS))
}

// judge says whether a packet of the interface may go out at all.
func (b *Bundle) judge(p *packet) dropReason {
	proto := protocolOf(p.data)
	if proto == 0 {
		return dropMalformed
	}
	if !b.net.speaks(proto) {
		return dropProtocolDown
	}
	if b.cfg.NoICMP {
		if above, _ := transport(p.data); above == protoICMP || above == protoICMPv6 {
			return dropICMP
		}
	}
	return keep
}

// demand tells the owner that a packet waits, once until a link comes.
func (b *Bundle) demand() {
	if p := b.queue.peek(); p != nil && !b.demands {
		b.demands = true
		b.cfg.Events.Demand(b, describe(p.data))
	}
}

// FlushQueue drops the packets that wait for a link.
func (b *Bundle) FlushQueue() {
	b.loop.post(nil, func(time.Time) {
		b.resume()
		b.queue.flush(dropNoLink)
		b.demands = false
	})
}

func (b *Bundle) drop(p *packet, why dropReason) {
	b.drops[why]++
	b.pool.put(p)
}

// refuse drops a packet whose address is no longer the interface's, and tells
// its sender.
func (b *Bundle) refuse(p *packet) {
	if answer := b.former.refusal(p.data); answer != nil {
		b.hand(answer)
		b.deliver()
	}
	b.drop(p, dropRenumbered)
}

// input takes what came over link k and is no matter of the link's own.
func (b *Bundle) input(now time.Time, k *Link, p wire.Protocol, info []byte) {
	if p == wire.MP && b.mp != nil {
		b.mp.input(now, k, info)
		return
	}
	b.packet(now, k, p, info, true)
}

// packet takes a network-layer packet, or one of its control protocols. Link k
// takes a Protocol-Reject. Ordered says that it stands where its sender has put
// it among the others.
func (b *Bundle) packet(now time.Time, k *Link, p wire.Protocol, info []byte, ordered bool) {
	c := &b.net
	switch p {
	case wire.IPv4, wire.IPv6, wire.VJCompressed, wire.VJUncompressed:
		if ordered {
			c.coder.passed(p, info)
		}
		b.inflated(now, k, p, info)
	case wire.Compressed:
		if c.coder.rx == nil {
			if c.find(wire.CCP) == nil {
				k.rejectProtocol(now, p, info)
			} else {
				b.drops[dropEarly]++
			}
			return
		}
		inner, plain, err := c.coder.decompress(info)
		if err != nil {
			b.drops[dropDecompress]++
			c.lostDictionary(now, err)
			return
		}
		b.inflated(now, k, inner, plain)
	default:
		if !b.net.control(now, p, info) {
			k.rejectProtocol(now, p, info)
		}
	}
}

// inflated takes a packet that is not, or no longer, compressed as a whole.
func (b *Bundle) inflated(now time.Time, k *Link, p wire.Protocol, info []byte) {
	switch p {
	case wire.IPv4, wire.IPv6:
		b.receive(now, p, info)
	case wire.VJCompressed, wire.VJUncompressed:
		switch {
		case b.net.coder.rxVJ != nil:
		case b.net.speaks(wire.IPv4) && !b.net.open(wire.IPv4):
			b.drops[dropEarly]++
			return
		default:
			k.rejectProtocol(now, p, info)
			return
		}
		ip, err := b.net.coder.restore(p, info)
		if err != nil {
			b.drops[dropVJ]++
			return
		}
		b.receive(now, wire.IPv4, ip)
	default:
		b.drops[dropMalformed]++
	}
}

// receive takes a datagram for the interface.
func (b *Bundle) receive(now time.Time, p wire.Protocol, datagram []byte) {
	switch {
	case !b.net.open(p):
		b.drops[dropEarly]++
	case protocolOf(datagram) != p:
		b.drops[dropMalformed]++
	case b.answered(datagram):
	default:
		b.net.received(now, p, len(datagram))
		b.former.in(now, datagram)
		b.idle.received(now, datagram)
		if b.cfg.ClampMSS {
			clampMSS(datagram, b.net.mtu)
		}
		switch {
		case b.ready[p]:
			b.hand(datagram)
		case len(b.early) < batchSize:
			b.early = append(b.early, append([]byte(nil), datagram...))
		default:
			b.drops[dropInterface]++
		}
	}
}

// hand puts a datagram where the next delivery takes it: the loop delivers when
// it has looked at everything that has come.
func (b *Bundle) hand(datagram []byte) {
	b.out.add(datagram)
	if b.out.full() {
		b.deliver()
	}
}

// Ready says that the interface takes packets of a network protocol, which
// have waited since Events.NetworkUp: the kernel drops what comes before the
// interface has its address.
func (b *Bundle) Ready(f Family) {
	b.loop.post(nil, func(now time.Time) {
		p := wire.IPv4
		if f == IPv6 {
			p = wire.IPv6
		} else {
			b.former.ready = now
		}
		b.ready[p] = true
		early := b.early
		b.early = nil
		for _, datagram := range early {
			if b.ready[protocolOf(datagram)] {
				b.hand(datagram)
			} else {
				b.early = append(b.early, datagram)
			}
		}
	})
}

// deliver writes to the interface what has been received.
func (b *Bundle) deliver() {
	n := b.out.len()
	if n == 0 {
		return
	}
	sent, err := b.cfg.Tun.Write(b.out.packets, headroom)
	if sent < n {
		b.drops[dropInterface] += uint64(n - sent)
		b.log.Debug("interface does not take packets", "error", err)
	}
	b.out.reset()
}

func (b *Bundle) advance(now time.Time) {
	b.net.advance(now)
	if b.mp != nil {
		b.mp.advance(now)
	}
	if due(b.idle.deadline(), now) {
		b.log.Info("idle", "since", now.Sub(b.idle.last).Round(time.Second))
		b.closeLinks(now, Idle, "Link inactive")
	}
	if due(b.over(), now) {
		b.closeLinks(now, ConnectTime, "Connect time expired")
	}
}

// over is when the call must end; zero is never.
func (b *Bundle) over() time.Time {
	if b.cfg.MaxConnect == 0 || b.idle.since.IsZero() {
		return time.Time{}
	}
	return b.idle.since.Add(b.cfg.MaxConnect)
}

func (b *Bundle) deadline() time.Time {
	t := earlier(earlier(b.net.deadline(), b.idle.deadline()), b.over())
	if b.mp != nil {
		t = earlier(t, earlier(b.mp.deadline(), b.load.deadline(b)))
	}
	return t
}

func (b *Bundle) String() string { return fmt.Sprintf("bundle on %s", b.cfg.Tun.Name()) }
