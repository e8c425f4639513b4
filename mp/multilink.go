package mp

import (
	"slices"
	"time"

	"pppdial/mp/frag"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// terms are what all links of a bundle must have agreed upon alike (RFC 1990,
// sections 5.1.1 and 5.1.2). Zero terms mean no multilink.
type terms struct {
	mrru, peerMRRU       int
	rxSSN, txSSN         bool
	rxClasses, txClasses int
}

func termsOf(r *proto.LCPResult) terms {
	if !r.Multilink() {
		return terms{}
	}
	return terms{r.MRRU, r.PeerMRRU, r.RxSSN, r.TxSSN, r.RxClasses, r.TxClasses}
}

// format is that of the headers in one direction.
func format(ssn bool, classes int) frag.Format {
	switch {
	case classes > 0 && ssn:
		return frag.ShortClasses
	case classes > 0:
		return frag.Classes
	case ssn:
		return frag.Short
	}
	return frag.Long
}

// A multilink is what a bundle has beyond a plain link, from its first link to
// its last.
//
// While a single link carries the data, packets go without multilink headers:
// with them, a full one would no longer fit into a frame.
type multilink struct {
	terms
	b        *Bundle
	numbered bool // always, by configuration or for the classes

	tx       *frag.Splitter
	rx       *frag.Reassembler
	lost     uint64    // packets so far, by the reassembler's count
	controls []control // wait to be put among the packets
	// pioneer has carried packets without numbers. The first one with a number
	// goes over it as well, so that none of the others is there before, unless
	// the last of them was so long ago that it has arrived in any case.
	pioneer   *Link
	pioneered time.Time
}

const (
	pioneerTime = 2 * time.Second
	maxControls = 64 // control packets that wait, no more
)

// A control is a control packet of the bundle.
type control struct {
	proto wire.Protocol
	info  []byte
}

// Of a member, for multilink.
type member struct {
	line    *frag.Line   // nil: it carries no data of a multilink bundle
	src     *frag.Source // fragments come over it; it may have left already
	joined  time.Time
	vigil   vigil
	entry   entry
	delays  delays
	traffic traffic
}

func newMultilink(b *Bundle, t terms) *multilink {
	m := &multilink{terms: t, b: b, numbered: b.cfg.MP.Headers || t.txClasses > 0}
	urgency := frag.Unnumbered
	switch {
	case t.txClasses > 0:
		urgency = frag.OwnClass
	case m.numbered:
		urgency = frag.InOrder
	}
	m.tx = frag.NewSplitter(frag.SplitterConfig{
		Format: format(t.txSSN, t.txClasses), Urgent: urgency, Whole: b.cfg.MP.Whole, Mark: mark(),
	})
	m.rx = frag.NewReassembler(frag.ReassemblerConfig{
		Format: format(t.rxSSN, t.rxClasses), Classes: t.rxClasses, MRRU: t.mrru,
	})
	return m
}

// mark is a packet that means nothing: a Discard-Request without magic number.
func mark() []byte {
	b := wire.AppendProtocol(nil, wire.LCP, false)
	return wire.AppendPacket(b, wire.Packet{Code: wire.DiscardRequest, Data: wire.AppendEcho(nil, wire.Echo{})})
}

// misfit says why a link cannot join the bundle as it is, empty if it can.
func (b *Bundle) misfit(k *Link) string {
	t := termsOf(k.lcp.Result())
	switch {
	case b.carrier() == nil:
		return ""
	case b.mp == nil:
		return "the link that is there does not use multilink"
	case t == terms{}:
		return "the peer does not use multilink on this line"
	case t != b.mp.terms:
		return "the peer uses other packet sizes or headers for multilink on this line"
	}
	return ""
}

// join takes in a link that has agreed to the terms.
func (m *multilink) join(now time.Time, k *Link) {
	k.line = m.tx.Add(frag.LineConfig{Overhead: k.overhead(), MRU: k.lcp.Result().PeerMRU})
	k.src = m.rx.Add()
	k.joined = now
	k.lcp.Settle(true)
	k.vigil.start(now)
	if k.entry = (entry{}); m.count() > 1 {
		k.entry.wait(now)
		m.members(func(k *Link) {
			if k.delays.n == 0 && k.cfg.LCP.EchoInterval > 0 {
				k.lcp.Probe(now) // so that its delay is known
			}
		})
	}
	m.tell(k)
	m.update()
}

// overhead is what a fragment costs on the line beside its multilink header
// and its data: a flag, the link's framing and the FCS.
func (k *Link) overhead() int {
	var b [headroom]byte
	return 1 + len(k.tx.header(b[:0], wire.MP)) + 2
}

// leave takes out a link. Orderly says that what it was given will arrive, and
// that fragments may come over it yet.
func (m *multilink) leave(now time.Time, k *Link, orderly bool) {
	if !orderly {
		since := k.unsure()
		if t := now.Add(-justLost); since.Before(t) {
			since = t
		}
		m.resend(k, since)
		m.rx.Remove(k.src)
		k.src = nil
	}
	m.tx.Remove(k.line)
	k.line = nil
	if m.pioneer == k {
		m.pioneer = nil
	}
	m.update()
	m.deliver(now)
}

// members calls f for each link that carries data.
func (m *multilink) members(f func(*Link)) {
	for _, k := range m.b.loop.links {
		if k.bundle == m.b && k.line != nil {
			f(k)
		}
	}
}

func (m *multilink) count() (n int) {
	m.members(func(*Link) { n++ })
	return n
}

// usable reports whether the link is given fragments.
func (k *Link) usable() bool { return !k.vigil.silent && !k.entry.waiting }

// update tells splitter and reassembler which links count.
func (m *multilink) update() {
	if m.pioneer != nil && !m.pioneer.usable() {
		m.pioneer = nil
	}
	n := 0
	m.members(func(k *Link) {
		if k.usable() {
			n++
		}
	})
	m.members(func(k *Link) {
		rest := !k.usable() && n > 0
		k.line.Rest(rest || m.pioneer != nil && m.pioneer != k)
		k.src.Rest(k.vigil.gone)
	})
}

// alone returns the one link that carries all data and needs no multilink
// headers, nil when there is none.
func (m *multilink) alone() *Link {
	if m.numbered || m.pending() {
		return nil
	}
	var one *Link
	n := 0
	m.members(func(k *Link) {
		if k.usable() {
			n, one = n+1, k
		}
	})
	if n != 1 || m.b.net.mtu > one.lcp.Result().PeerMRU {
		return nil
	}
	return one
}

// tell passes on what is known of a link's line.
func (m *multilink) tell(k *Link) { k.line.Update(k.pace.estimate(), k.delays.oneWay()) }

// next fills link k's buffer with what is to be sent next over it, and reports
// false when there is nothing.
func (m *multilink) next(now time.Time, k *Link) bool {
	if k.line.Resting() { // what is loaded for it would get a number from another
		return false
	}
	m.load(now)
	f, ok := m.tx.Next(now, k.line, k.below(now), m.b.queue.bytes)
	if !ok {
		return false
	}
	k.sendPacket(f.Protocol, f.Store, f.From)
	k.vigil.given(now)
	if m.pioneer == k && f.Protocol == wire.MP {
		m.pioneer = nil
		m.update()
	}
	return true
}

// plain says that link k carries packets without numbers.
func (m *multilink) plain(now time.Time, k *Link) {
	m.pioneered = now
	if m.pioneer != k {
		m.pioneer = k
		m.update()
	}
}

// load puts packets into the splitter as far as there is room. Where all must
// arrive in the order of their coding, none may pass another there.
func (m *multilink) load(now time.Time) {
	b := m.b
	for m.tx.Takes(false) && len(m.controls) > 0 {
		c := m.controls[0]
		m.controls = slices.Delete(m.controls, 0, 1)
		m.tx.Load(false, c.proto, c.info)
	}
	if !b.net.up() {
		return
	}
	ordered := b.net.coder.ordered() && m.txClasses == 0
	for !ordered && m.tx.Takes(true) {
		p := b.open(now, b.queue.popUrgent)
		if p == nil {
			break
		}
		b.sent(now, p)
		proto, store, from := b.net.coder.bare(p)
		m.tx.Load(true, proto, store[from:])
		b.pool.put(p)
	}
	for m.tx.Takes(false) {
		p := b.open(now, func() *packet {
			if ordered {
				return b.queue.pop(now)
			}
			return b.queue.popBulk(now)
		})
		if p == nil {
			return
		}
		b.sent(now, p)
		proto, store, from := b.net.coder.encode(p)
		m.tx.Load(false, proto, store[from:])
		b.pool.put(p)
	}
}

// send takes a control packet of the bundle.
func (m *multilink) send(p wire.Protocol, packet wire.Packet) {
	if len(m.controls) >= maxControls {
		m.b.drops[dropControl]++
		return
	}
	m.controls = append(m.controls, control{p, wire.AppendPacket(nil, packet)})
}

// input takes the information field of a multilink frame.
func (m *multilink) input(now time.Time, k *Link, info []byte) {
	k.entry.proven(m)
	m.rx.Input(now, k.src, info)
	m.deliver(now)
}

// deliver passes on the packets that are whole.
func (m *multilink) deliver(now time.Time) {
	for m.b.mp == m {
		p, ok := m.rx.Next(now)
		if lost := m.rx.Counters().LostPackets; lost != m.lost {
			m.lost = lost
			m.b.net.coder.lost()
		}
		if !ok {
			return
		}
		proto, info, err := split(p)
		switch {
		case err != nil:
			m.b.drops[dropMalformed]++
		case proto == wire.LCP || authenticates(proto) || proto == wire.MP:
			// A mark, or what belongs to a link (RFC 1990, section 2).
		default:
			k := m.b.carrier()
			if k == nil {
				return
			}
			m.b.packet(now, k, proto, info, m.rx.Class() == 0)
		}
	}
}

// justLost bounds what is sent anew when a link is lost: its peer mostly knows
// of that as soon as we do, and then awaits nothing from it any more.
const justLost = 200 * time.Millisecond

// resend hands what link k was given since then, and may have lost, to the
// others.
func (m *multilink) resend(k *Link, since time.Time) {
	if n := m.tx.Resend(k.line, since); n > 0 {
		k.log.Debug("fragments sent anew", "number", n)
	}
}

// pending reports whether something waits for a line.
func (m *multilink) pending() bool { return !m.tx.Empty() || len(m.controls) > 0 }

func (m *multilink) advance(now time.Time) {
	if due(m.tx.Deadline(), now) {
		m.tx.Advance(now)
	}
	if due(m.rx.Deadline(), now) {
		m.deliver(now)
	}
	if due(m.arrived(), now) {
		m.pioneer = nil
		m.update()
	}
	m.members(func(k *Link) {
		k.vigil.advance(now, k)
		k.entry.advance(now, m)
	})
}

func (m *multilink) deadline() time.Time {
	t := earlier(earlier(m.tx.Deadline(), m.rx.Deadline()), m.arrived())
	m.members(func(k *Link) {
		t = earlier(t, earlier(k.vigil.deadline(k), k.entry.deadline()))
	})
	return t
}

// arrived is when what went without numbers has arrived.
func (m *multilink) arrived() time.Time {
	if m.pioneer == nil {
		return time.Time{}
	}
	return m.pioneered.Add(pioneerTime)
}

func (m *multilink) stats() *MPStats {
	s := &MPStats{
		MRRU: m.mrru, PeerMRRU: m.peerMRRU, TxSSN: m.txSSN, RxSSN: m.rxSSN, TxClasses: m.txClasses, RxClasses: m.rxClasses,
		TxSeq: uint32(m.tx.Seq()), RxSeq: uint32(m.rx.Seq()), Lost: m.rx.Counters().LostFragments,
	}
	var ours, theirs wire.Endpoint
	m.members(func(k *Link) {
		s.Resent += k.line.Counters().Resent
		r := k.lcp.Result()
		ours, theirs = r.Endpoint, r.PeerEndpoint
	})
	s.Endpoint, s.PeerEndpoint = ours.String(), theirs.String()
	return s
}
