package comp

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// historySize is how far back a stream may refer.
const historySize = 1 << DeflateMaxWindow

// inflater undoes RFC 1951 packet by packet.
type inflater struct {
	// history ends with what came last. It holds up to 2*historySize octets
	// and a packet, and then loses its front.
	history []byte
	in      bitReader

	literals huffman
	offsets  huffman
	lengths  huffman // of code lengths
	sizes    [fixedLiteralCodes + fixedOffsetCodes]uint8
}

var fixedLiterals, fixedOffsets = makeFixed()

func makeFixed() (literals, offsets huffman) {
	literals.build(fixedLengths[:])
	offsets.build(fixedOffsetLengths[:])
	return literals, offsets
}

func (z *inflater) reset() { z.history = z.history[:0] }

// makeRoom drops what no packet can refer to any more.
func (z *inflater) makeRoom() {
	if len(z.history) >= 2*historySize {
		n := copy(z.history, z.history[len(z.history)-historySize:])
		z.history = z.history[:n]
	}
}

// learn adds a packet that came uncompressed.
func (z *inflater) learn(packet []byte) {
	z.makeRoom()
	z.history = append(z.history, packet...)
}

// packet decompresses one packet to at most limit octets. The result is valid
// until the next call.
func (z *inflater) packet(in []byte, limit int) ([]byte, error) {
	z.makeRoom()
	start := len(z.history)
	z.history = slices.Grow(z.history, limit)
	z.in = bitReader{in: in}
	for {
		final, kind := z.in.take(1), z.in.take(2)
		if z.in.short {
			return nil, fmt.Errorf("%w: no block", ErrCorrupt)
		}
		if final != 0 {
			return nil, fmt.Errorf("%w: final block", ErrCorrupt)
		}
		var err error
		switch kind {
		case storedBlock:
			var last bool
			if last, err = z.stored(start + limit); last {
				return z.history[start:], nil
			}
		case fixedBlock:
			err = z.block(&fixedLiterals, &fixedOffsets, start+limit)
		case dynamicBlock:
			if err = z.tables(); err == nil {
				err = z.block(&z.literals, &z.offsets, start+limit)
			}
		default:
			err = fmt.Errorf("%w: block of type %d", ErrCorrupt, kind)
		}
		if err != nil {
			return nil, err
		}
	}
}

// stored reads a block that is not compressed. The last one of a packet ends
// before its length.
func (z *inflater) stored(end int) (last bool, err error) {
	rest := z.in.octets()
	if len(rest) == 0 {
		return true, nil
	}
	if len(rest) < 4 {
		return false, fmt.Errorf("%w: stored block without length", ErrCorrupt)
	}
	n := int(binary.LittleEndian.Uint16(rest))
	if n^0xffff != int(binary.LittleEndian.Uint16(rest[2:])) || n > len(rest)-4 {
		return false, fmt.Errorf("%w: stored block of %d octets", ErrCorrupt, n)
	}
	if len(z.history)+n > end {
		return false, fmt.Errorf("%w: stored block of %d octets", ErrTooLong, n)
	}
	z.history = append(z.history, rest[4:4+n]...)
	z.in = bitReader{in: rest[4+n:]}
	// A peer may have left the length of the empty block in place.
	return n == 0 && len(rest) == 4, nil
}

// block reads a compressed block up to its end. history has room up to end.
func (z *inflater) block(literals, offsets *huffman, end int) error {
	in, out := z.in, z.history
	for {
		in.fill()
		s := literals.decode(&in)
		if in.short || s < 0 {
			return fmt.Errorf("%w: literal", ErrCorrupt)
		}
		if s < endOfBlock {
			if len(out) == end {
				return ErrTooLong
			}
			out = append(out, byte(s))
			continue
		}
		if s == endOfBlock {
			z.in, z.history = in, out
			return nil
		}
		if s -= firstLength; s >= len(lengthBases) {
			return fmt.Errorf("%w: length", ErrCorrupt)
		}
		length := int(lengthBases[s].least) + int(in.take(uint(lengthBases[s].extra)))
		in.fill()
		o := offsets.decode(&in)
		if o < 0 || o >= len(offsetBases) {
			return fmt.Errorf("%w: distance", ErrCorrupt)
		}
		distance := int(offsetBases[o].least) + int(in.take(uint(offsetBases[o].extra)))
		if in.short || distance > len(out) {
			return fmt.Errorf("%w: distance %d of %d", ErrCorrupt, distance, len(out))
		}
		if len(out)+length > end {
			return ErrTooLong
		}
		// Where the match reaches into its own copy, that grows by what has
		// been copied so far.
		at, from := len(out), len(out)-distance
		out = out[:at+length]
		for n := at; n < len(out); {
			n += copy(out[n:], out[from:n])
		}
	}
}

// tables reads the codes of a dynamic block (RFC 1951 section 3.2.7).
func (z *inflater) tables() error {
	in := &z.in
	literals, offsets, lengths := int(in.take(5))+257, int(in.take(5))+1, int(in.take(4))+4
	var sizes [lengthCodes]uint8
	for _, i := range lengthOrder[:lengths] {
		sizes[i] = uint8(in.take(3))
	}
	if in.short || !z.lengths.build(sizes[:]) {
		return fmt.Errorf("%w: code lengths", ErrCorrupt)
	}
	all := z.sizes[:literals+offsets]
	for i := 0; i < len(all); {
		in.fill()
		s := z.lengths.decode(in)
		if s < 0 || in.short {
			return fmt.Errorf("%w: code length", ErrCorrupt)
		}
		if s < repeatLast {
			all[i] = uint8(s)
			i++
			continue
		}
		value, times := uint8(0), 0
		switch s {
		case repeatLast:
			if i == 0 {
				return fmt.Errorf("%w: nothing to repeat", ErrCorrupt)
			}
			value, times = all[i-1], 3+int(in.take(2))
		case repeatZero:
			times = 3 + int(in.take(3))
		case repeatZeros:
			times = 11 + int(in.take(7))
		}
		if in.short || i+times > len(all) {
			return fmt.Errorf("%w: too many code lengths", ErrCorrupt)
		}
		for ; times > 0; times-- {
			all[i] = value
			i++
		}
	}
	if all[endOfBlock] == 0 || !z.literals.build(all[:literals]) || !z.offsets.build(all[literals:]) {
		return fmt.Errorf("%w: codes", ErrCorrupt)
	}
	return nil
}
