package comp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrTossed says that a compressed packet was dropped since packets may have
// been lost before it (RFC 1144 section 4.1). TCP will send it again.
var ErrTossed = errors.New("state may be out of date")

// VJDecompressor restores the TCP/IP headers of one direction.
type VJDecompressor struct {
	states []vjState
	last   int // the slot of the packet before
	toss   bool
}

// NewVJDecompressor returns a decompressor with slots connections, 1 to 256, as
// many as we told the peer.
func NewVJDecompressor(slots int) *VJDecompressor {
	return &VJDecompressor{states: make([]vjState, slots), toss: true}
}

// Lost says that something was received that may have been a packet: a frame
// with a wrong FCS. From then on packets are dropped until one names its slot.
func (d *VJDecompressor) Lost() { d.toss = true }

// Uncompressed takes an uncompressed TCP packet, which begins or mends the state
// of a slot, and puts its IP protocol right in place.
func (d *VJDecompressor) Uncompressed(packet []byte) error {
	ip, all, ok := headerLengths(packet)
	if !ok || int(packet[ipProtocol]) >= len(d.states) {
		d.toss = true
		return fmt.Errorf("comp: VJ: %w: uncompressed packet of %d octets", ErrCorrupt, len(packet))
	}
	d.last = int(packet[ipProtocol])
	d.toss = false
	packet[ipProtocol] = protocolTCP
	s := &d.states[d.last]
	s.ip, s.all = ip, all
	copy(s.header[:], packet[:all])
	return nil
}

// Compressed appends to dst the packet that compressed stands for.
func (d *VJDecompressor) Compressed(dst, compressed []byte) ([]byte, error) {
	out, err := d.restore(dst, compressed)
	if err != nil {
		d.toss = true
		return dst, fmt.Errorf("comp: VJ: %w", err)
	}
	return out, nil
}

func (d *VJDecompressor) restore(dst, compressed []byte) ([]byte, error) {
	r := deltaReader{in: compressed}
	changes := r.octet()
	if changes&vjSlot != 0 {
		slot := int(r.octet())
		if slot >= len(d.states) {
			return nil, fmt.Errorf("%w: slot %d", ErrCorrupt, slot)
		}
		d.last, d.toss = slot, false
	} else if d.toss {
		return nil, ErrTossed
	}
	old := &d.states[d.last]
	if old.all == 0 {
		return nil, fmt.Errorf("%w: slot %d was never used", ErrCorrupt, d.last)
	}
	// The state changes only when all of the header could be read.
	s := *old
	tcp := s.header[s.ip:s.all]
	tcp[tcpChecksum], tcp[tcpChecksum+1] = r.octet(), r.octet()
	s.apply(changes, &r)
	total := s.all + len(r.in)
	if r.short || total > 0xffff {
		return nil, fmt.Errorf("%w: %d octets", ErrCorrupt, len(compressed))
	}
	binary.BigEndian.PutUint16(s.header[ipLength:], uint16(total))
	binary.BigEndian.PutUint16(s.header[ipChecksum:], 0)
	binary.BigEndian.PutUint16(s.header[ipChecksum:], checksum(s.header[:s.ip]))
	*old = s
	return append(append(slices.Grow(dst, total), s.header[:s.all]...), r.in...), nil
}

// apply reads the changes of the header and makes them.
func (s *vjState) apply(changes byte, r *deltaReader) {
	tcp := s.header[s.ip:s.all]
	data := s.data()
	tcp[tcpFlags] &^= flagPSH | flagURG
	if changes&vjPush != 0 {
		tcp[tcpFlags] |= flagPSH
	}
	switch changes & vjSpecials {
	case vjEcho:
		add32(tcp[tcpAck:], data)
		add32(tcp[tcpSeq:], data)
	case vjData:
		add32(tcp[tcpSeq:], data)
	default:
		if changes&vjUrgent != 0 {
			tcp[tcpFlags] |= flagURG
			binary.BigEndian.PutUint16(tcp[tcpUrgent:], r.delta())
		}
		if changes&vjWindow != 0 {
			add16(tcp[tcpWindow:], r.delta())
		}
		if changes&vjAck != 0 {
			add32(tcp[tcpAck:], uint32(r.delta()))
		}
		if changes&vjSeq != 0 {
			add32(tcp[tcpSeq:], uint32(r.delta()))
		}
	}
	id := uint16(1)
	if changes&vjID != 0 {
		id = r.delta()
	}
	add16(s.header[ipID:], id)
}

func add16(b []byte, n uint16) { binary.BigEndian.PutUint16(b, binary.BigEndian.Uint16(b)+n) }
func add32(b []byte, n uint32) { binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+n) }

// checksum is that of an IP header whose checksum field is zero.
func checksum(header []byte) uint16 {
	sum := uint32(0)
	for ; len(header) >= 2; header = header[2:] {
		sum += uint32(binary.BigEndian.Uint16(header))
	}
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return ^uint16(sum)
}

// deltaReader takes a compressed header apart.
type deltaReader struct {
	in    []byte
	short bool // more was taken than there was
}

func (r *deltaReader) octet() byte {
	if len(r.in) == 0 {
		r.short = true
		return 0
	}
	c := r.in[0]
	r.in = r.in[1:]
	return c
}

func (r *deltaReader) delta() uint16 {
	if c := r.octet(); c != 0 {
		return uint16(c)
	}
	hi := r.octet()
	return uint16(hi)<<8 | uint16(r.octet())
}
