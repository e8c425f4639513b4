package keep

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	protoICMP   = 1
	protoICMPv6 = 58

	header4    = 20 // of IPv4 without options
	header6    = 40
	headerEcho = 8

	// The sequence number of a probe holds in its low bits after how many
	// hops it ends; 0: at its destination.
	hopBits = 4
	farTTL  = 64
)

// probeTag is what Echo-Requests of this program carry, so that their answers
// are told from those to others' with the same identifier.
var probeTag = []byte("ppp monitor")

// An Answer is a datagram that says that a probe has passed the link.
type Answer struct {
	From netip.Addr
	Hop  int // after how many hops the probe was to end; 0: at its destination
}

// probe makes an Echo-Request, which dies after hop hops unless that is 0.
func probe(from, to netip.Addr, id, round uint16, hop int) ([]byte, error) {
	ttl := hop
	if hop == 0 {
		ttl = farTTL
	}
	body := &icmp.Echo{ID: int(id), Seq: int(round<<hopBits | uint16(hop)), Data: probeTag}
	if to.Is4() {
		m, err := (&icmp.Message{Type: ipv4.ICMPTypeEcho, Body: body}).Marshal(nil)
		if err != nil {
			return nil, err
		}
		// The kernel's byte order does not matter here, so this is written out.
		h := make([]byte, header4, header4+len(m))
		h[0], h[8], h[9] = 0x45, byte(ttl), protoICMP
		binary.BigEndian.PutUint16(h[2:], uint16(header4+len(m)))
		binary.BigEndian.PutUint16(h[4:], round<<hopBits|uint16(hop))
		copy(h[12:], from.AsSlice())
		copy(h[16:], to.AsSlice())
		binary.BigEndian.PutUint16(h[10:], checksum(h))
		return append(h, m...), nil
	}
	m, err := (&icmp.Message{Type: ipv6.ICMPTypeEchoRequest, Body: body}).Marshal(icmp.IPv6PseudoHeader(from.AsSlice(), to.AsSlice()))
	if err != nil {
		return nil, err
	}
	h := make([]byte, header6, header6+len(m))
	h[0], h[6], h[7] = 0x60, protoICMPv6, byte(ttl)
	binary.BigEndian.PutUint16(h[4:], uint16(len(m)))
	copy(h[8:], from.AsSlice())
	copy(h[24:], to.AsSlice())
	return append(h, m...), nil
}

// checksum is that of RFC 1071 over an even number of octets.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// ParseAnswer reports whether a received datagram answers a probe with an
// identifier: the reply, or an error from a host on the way.
func ParseAnswer(datagram []byte, id uint16) (Answer, bool) {
	from, _, proto, body, ok := split(datagram)
	if !ok || proto != protoICMP && proto != protoICMPv6 {
		return Answer{}, false
	}
	m, err := icmp.ParseMessage(int(proto), body)
	if err != nil {
		return Answer{}, false
	}
	switch m.Type {
	case ipv4.ICMPTypeEchoReply, ipv6.ICMPTypeEchoReply:
		echo, ok := m.Body.(*icmp.Echo)
		if !ok || echo.ID != int(id) || string(echo.Data) != string(probeTag) {
			return Answer{}, false
		}
		return Answer{From: from, Hop: hop(uint16(echo.Seq))}, true
	case ipv4.ICMPTypeTimeExceeded, ipv4.ICMPTypeDestinationUnreachable,
		ipv6.ICMPTypeTimeExceeded, ipv6.ICMPTypeDestinationUnreachable:
		// The datagram that it is about begins behind the eight octets of the
		// ICMP header and holds at least our own header of so many.
		if len(body) < headerEcho {
			return Answer{}, false
		}
		_, _, proto, echo, ok := split(body[headerEcho:])
		if !ok || len(echo) < headerEcho || proto != protoICMP && proto != protoICMPv6 {
			return Answer{}, false
		}
		request := byte(ipv4.ICMPTypeEcho)
		if proto == protoICMPv6 {
			request = byte(ipv6.ICMPTypeEchoRequest)
		}
		if echo[0] != request || binary.BigEndian.Uint16(echo[4:]) != id {
			return Answer{}, false
		}
		return Answer{From: from, Hop: hop(binary.BigEndian.Uint16(echo[6:]))}, true
	}
	return Answer{}, false
}

func hop(seq uint16) int { return int(seq & (1<<hopBits - 1)) }

// split takes an IP datagram, or the beginning of one, apart. Later fragments
// and extension headers are not looked into.
func split(p []byte) (from, to netip.Addr, proto byte, body []byte, ok bool) {
	switch {
	case len(p) >= header4 && p[0]>>4 == 4:
		n := int(p[0]&15) * 4
		if n < header4 || n > len(p) || binary.BigEndian.Uint16(p[6:])&0x1fff != 0 {
			return from, to, 0, nil, false
		}
		return netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20])), p[9], p[n:], true
	case len(p) >= header6 && p[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40])), p[6], p[header6:], true
	}
	return from, to, 0, nil, false
}
