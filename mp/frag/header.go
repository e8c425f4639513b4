package frag

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A Format is one of the formats of a fragment's header.
type Format uint8

// Formats, with their octets in network order:
//
//	Long          |B|E|0 0 0 0 0 0|  sequence number, 24 bits  |   RFC 1990, section 3
//	Short         |B|E|0 0|  sequence number, 12 bits  |           RFC 1990, section 3
//	Classes       |B|E| class |0 0|  sequence number, 24 bits  |   RFC 2686
//	ShortClasses  |B|E|class|  sequence number, 12 bits  |         RFC 2686
const (
	Long Format = iota
	Short
	Classes
	ShortClasses
)

const (
	beginBit  = 0x80
	endBit    = 0x40
	shortMask = 0x0f // of the first octet: the upper four bits of a short number
)

// maxHeader is the size of the longest header.
const maxHeader = 4

// Size is the number of octets of a header.
func (f Format) Size() int {
	if f.short() {
		return 2
	}
	return maxHeader
}

// Numbers is the circle of the format's sequence numbers.
func (f Format) Numbers() Numbers {
	if f.short() {
		return ShortNumbers
	}
	return LongNumbers
}

// MaxClasses is how many classes the format can tell apart.
func (f Format) MaxClasses() int {
	_, mask := f.class()
	return int(mask) + 1
}

func (f Format) short() bool { return f == Short || f == ShortClasses }

// class is where the first octet has the class: how far to the left, and its bits.
func (f Format) class() (shift int, mask byte) {
	switch f {
	case Classes:
		return 2, 0x0f
	case ShortClasses:
		return 4, 0x03
	}
	return 0, 0
}

// A Header stands in front of a fragment's data.
type Header struct {
	Begin, End bool  // the first, the last fragment of a packet
	Class      uint8 // 0 in formats without classes
	Seq        Seq
}

// AppendHeader appends the header. Bits that the format has no room for are
// left out.
func AppendHeader(b []byte, f Format, h Header) []byte {
	var flags byte
	if h.Begin {
		flags |= beginBit
	}
	if h.End {
		flags |= endBit
	}
	shift, mask := f.class()
	flags |= h.Class & mask << shift
	if f.short() {
		return append(b, flags|byte(h.Seq>>8)&shortMask, byte(h.Seq))
	}
	return append(b, flags, byte(h.Seq>>16), byte(h.Seq>>8), byte(h.Seq))
}

// ErrHeader says that the octets end within the header.
var ErrHeader = errors.New("truncated header")

// ParseHeader reads the header of a fragment and returns the data behind it.
// Reserved bits are passed over.
func ParseHeader(f Format, b []byte) (Header, []byte, error) {
	size := f.Size()
	if len(b) < size {
		return Header{}, nil, fmt.Errorf("frag: %w in %d octets", ErrHeader, len(b))
	}
	shift, mask := f.class()
	h := Header{Begin: b[0]&beginBit != 0, End: b[0]&endBit != 0, Class: b[0] >> shift & mask}
	if f.short() {
		h.Seq = Seq(binary.BigEndian.Uint16(b)) & Seq(ShortNumbers)
		return h, b[size:], nil
	}
	h.Seq = Seq(binary.BigEndian.Uint32(b)) & Seq(LongNumbers)
	return h, b[size:], nil
}
