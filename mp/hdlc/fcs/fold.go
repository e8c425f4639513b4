package fcs

import "encoding/binary"

// The polynomial P has four terms, and squaring over GF(2) keeps it at four:
//
//	P^64 = x^1024 + x^768 + x^320 + 1
//
// All exponents are multiples of 64. Since P divides P^64, 64 bits at x^1024
// leave the same remainder as the same 64 bits at x^768, x^320 and x^0: a word
// of the message can be xor-ed into the words 4, 11 and 16 places behind it and
// dropped, without changing the remainder. That is three xors for eight octets
// and no table. What remains are the last sixteen words. P^32 and P^16 say the
// same of words of 32 and 16 bits, and with them four words remain.
const (
	foldWords = 16
	foldSize  = 8 * foldWords
	restWords = 4
	// foldFrom is the length from which folding is faster than tables alone.
	foldFrom = 320
)

// fold computes the remainder of a message of at least foldSize octets.
//
// crc is taken in by xor-ing it into the first two octets. From then on the
// value before the message is zero, and zero octets may stand before it: so the
// message is filled up in front to whole blocks.
func fold(crc uint16, b []byte) uint16 {
	var front [2 * foldSize]byte
	head := len(b)%foldSize + foldSize
	start := len(front) - head
	copy(front[start:], b[:head])
	front[start] ^= byte(crc)
	front[start+1] ^= byte(crc >> 8)

	var w [foldWords]uint64
	foldBlocks(&w, front[:])
	foldBlocks(&w, b[head:])
	foldRest(&w)
	rest := front[:0]
	for _, v := range w[foldWords-restWords:] {
		rest = binary.LittleEndian.AppendUint64(rest, v)
	}
	return sliced(0, rest)
}

// foldRest folds the words into the last restWords of them.
func foldRest(w *[foldWords]uint64) {
	// The last words stay: what foldBlocks has already carried from one of
	// them to another is taken back.
	for j := foldWords - 1; j >= 11; j-- {
		w[j] ^= w[j-4] ^ w[j-11]
	}
	for j := 10; j >= 4; j-- {
		w[j] ^= w[j-4]
	}
	// The first octet of a word is its lowest. Places 4, 11 and 16 of half a
	// word, then of a quarter.
	for k := range 8 {
		v := w[k]
		w[k+2] ^= v
		w[k+5] ^= v << 32
		w[k+6] ^= v >> 32
		w[k+8] ^= v
	}
	for k := 8; k < 12; k++ {
		v := w[k]
		w[k+1] ^= v
		w[k+2] ^= v << 48
		w[k+3] ^= v >> 16
		w[k+4] ^= v
	}
}
