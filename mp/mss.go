package mp

import (
	"encoding/binary"

	"pppdial/mp/wire"
)

const (
	tcpHeader = 20 // shortest
	tcpSYN    = 0x02

	tcpOptionEnd  = 0
	tcpOptionNone = 1
	tcpOptionMSS  = 2 // RFC 9293, section 3.2: four octets
)

// clampMSS lowers the maximum segment size that a SYN announces to what fits
// into packets of mtu octets, in place: a path whose ICMP is filtered would
// otherwise swallow the large segments.
func clampMSS(p []byte, mtu int) {
	limit := mtu - tcpHeader
	switch protocolOf(p) {
	case wire.IPv4:
		limit -= ipv4Header
	case wire.IPv6:
		limit -= ipv6Header
	}
	above, tcp := transport(p)
	if above != protoTCP || len(tcp) < tcpHeader || tcp[13]&tcpSYN == 0 || limit <= 0 {
		return
	}
	header := int(tcp[12]>>4) * 4
	if header > len(tcp) {
		return
	}
	for o := tcpHeader; o < header; {
		switch kind := tcp[o]; {
		case kind == tcpOptionEnd:
			return
		case kind == tcpOptionNone:
			o++
			continue
		case o+1 >= header || tcp[o+1] < 2 || o+int(tcp[o+1]) > header:
			return
		case kind == tcpOptionMSS && tcp[o+1] == 4:
			if old := binary.BigEndian.Uint16(tcp[o+2:]); int(old) > limit {
				binary.BigEndian.PutUint16(tcp[o+2:], uint16(limit))
				patchChecksum(tcp[16:18], o+2, old, uint16(limit))
			}
			return
		}
		o += int(tcp[o+1])
	}
}

// patchChecksum updates an Internet checksum for a 16-bit value that stood at
// an offset within the segment and has changed (RFC 1624).
func patchChecksum(sum []byte, offset int, from, to uint16) {
	if offset&1 == 1 { // the value's octets stand in two words, the wrong way round
		from, to = from>>8|from<<8, to>>8|to<<8
	}
	s := uint32(^binary.BigEndian.Uint16(sum)) + uint32(^from) + uint32(to)
	s = s>>16 + s&0xffff
	s += s >> 16
	binary.BigEndian.PutUint16(sum, ^uint16(s))
}
