package comp

import (
	"bytes"
	"encoding/binary"
)

// VJCompressor compresses the TCP/IP headers of one direction.
type VJCompressor struct {
	states   []vjState
	recent   []uint8 // slots, the one used last in front
	compSlot bool
	last     int // the slot sent last, -1 before the first
}

// NewVJCompressor returns a compressor with slots connections, 2 to 256, no
// more than the peer said. compSlot lets it leave the slot out of a packet whose
// slot is that of the packet before; the peer must have agreed.
func NewVJCompressor(slots int, compSlot bool) *VJCompressor {
	c := &VJCompressor{states: make([]vjState, slots), recent: make([]uint8, slots), compSlot: compSlot}
	for i := range c.recent {
		c.recent[i] = uint8(i)
	}
	c.last = -1
	return c
}

// Compress compresses an IPv4 packet in place and returns how to send it and
// what: packet itself, perhaps changed, or the end of it.
func (c *VJCompressor) Compress(packet []byte) (VJType, []byte) {
	if len(packet) < ipHeader || packet[ipProtocol] != protocolTCP {
		return VJPlain, packet
	}
	ip, all, ok := headerLengths(packet)
	if !ok || int(binary.BigEndian.Uint16(packet[ipLength:])) != len(packet) ||
		binary.BigEndian.Uint16(packet[ipFragment:])&moreOrOffset != 0 ||
		packet[ip+tcpFlags]&(flagSYN|flagFIN|flagRST|flagACK) != flagACK {
		return VJPlain, packet
	}
	slot, found := c.find(packet, ip)
	s := &c.states[slot]
	if found && s.ip == ip && s.all == all && s.same(packet) {
		var deltas [16]byte
		if changes, n, ok := s.changes(packet, &deltas); ok {
			copy(s.header[:], packet[:all])
			return VJCompressed, c.write(packet, slot, changes, deltas[:n])
		}
	}
	s.ip, s.all = ip, all
	copy(s.header[:], packet[:all])
	c.last = slot
	packet[ipProtocol] = byte(slot)
	return VJUncompressed, packet
}

// find returns the slot of the packet's connection, or the one that was not
// used for longest.
func (c *VJCompressor) find(packet []byte, ip int) (slot int, found bool) {
	at := len(c.recent) - 1
	for i, n := range c.recent {
		s := &c.states[n]
		if s.ip != 0 && [8]byte(s.header[ipSource:]) == [8]byte(packet[ipSource:]) &&
			[4]byte(s.header[s.ip:]) == [4]byte(packet[ip:]) {
			at, found = i, true
			break
		}
	}
	n := c.recent[at]
	copy(c.recent[1:], c.recent[:at])
	c.recent[0] = n
	return int(n), found
}

// same reports whether all is as in the last segment that has to be: version,
// lengths and kind of service, fragment flags, time to live, reserved bits, and
// the options of IP and TCP. RFC 1144 was not yet aware of the reserved bits in
// use today.
func (s *vjState) same(packet []byte) bool {
	const steadyFlags = ^byte(flagPSH | flagURG)
	tcp, old := packet[s.ip:s.all], s.header[s.ip:s.all]
	return packet[0] == s.header[0] && packet[ipTOS] == s.header[ipTOS] &&
		[2]byte(packet[ipFragment:]) == [2]byte(s.header[ipFragment:]) && packet[ipTTL] == s.header[ipTTL] &&
		bytes.Equal(packet[ipHeader:s.ip], s.header[ipHeader:s.ip]) &&
		tcp[tcpOffset] == old[tcpOffset] && tcp[tcpFlags]&steadyFlags == old[tcpFlags]&steadyFlags &&
		bytes.Equal(tcp[tcpHeader:], old[tcpHeader:])
}

// changes returns the octet of changes and puts their n octets into deltas. It
// returns false when the segment cannot be told by them, or when it repeats
// another, which may have been lost for want of the right state.
func (s *vjState) changes(packet []byte, deltas *[16]byte) (changes byte, n int, ok bool) {
	tcp, old := packet[s.ip:s.all], s.header[s.ip:s.all]
	out := deltas[:0]

	urgent := binary.BigEndian.Uint16(tcp[tcpUrgent:])
	if tcp[tcpFlags]&flagURG != 0 {
		out = appendDelta(out, urgent)
		changes |= vjUrgent
	} else if urgent != binary.BigEndian.Uint16(old[tcpUrgent:]) {
		return 0, 0, false
	}
	if d := binary.BigEndian.Uint16(tcp[tcpWindow:]) - binary.BigEndian.Uint16(old[tcpWindow:]); d != 0 {
		out = appendDelta(out, d)
		changes |= vjWindow
	}
	ack := binary.BigEndian.Uint32(tcp[tcpAck:]) - binary.BigEndian.Uint32(old[tcpAck:])
	seq := binary.BigEndian.Uint32(tcp[tcpSeq:]) - binary.BigEndian.Uint32(old[tcpSeq:])
	if ack > 0xffff || seq > 0xffff {
		return 0, 0, false
	}
	if ack != 0 {
		out = appendDelta(out, uint16(ack))
		changes |= vjAck
	}
	if seq != 0 {
		out = appendDelta(out, uint16(seq))
		changes |= vjSeq
	}

	// RFC 1144's decompressor leaves the urgent flag as it was where a special
	// combination is used.
	special := old[tcpFlags]&flagURG == 0
	switch changes {
	case 0:
		// Fine for data behind an acknowledgement without any. Otherwise it
		// is a retransmission or a probe.
		if s.data() != 0 || len(packet) == s.all {
			return 0, 0, false
		}
	case vjEcho, vjData:
		return 0, 0, false // these mean something else
	case vjSeq | vjAck:
		if special && seq == ack && seq == s.data() {
			changes, out = vjEcho, deltas[:0]
		}
	case vjSeq:
		if special && seq == s.data() {
			changes, out = vjData, deltas[:0]
		}
	}

	if d := binary.BigEndian.Uint16(packet[ipID:]) - binary.BigEndian.Uint16(s.header[ipID:]); d != 1 {
		out = appendDelta(out, d)
		changes |= vjID
	}
	if tcp[tcpFlags]&flagPSH != 0 {
		changes |= vjPush
	}
	return changes, len(out), true
}

// appendDelta appends a number: one octet from 1 to 255, else a zero and two.
func appendDelta(b []byte, d uint16) []byte {
	if d == 0 || d > 0xff {
		return append(b, 0, byte(d>>8), byte(d))
	}
	return append(b, byte(d))
}

// write puts the compressed header in front of the packet's data, over the end
// of its headers.
func (c *VJCompressor) write(packet []byte, slot int, changes byte, deltas []byte) []byte {
	s := &c.states[slot]
	var header [2 + 2 + 16]byte
	h := append(header[:0], changes)
	if !c.compSlot || slot != c.last {
		h[0] |= vjSlot
		h = append(h, byte(slot))
		c.last = slot
	}
	h = append(h, packet[s.ip+tcpChecksum], packet[s.ip+tcpChecksum+1])
	h = append(h, deltas...)
	out := packet[s.all-len(h):]
	copy(out, h)
	return out
}
