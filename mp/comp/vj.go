package comp

import "encoding/binary"

// Van Jacobson's compression (RFC 1144) replaces the header of a TCP segment by
// what has changed since the last one of its connection:
//
//	+---------+--------+----------+---------------------------------+
//	| changes | [slot] | checksum | [urgent] [window] [ack] [seq] [id]
//	+---------+--------+----------+---------------------------------+
//	     1       0..1       2         0, 1 or 3 octets each
//
// Both ends remember the last header of each connection in a slot.

// VJType says how a packet travels; it decides the PPP protocol (RFC 1332
// section 4).
type VJType uint8

const (
	VJPlain        VJType = iota // as it is, 0x0021: no TCP, or not of the usual kind
	VJCompressed                 // 0x002d
	VJUncompressed               // 0x002f: whole, with the slot for the IP protocol
)

// Bits of the octet of changes (RFC 1144 section 3.2.2).
const (
	vjSlot   = 0x40
	vjID     = 0x20
	vjPush   = 0x10
	vjSeq    = 0x08
	vjAck    = 0x04
	vjWindow = 0x02
	vjUrgent = 0x01

	vjSpecials = vjSeq | vjAck | vjWindow | vjUrgent
	// Combinations that hardly occur stand for those that occur the most.
	vjEcho = vjSeq | vjWindow | vjUrgent // seq and ack both by the last segment's data
	vjData = vjSpecials                  // seq by the last segment's data
)

// Places in an IPv4 header, and, from its end, in a TCP header.
const (
	ipTOS      = 1
	ipLength   = 2
	ipID       = 4
	ipFragment = 6
	ipTTL      = 8
	ipProtocol = 9
	ipChecksum = 10
	ipSource   = 12
	ipHeader   = 20 // shortest

	tcpSeq      = 4
	tcpAck      = 8
	tcpOffset   = 12
	tcpFlags    = 13
	tcpWindow   = 14
	tcpChecksum = 16
	tcpUrgent   = 18
	tcpHeader   = 20 // shortest

	protocolTCP  = 6
	moreOrOffset = 0x3fff // of a fragment

	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagPSH = 0x08
	flagACK = 0x10
	flagURG = 0x20

	maxHeaders = 120 // of IP and TCP, both with all their options
)

// vjState is the header of a connection's last segment.
type vjState struct {
	ip, all int // lengths of the IP header and of both headers; 0 when unused
	header  [maxHeaders]byte
}

// data returns the length of the last segment's data.
func (s *vjState) data() uint32 {
	return uint32(int(binary.BigEndian.Uint16(s.header[ipLength:])) - s.all)
}

// headerLengths returns the lengths of a TCP segment's IP header and of both
// headers, if the packet is long enough to hold them.
func headerLengths(packet []byte) (ip, all int, ok bool) {
	if len(packet) < ipHeader+tcpHeader || packet[0]>>4 != 4 {
		return 0, 0, false
	}
	ip = int(packet[0]&0xf) * 4
	if ip < ipHeader || len(packet) < ip+tcpHeader {
		return 0, 0, false
	}
	tcp := int(packet[ip+tcpOffset]>>4) * 4
	if tcp < tcpHeader || len(packet) < ip+tcp {
		return 0, 0, false
	}
	return ip, ip + tcp, true
}
