package mp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"pppdial/mp/wire"
)

// IdleConfig says what counts as activity, and how long a link may go without.
// Zero times are off.
type IdleConfig struct {
	Active   time.Duration // idle limit while a TCP connection seems open
	Inactive time.Duration // idle limit otherwise; without Active one of two hours holds there
	Toll     time.Duration // an idle link stays until near the end of a unit of this

	IgnorePorts []uint16 // TCP and UDP ports whose traffic is no activity
	IgnoreICMP  []uint8  // ICMP types that are none, and their twins of ICMPv6
}

const (
	// A connection of which nothing was sent for so long is taken for dead
	// when there are too many, and at the next call. So long an open one keeps
	// an idle link that has no limit for that.
	connectionLife = 2 * time.Hour
	maxConnections = 4096
	// So long after its FIN what we send of a connection does not mean that it
	// is open: the last ACK, and what had to be sent anew. And so soon it is
	// taken for dead when nothing has followed its SYN.
	briefLife = time.Minute
	// An idle link is broken so much before the end of a billed unit.
	tollGuard = 3 * time.Second

	tcpFIN = 0x01
	tcpRST = 0x04
)

// An activity is the idleness of a bundle: when the last packet that counts
// passed, and which TCP connections seem open. As the manual has it, only what
// this machine sends tells about connections. Where these have no limit of their
// own, it takes more: one is open when the peer has answered, until it aborts it.
type activity struct {
	cfg   IdleConfig
	since time.Time // the link came up; zero: it is down
	last  time.Time
	conns map[connection]connectionState
	open  int    // of conns
	kept  []byte // the head of the last packet that counted
}

// A connection is what tells TCP connections apart, as we send.
type connection struct{ from, to netip.AddrPort }

type connectionState struct {
	last   time.Time // that we sent of it
	asked  bool      // that was its SYN
	closed bool
}

// count is 1 for one that is open.
func (s connectionState) count() int {
	if s.last.IsZero() || s.closed {
		return 0
	}
	return 1
}

// headSize is enough of a packet to say what it is.
const headSize = ipv6Header + 8

// begin says that the link is up.
func (a *activity) begin(now time.Time) {
	a.since, a.last = now, now
	a.forget(now)
}

// end says that it is down; connections stay.
func (a *activity) end() { a.since = time.Time{} }

// counts reports whether a packet is evidence of activity.
func (a *activity) counts(p []byte) bool {
	above, body := transport(p)
	switch above {
	case protoTCP, protoUDP:
		if len(body) < 4 {
			return true
		}
		from, to := binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		return !slices.Contains(a.cfg.IgnorePorts, from) && !slices.Contains(a.cfg.IgnorePorts, to)
	case protoICMP:
		return len(body) == 0 || !slices.Contains(a.cfg.IgnoreICMP, body[0])
	case protoICMPv6:
		if len(body) == 0 {
			return true
		}
		twin, known := icmpTwins[body[0]]
		return !housekeeping(body[0]) && !(known && slices.Contains(a.cfg.IgnoreICMP, twin))
	case 0: // IPv6 hop-by-hop options: MLD
		return protocolOf(p) != wire.IPv6
	}
	return true
}

// housekeeping are the ICMPv6 types of router and neighbour discovery and of
// multicast listeners.
func housekeeping(t byte) bool { return t >= 130 && t <= 137 || t == 143 }

// icmpTwins are the ICMP types that mean the same as these of ICMPv6 (RFC 7915).
var icmpTwins = map[byte]uint8{
	1:   3,  // destination unreachable
	2:   3,  // packet too big, of which ICMP makes an unreachable
	3:   11, // time exceeded
	4:   12, // parameter problem
	128: 8,  // echo request
	129: 0,  // echo reply
}

// sent and received account for a packet.
func (a *activity) sent(now time.Time, p []byte) {
	if a.cfg.Active > 0 || a.cfg.Inactive > 0 {
		a.observe(now, p)
	}
	a.note(now, p)
}

func (a *activity) received(now time.Time, p []byte) {
	if a.cfg.Active == 0 && a.open > 0 {
		a.aborted(p)
	}
	a.note(now, p)
}

func (a *activity) note(now time.Time, p []byte) {
	if a.counts(p) {
		a.last = now
		a.kept = append(a.kept[:0], p[:min(len(p), headSize)]...)
	}
}

// observe infers from a TCP segment that we send whether its connection is
// open: from its SYN, or what comes first, until our FIN or RST.
func (a *activity) observe(now time.Time, p []byte) {
	above, body := transport(p)
	if above != protoTCP || len(body) < tcpHeader {
		return
	}
	c := connection{
		netip.AddrPortFrom(source(p), binary.BigEndian.Uint16(body)),
		netip.AddrPortFrom(destination(p), binary.BigEndian.Uint16(body[2:])),
	}
	was, known := a.conns[c]
	flags := body[13]
	if flags&tcpRST != 0 {
		if known {
			a.drop(c, was)
		}
		return
	}
	if !known {
		if len(a.conns) >= maxConnections {
			a.forget(now)
		}
		if len(a.conns) >= maxConnections {
			return
		}
		if a.conns == nil {
			a.conns = make(map[connection]connectionState)
		}
	}
	asked := flags&tcpSYN != 0
	is := connectionState{last: now, asked: asked, closed: was.closed && !was.asked || flags&tcpFIN != 0}
	if asked {
		is.closed = a.cfg.Active == 0
	}
	a.conns[c] = is
	a.open += is.count() - was.count()
}

// aborted looks for the end of a connection in a segment from the peer.
func (a *activity) aborted(p []byte) {
	above, body := transport(p)
	if above != protoTCP || len(body) < tcpHeader || body[13]&tcpRST == 0 {
		return
	}
	c := connection{
		netip.AddrPortFrom(destination(p), binary.BigEndian.Uint16(body[2:])),
		netip.AddrPortFrom(source(p), binary.BigEndian.Uint16(body)),
	}
	if was, known := a.conns[c]; known {
		a.drop(c, was)
	}
}

// drop forgets a connection.
func (a *activity) drop(c connection, s connectionState) {
	delete(a.conns, c)
	a.open -= s.count()
}

// forget drops the connections that must be dead.
func (a *activity) forget(now time.Time) {
	for c, s := range a.conns {
		life := connectionLife
		if s.asked || s.closed {
			life = briefLife
		}
		if now.Sub(s.last) > life {
			a.drop(c, s)
		}
	}
}

// deadline is when the link has been idle for long enough; zero is never.
func (a *activity) deadline() time.Time {
	limit := a.cfg.Inactive
	switch {
	case a.open == 0:
	case a.cfg.Active > 0:
		limit = a.cfg.Active
	case limit > 0:
		limit = max(limit, connectionLife)
	}
	if limit == 0 || a.since.IsZero() {
		return time.Time{}
	}
	t := a.last.Add(limit)
	if a.cfg.Toll == 0 {
		return t
	}
	// The end of the unit that is running at t, but not before t.
	guard := min(tollGuard, a.cfg.Toll/10)
	units := (t.Sub(a.since) + guard + a.cfg.Toll - 1) / a.cfg.Toll
	return a.since.Add(units*a.cfg.Toll - guard)
}

// keptBy says in words what keeps the link up.
func (a *activity) keptBy() string {
	if len(a.kept) == 0 {
		return ""
	}
	return describe(a.kept)
}
