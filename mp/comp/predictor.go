package comp

import (
	"fmt"

	"pppdial/mp/hdlc/fcs"
)

// Layout of Predictor type 1 packets (RFC 1978 section 3.2):
//
//	+---+-------------------+-----------------+--------+
//	| C | length before (15)| data            | CRC    |
//	+---+-------------------+-----------------+--------+
//
// C is set where the data is compressed. The CRC is that of frames, taken over
// the length without C and the data before compression.
const (
	predictorHeader     = 2
	predictorCompressed = 0x80
	maxPredictorPacket  = 0x7fff
)

// predictor guesses each octet from those before it (RFC 1978 section 3.1).
// The hash of what came before leads to the octet that followed last time.
type predictor struct {
	table [1 << 16]byte
	hash  uint16
}

// next takes octet c into the hash.
func (p *predictor) next(c byte) { p.hash = p.hash<<4 ^ uint16(c) }

// Predictor1Compressor compresses with Predictor type 1.
type Predictor1Compressor struct {
	predictor
	limit int
	undo  []guess
}

// guess is an entry of the table before it was changed.
type guess struct {
	hash uint16
	was  byte
}

// NewPredictor1Compressor returns a compressor whose results never have more
// than limit octets, the peer's MRU. Its packets may be longer than they were
// before, since the RFC knows no other way to send what cannot be compressed;
// where one would not fit, the guesses are taken back and Compress reports
// false.
func NewPredictor1Compressor(limit int) *Predictor1Compressor {
	return &Predictor1Compressor{limit: limit}
}

// Reset implements Compressor.
func (p *Predictor1Compressor) Reset() { p.predictor = predictor{} }

// Compress implements Compressor. A packet for which it reports false does not
// count.
func (p *Predictor1Compressor) Compress(dst, packet []byte) (out []byte, ok bool) {
	if len(packet) == 0 || len(packet) > maxPredictorPacket {
		return dst, false
	}
	start, hash := len(dst), p.hash
	p.undo = p.undo[:0]
	dst = append(dst, byte(len(packet)>>8), byte(len(packet)))
	check := ^fcs.Update(fcs.Update(fcs.Init, dst[start:]), packet)
	dst = p.guess(dst, packet)
	data := start + predictorHeader
	if len(dst)-data < len(packet) {
		dst[start] |= predictorCompressed
	} else {
		dst = append(dst[:data], packet...)
	}
	dst = append(dst, byte(check), byte(check>>8))
	if len(dst)-start <= p.limit {
		return dst, true
	}
	for i := len(p.undo) - 1; i >= 0; i-- {
		p.table[p.undo[i].hash] = p.undo[i].was
	}
	p.hash = hash
	return dst[:start], false
}

// guess appends the octets of src that were guessed wrongly, each eight octets
// of src after one octet that has a bit set for each right guess, the lowest
// first.
func (p *Predictor1Compressor) guess(dst, src []byte) []byte {
	for len(src) > 0 {
		at := len(dst)
		dst = append(dst, 0)
		n := min(8, len(src))
		for i, c := range src[:n] {
			if was := p.table[p.hash]; was == c {
				dst[at] |= 1 << i
			} else {
				p.undo = append(p.undo, guess{p.hash, was})
				p.table[p.hash] = c
				dst = append(dst, c)
			}
			p.next(c)
		}
		src = src[n:]
	}
	return dst
}

// Predictor1Decompressor decompresses Predictor type 1.
type Predictor1Decompressor struct {
	predictor
	limit  int
	broken bool
}

// NewPredictor1Decompressor returns a decompressor of packets up to limit
// octets, protocol field included.
func NewPredictor1Decompressor(limit int) *Predictor1Decompressor {
	return &Predictor1Decompressor{limit: limit}
}

// Reset implements Decompressor.
func (p *Predictor1Decompressor) Reset() {
	p.predictor = predictor{}
	p.broken = false
}

// Incompressible implements Decompressor: with Predictor such packets do not
// count.
func (p *Predictor1Decompressor) Incompressible([]byte) {}

// Decompress implements Decompressor.
func (p *Predictor1Decompressor) Decompress(dst, packet []byte) ([]byte, error) {
	if p.broken {
		return dst, fmt.Errorf("comp: predictor: %w", ErrOutOfSync)
	}
	out, err := p.decompress(dst, packet)
	if err != nil {
		p.broken = true
		return out, fmt.Errorf("comp: predictor: %w", err)
	}
	return out, nil
}

func (p *Predictor1Decompressor) decompress(dst, packet []byte) ([]byte, error) {
	if len(packet) < predictorHeader+fcs.Size {
		return dst, fmt.Errorf("%w: %d octets", ErrCorrupt, len(packet))
	}
	header := [predictorHeader]byte{packet[0] &^ predictorCompressed, packet[1]}
	length := int(header[0])<<8 | int(header[1])
	if length > p.limit {
		return dst, fmt.Errorf("%w: %d octets", ErrTooLong, length)
	}
	end := len(packet) - fcs.Size
	start, data := len(dst), packet[predictorHeader:end]
	if packet[0]&predictorCompressed != 0 {
		dst = p.restore(dst, data, length)
	} else {
		dst = append(dst, data...)
		p.learn(data)
	}
	if len(dst)-start != length {
		return dst, fmt.Errorf("%w: %d octets, not %d", ErrCorrupt, len(dst)-start, length)
	}
	check := fcs.Update(fcs.Update(fcs.Init, header[:]), dst[start:])
	if fcs.Update(check, packet[end:]) != fcs.Good {
		return dst, fmt.Errorf("%w: wrong CRC", ErrCorrupt)
	}
	return dst, nil
}

// restore appends the octets that guess made src of, length of them or fewer
// where src ends too soon.
func (p *Predictor1Decompressor) restore(dst, src []byte, length int) []byte {
	for length > 0 && len(src) > 0 {
		flags := src[0]
		src = src[1:]
		for i := range min(8, length) {
			var c byte
			if flags>>i&1 != 0 {
				c = p.table[p.hash]
			} else {
				if len(src) == 0 {
					return dst
				}
				c, src = src[0], src[1:]
				p.table[p.hash] = c
			}
			dst = append(dst, c)
			p.next(c)
			length--
		}
	}
	return dst
}

// learn takes octets into the table as the compressor did.
func (p *Predictor1Decompressor) learn(data []byte) {
	for _, c := range data {
		p.table[p.hash] = c
		p.next(c)
	}
}
