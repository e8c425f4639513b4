package comp

import "encoding/binary"

// bitReader takes bits from octets, the least significant first (RFC 1951
// section 3.1.1).
type bitReader struct {
	in    []byte
	next  int // the first octet of in that is not in bits
	bits  uint64
	have  uint // how many of bits count; those above are zero
	short bool // more was taken than there was
}

// fill gets at least 48 bits ready, or all that there are.
func (r *bitReader) fill() {
	if len(r.in)-r.next >= 8 {
		n := (63 - r.have) / 8
		r.bits |= binary.LittleEndian.Uint64(r.in[r.next:]) << r.have
		r.next += int(n)
		r.have += 8 * n
		r.bits &= 1<<r.have - 1
		return
	}
	for r.have <= 56 && r.next < len(r.in) {
		r.bits |= uint64(r.in[r.next]) << r.have
		r.next++
		r.have += 8
	}
}

// take returns the next n bits, at most 16. It needs no fill before.
func (r *bitReader) take(n uint) uint64 {
	if r.have < n {
		if r.fill(); r.have < n {
			r.short = true
			return 0
		}
	}
	v := r.bits & (1<<n - 1)
	r.bits >>= n
	r.have -= n
	return v
}

// octets returns what follows the octet of which a bit was taken last.
func (r *bitReader) octets() []byte { return r.in[r.next-int(r.have/8):] }

// bitWriter appends bits to octets, the least significant first.
type bitWriter struct {
	out  []byte
	bits uint64
	have uint // how many of bits are not yet in out, at most 31
}

// put appends the lowest n bits of v, at most 32, whose other bits are zero.
func (w *bitWriter) put(v uint32, n uint) {
	w.bits |= uint64(v) << w.have
	if w.have += n; w.have >= 32 {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(w.bits))
		w.bits >>= 32
		w.have -= 32
	}
}

// close fills the last octet up with zeros.
func (w *bitWriter) close() []byte {
	for w.have > 0 {
		w.out = append(w.out, byte(w.bits))
		w.bits >>= 8
		w.have -= min(8, w.have)
	}
	return w.out
}
