package tun

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

const (
	ipv4Header = 20
	ipv6Header = 40
	tcpHeader  = 20 // at least

	ipv4DontFragment = 0x4000

	tcpFlagsAt = 13
	tcpSumAt   = 16

	tcpFIN = 0x01
	tcpPSH = 0x08
	tcpACK = 0x10
	tcpCWR = 0x80

	maxDatagram = 65535
)

// A shape says where the parts of a TCP segment are in a datagram.
type shape struct {
	ipv6    bool
	tcp     int // where TCP's header begins
	headers int // the length of IP's and TCP's together
}

// shapeOf is the shape of a datagram that is no fragment and has no IP options
// or extension headers. Its length and its checksums may be wrong.
func shapeOf(p []byte) (s shape, ok bool) {
	switch {
	case len(p) >= ipv4Header+tcpHeader && p[0] == 0x45:
		if p[9] != unix.IPPROTO_TCP || binary.BigEndian.Uint16(p[6:])&^ipv4DontFragment != 0 {
			return s, false
		}
		s.tcp = ipv4Header
	case len(p) >= ipv6Header+tcpHeader && p[0]>>4 == 6:
		if p[6] != unix.IPPROTO_TCP {
			return s, false
		}
		s.ipv6, s.tcp = true, ipv6Header
	default:
		return s, false
	}
	return s, s.findPayload(p)
}

// findPayload looks at where TCP's header ends.
func (s *shape) findPayload(p []byte) bool {
	data := int(p[s.tcp+12]>>4) * 4
	s.headers = s.tcp + data
	return data >= tcpHeader && s.headers <= len(p)
}

// length is what the datagram's header says of its length.
func (s shape) length(p []byte) int {
	if s.ipv6 {
		return ipv6Header + int(binary.BigEndian.Uint16(p[4:]))
	}
	return int(binary.BigEndian.Uint16(p[2:]))
}

// setLength makes the datagram say that it has n octets, and for IPv4 which
// it is of those from its sender.
func (s shape) setLength(p []byte, n int, id uint16) {
	if s.ipv6 {
		binary.BigEndian.PutUint16(p[4:], uint16(n-ipv6Header))
		return
	}
	binary.BigEndian.PutUint16(p[2:], uint16(n))
	binary.BigEndian.PutUint16(p[4:], id)
	p[10], p[11] = 0, 0
	binary.BigEndian.PutUint16(p[10:], ^sum16(p[:s.tcp]))
}

// pseudoHeader is the sum of what TCP's checksum covers in front of a segment
// of n octets.
func (s shape) pseudoHeader(p []byte, n int) uint16 {
	addresses := p[12:20]
	if s.ipv6 {
		addresses = p[8:40]
	}
	return add(sum16(addresses), unix.IPPROTO_TCP, uint16(n))
}

// intact reports whether the checksums are right.
func (s shape) intact(p []byte) bool {
	if !s.ipv6 && sum16(p[:ipv4Header]) != 0xffff {
		return false
	}
	return add(s.pseudoHeader(p, len(p)-s.tcp), sum16(p[s.tcp:])) == 0xffff
}
