package comp

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// BSDDecompressor decompresses BSD Compress.
type BSDDecompressor struct {
	dict    bsdDictionary
	lengths []uint16 // of the strings of codes
	limit   int
	broken  bool
}

// NewBSDDecompressor returns a decompressor for codes up to bits, 9 to 16, and
// packets up to limit octets, protocol field included.
func NewBSDDecompressor(bits, limit int) *BSDDecompressor {
	d := &BSDDecompressor{dict: newBSDDictionary(bits), limit: limit}
	d.lengths = make([]uint16, len(d.dict.keys))
	for c := range bsdClear {
		d.lengths[c] = 1
	}
	return d
}

// Reset implements Decompressor.
func (d *BSDDecompressor) Reset() {
	d.dict.reset()
	d.broken = false
}

// Incompressible implements Decompressor: it does to the dictionary what the
// compressor did before it gave the packet up.
func (d *BSDDecompressor) Incompressible(packet []byte) {
	packet = shortProtocol(packet)
	if d.broken || len(packet) == 0 {
		return
	}
	dict := &d.dict
	dict.sequence++
	bits := uint(0)
	prefix := int(packet[0])
	for _, octet := range packet[1:] {
		key := bsdKey(prefix, octet)
		code, slot := dict.find(key)
		if code != 0 {
			prefix = code
			continue
		}
		bits += dict.width
		dict.widen()
		d.add(key, slot)
		prefix = int(octet)
	}
	bits += dict.width
	if dict.account(len(packet), int(bits)) {
		dict.clear()
	}
	dict.widen()
}

// add gives a string the next code, if there is one left, and notes its length.
func (d *BSDDecompressor) add(key uint32, slot int) {
	before := d.dict.last
	if d.dict.add(key, slot); d.dict.last != before {
		d.lengths[d.dict.last] = d.lengths[key>>8] + 1
	}
}

// Decompress implements Decompressor.
func (d *BSDDecompressor) Decompress(dst, packet []byte) ([]byte, error) {
	if d.broken {
		return dst, fmt.Errorf("comp: BSD Compress: %w", ErrOutOfSync)
	}
	out, err := d.decompress(dst, packet)
	if err != nil {
		d.broken = true
		return out, fmt.Errorf("comp: BSD Compress: %w", err)
	}
	return out, nil
}

func (d *BSDDecompressor) decompress(dst, packet []byte) ([]byte, error) {
	dict := &d.dict
	if len(packet) < sequenceSize {
		return dst, fmt.Errorf("%w: %d octets", ErrCorrupt, len(packet))
	}
	if got := binary.BigEndian.Uint16(packet); got != dict.sequence {
		return dst, fmt.Errorf("%w: number %d, not %d", ErrSequence, got, dict.sequence)
	}
	dict.sequence++

	r := codeReader{in: packet[sequenceSize:]}
	start := len(dst)
	bits := uint(0)
	for previous := -1; ; {
		width := dict.width
		code, ok := r.read(width)
		if !ok {
			break
		}
		if code == bsdClear {
			if _, more := r.read(bsdMinBits); more || previous < 0 {
				return dst, fmt.Errorf("%w: clear code not at the end", ErrCorrupt)
			}
			dict.clear()
			return dst, nil
		}
		bits += width
		var err error
		if dst, err = d.expand(dst, start, previous, code); err != nil {
			return dst, err
		}
		dict.widen()
		previous = code
	}
	if len(dst) == start {
		return dst, fmt.Errorf("%w: no codes", ErrCorrupt)
	}
	if dict.account(len(dst)-start, int(bits)) {
		return dst, fmt.Errorf("%w: dictionary not cleared", ErrCorrupt)
	}
	return dst, nil
}

// expand appends the string of code and adds to the dictionary the string of
// the code before it with the first octet of this one. code may be the one that
// is just being added.
func (d *BSDDecompressor) expand(dst []byte, start, previous, code int) ([]byte, error) {
	dict := &d.dict
	known := code <= dict.last
	from := code
	if !known {
		if previous < 0 || code != dict.last+1 {
			return dst, fmt.Errorf("%w: code %d of %d", ErrCorrupt, code, dict.last)
		}
		from = previous
	}
	length := int(d.lengths[from])
	total := len(dst) - start + length
	if !known {
		total++
	}
	if total > d.limit {
		return dst, fmt.Errorf("%w: at least %d octets", ErrTooLong, total)
	}

	at := len(dst)
	dst = slices.Grow(dst, length+1)[:at+length]
	for i := at + length - 1; i > at; i-- {
		key := dict.keys[from]
		dst[i] = byte(key)
		from = int(key >> 8)
	}
	dst[at] = byte(from)
	if !known {
		dst = append(dst, dst[at])
	}
	if previous >= 0 {
		key := bsdKey(previous, dst[at])
		if existing, slot := dict.find(key); existing == 0 {
			d.add(key, slot)
		} else if dict.last < dict.maxCode {
			return dst, fmt.Errorf("%w: string %#x again", ErrCorrupt, key)
		}
	}
	return dst, nil
}

// codeReader takes codes from octets.
type codeReader struct {
	in      []byte
	bits    uint64
	pending uint // how many of bits have not been read
}

// read returns the next code, or false when fewer bits than it needs are left.
func (r *codeReader) read(width uint) (code int, ok bool) {
	for r.pending < width {
		if len(r.in) == 0 {
			return 0, false
		}
		r.bits = r.bits<<8 | uint64(r.in[0])
		r.in = r.in[1:]
		r.pending += 8
	}
	r.pending -= width
	return int(r.bits >> r.pending & (1<<width - 1)), true
}
