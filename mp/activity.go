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
	Inactive time.Duration // idle limit otherwise
	Toll     time.Duration // an idle link stays until near the end of a unit of this

	IgnorePorts []uint16 // TCP and UDP ports whose traffic is no activity
	IgnoreICMP  []uint8  // ICMP types that are none
}

const (
	// A connection of which nothing was sent for so long is taken for dead
	// when there are too many.
	connectionLife = 2 * time.Hour
	maxConnections = 4096
	// An idle link is broken so much before the end of a billed unit.
	tollGuard = 3 * time.Second

	tcpFIN = 0x01
	tcpRST = 0x04
)

// An activity is the idleness of a bundle: when the last packet that counts
// passed, and which TCP connections seem open. As the manual has it, only what
// this machine sends tells about connections.
type activity struct {
	cfg   IdleConfig
	since time.Time // the link came up; zero: it is down
	last  time.Time
	conns map[connection]time.Time
	kept  []byte // the head of the last packet that counted
}

// A connection is what tells TCP connections apart, as we send.
type connection struct{ from, to netip.AddrPort }

// headSize is enough of a packet to say what it is.
const headSize = ipv6Header + 8

// begin says that the link is up.
func (a *activity) begin(now time.Time) { a.since, a.last = now, now }

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
		return len(body) == 0 || !housekeeping(body[0])
	case 0: // IPv6 hop-by-hop options: MLD
		return protocolOf(p) != wire.IPv6
	}
	return true
}

// housekeeping are the ICMPv6 types of router and neighbour discovery and of
// multicast listeners.
func housekeeping(t byte) bool { return t >= 130 && t <= 137 || t == 143 }

// sent and received account for a packet.
func (a *activity) sent(now time.Time, p []byte) {
	if a.cfg.Active > 0 {
		a.observe(now, p)
	}
	a.received(now, p)
}

func (a *activity) received(now time.Time, p []byte) {
	if a.counts(p) {
		a.last = now
		a.kept = append(a.kept[:0], p[:min(len(p), headSize)]...)
	}
}

// observe infers from a TCP segment that we send whether its connection is
// open.
func (a *activity) observe(now time.Time, p []byte) {
	above, body := transport(p)
	if above != protoTCP || len(body) < tcpHeader {
		return
	}
	c := connection{
		netip.AddrPortFrom(source(p), binary.BigEndian.Uint16(body)),
		netip.AddrPortFrom(destination(p), binary.BigEndian.Uint16(body[2:])),
	}
	if body[13]&(tcpFIN|tcpRST) != 0 {
		delete(a.conns, c)
		return
	}
	if a.conns == nil {
		a.conns = make(map[connection]time.Time)
	}
	_, known := a.conns[c]
	if !known && len(a.conns) >= maxConnections {
		a.forget(now)
	}
	if known || len(a.conns) < maxConnections {
		a.conns[c] = now
	}
}

// forget drops the connections that must be dead.
func (a *activity) forget(now time.Time) {
	for c, t := range a.conns {
		if now.Sub(t) > connectionLife {
			delete(a.conns, c)
		}
	}
}

// deadline is when the link has been idle for long enough; zero is never.
func (a *activity) deadline() time.Time {
	limit := a.cfg.Inactive
	if a.cfg.Active > 0 && len(a.conns) > 0 {
		limit = a.cfg.Active
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
