package keep

import (
	"encoding/binary"
	"net/netip"
)

const (
	protoICMP   = 1
	protoICMPv6 = 58

	// RFC 792, RFC 4443.
	echoReply4, unreachable4, echoRequest4, exceeded4 = 0, 3, 8, 11
	unreachable6, exceeded6, echoRequest6, echoReply6 = 1, 3, 128, 129

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
func probe(from, to netip.Addr, id, round uint16, hop int) []byte {
	ttl := hop
	if hop == 0 {
		ttl = farTTL
	}
	m := make([]byte, headerEcho, headerEcho+len(probeTag))
	binary.BigEndian.PutUint16(m[4:], id)
	binary.BigEndian.PutUint16(m[6:], round<<hopBits|uint16(hop))
	m = append(m, probeTag...)
	var h []byte
	if to.Is4() {
		m[0] = echoRequest4
		binary.BigEndian.PutUint16(m[2:], checksum(m))
		h = make([]byte, header4, header4+len(m))
		h[0], h[8], h[9] = 0x45, byte(ttl), protoICMP
		binary.BigEndian.PutUint16(h[2:], uint16(header4+len(m)))
		binary.BigEndian.PutUint16(h[4:], round<<hopBits|uint16(hop))
		copy(h[12:], from.AsSlice())
		copy(h[16:], to.AsSlice())
		binary.BigEndian.PutUint16(h[10:], checksum(h))
	} else {
		m[0] = echoRequest6
		h = make([]byte, header6, header6+len(m))
		copy(h[8:], from.AsSlice())
		copy(h[24:], to.AsSlice())
		pseudo := append(append([]byte(nil), h[8:]...), 0, 0, 0, byte(len(m)), 0, 0, 0, protoICMPv6)
		binary.BigEndian.PutUint16(m[2:], checksum(append(pseudo, m...)))
		h[0], h[6], h[7] = 0x60, protoICMPv6, byte(ttl)
		binary.BigEndian.PutUint16(h[4:], uint16(len(m)))
	}
	return append(h, m...)
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
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
	if !ok || len(body) < headerEcho {
		return Answer{}, false
	}
	var request byte // that an error is about
	switch {
	case proto == protoICMP && body[0] == echoReply4, proto == protoICMPv6 && body[0] == echoReply6:
		if string(body[headerEcho:]) != string(probeTag) {
			return Answer{}, false
		}
		return answer(from, body, id)
	case proto == protoICMP && (body[0] == exceeded4 || body[0] == unreachable4):
		request = echoRequest4
	case proto == protoICMPv6 && (body[0] == exceeded6 || body[0] == unreachable6):
		request = echoRequest6
	default:
		return Answer{}, false
	}
	// The datagram that it is about begins behind the eight octets of the
	// ICMP header and holds at least our own header of so many.
	_, _, about, echo, ok := split(body[headerEcho:])
	if !ok || about != proto || len(echo) < headerEcho || echo[0] != request {
		return Answer{}, false
	}
	return answer(from, echo, id)
}

// answer is for the Echo message that an answer holds.
func answer(from netip.Addr, echo []byte, id uint16) (Answer, bool) {
	if binary.BigEndian.Uint16(echo[4:]) != id {
		return Answer{}, false
	}
	return Answer{From: from, Hop: hop(binary.BigEndian.Uint16(echo[6:]))}, true
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
