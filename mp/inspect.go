package mp

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"pppdial/mp/wire"
)

const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58

	ipv4Header = 20
	ipv6Header = 40
)

// protocolOf returns the PPP protocol of a datagram by its version, 0 when it
// is none.
func protocolOf(p []byte) wire.Protocol {
	switch {
	case len(p) >= ipv4Header && p[0]>>4 == 4:
		return wire.IPv4
	case len(p) >= ipv6Header && p[0]>>4 == 6:
		return wire.IPv6
	}
	return 0
}

// transport returns the protocol above IP and its octets, which are empty in
// a later fragment.
func transport(p []byte) (proto byte, body []byte) {
	switch protocolOf(p) {
	case wire.IPv4:
		n := int(p[0]&15) * 4
		if n < ipv4Header || n > len(p) || binary.BigEndian.Uint16(p[6:])&0x1fff != 0 {
			return p[9], nil
		}
		return p[9], p[n:]
	case wire.IPv6:
		return p[6], p[ipv6Header:]
	}
	return 0, nil
}

// Ports of the interactive programs that telnettos= favours.
const (
	portTelnet = 23
	portLogin  = 513
	portTalk   = 518
)

// Values of the type of service octet that always go first.
const (
	tosLowDelay = 0x10 // RFC 1349; with a precedence the bit is part of a DSCP
	dscpEF      = 46   // RFC 3246
	dscpCS6     = 48   // RFC 2474: routing
)

// urgent reports whether a packet goes to the front of the queue: one that
// says so itself, and with telnettos ICMP and interactive TCP.
func urgent(p []byte, telnettos bool) bool {
	var tos byte
	switch protocolOf(p) {
	case wire.IPv4:
		tos = p[1]
	case wire.IPv6:
		tos = p[0]<<4 | p[1]>>4
	}
	if dscp := tos >> 2; dscp == dscpEF || dscp == dscpCS6 || tos&0xf0 == tosLowDelay {
		return true
	}
	if !telnettos {
		return false
	}
	above, body := transport(p)
	switch above {
	case protoICMP, protoICMPv6:
		return true
	case protoTCP:
		if len(body) < 4 {
			return false
		}
		from, to := binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		return interactive(from) || interactive(to)
	}
	return false
}

func interactive(port uint16) bool {
	return port == portTelnet || port == portLogin || port == portTalk
}

// flowHash tells conversations apart: addresses, protocol and ports.
func flowHash(p []byte) uint32 {
	const prime = 16777619 // FNV-1a
	h := uint32(2166136261)
	add := func(b []byte) {
		for _, c := range b {
			h = (h ^ uint32(c)) * prime
		}
	}
	switch protocolOf(p) {
	case wire.IPv4:
		add(p[12:20])
	case wire.IPv6:
		add(p[8:40])
	}
	above, body := transport(p)
	h = (h ^ uint32(above)) * prime
	if (above == protoTCP || above == protoUDP) && len(body) >= 4 {
		add(body[:4])
	}
	return h ^ h>>16
}

// source and destination are the addresses of a datagram.
func source(p []byte) netip.Addr {
	switch protocolOf(p) {
	case wire.IPv4:
		return netip.AddrFrom4([4]byte(p[12:16]))
	case wire.IPv6:
		return netip.AddrFrom16([16]byte(p[8:24]))
	}
	return netip.Addr{}
}

func destination(p []byte) netip.Addr {
	switch protocolOf(p) {
	case wire.IPv4:
		return netip.AddrFrom4([4]byte(p[16:20]))
	case wire.IPv6:
		return netip.AddrFrom16([16]byte(p[24:40]))
	}
	return netip.Addr{}
}

// describe says in a few words what a packet is, for people.
func describe(p []byte) string {
	from, to := source(p), destination(p)
	if !from.IsValid() {
		return fmt.Sprintf("%d octets that are no IP packet", len(p))
	}
	proto, body := transport(p)
	switch {
	case (proto == protoTCP || proto == protoUDP) && len(body) >= 4:
		name := "tcp"
		if proto == protoUDP {
			name = "udp"
		}
		return fmt.Sprintf("%s %s > %s", name,
			netip.AddrPortFrom(from, binary.BigEndian.Uint16(body)),
			netip.AddrPortFrom(to, binary.BigEndian.Uint16(body[2:])))
	case proto == protoICMP && len(body) >= 2:
		return fmt.Sprintf("icmp %s > %s %s", from, to, icmpName(body[0]))
	case proto == protoICMPv6 && len(body) >= 2:
		return fmt.Sprintf("icmp6 %s > %s type %d", from, to, body[0])
	}
	return fmt.Sprintf("protocol %d %s > %s", proto, from, to)
}

func icmpName(t byte) string {
	switch t {
	case 0:
		return "echo reply"
	case 3:
		return "unreachable"
	case 8:
		return "echo request"
	case 11:
		return "time exceeded"
	}
	return fmt.Sprintf("type %d", t)
}
