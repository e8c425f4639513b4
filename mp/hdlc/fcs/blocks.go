package fcs

import "encoding/binary"

// foldBlocks carries on with the whole blocks of b. Each word of w is the last
// word of the message at its place, with all that the words 4, 11 and 16 places
// before it have left there.
func foldBlocks(w *[foldWords]uint64, b []byte) {
	w0, w1, w2, w3, w4, w5, w6, w7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
	w8, w9, w10, w11, w12, w13, w14, w15 := w[8], w[9], w[10], w[11], w[12], w[13], w[14], w[15]
	for len(b) >= foldSize {
		d := b[:foldSize]
		w0 ^= binary.LittleEndian.Uint64(d[0:]) ^ w5 ^ w12
		w1 ^= binary.LittleEndian.Uint64(d[8:]) ^ w6 ^ w13
		w2 ^= binary.LittleEndian.Uint64(d[16:]) ^ w7 ^ w14
		w3 ^= binary.LittleEndian.Uint64(d[24:]) ^ w8 ^ w15
		w4 ^= binary.LittleEndian.Uint64(d[32:]) ^ w9 ^ w0
		w5 ^= binary.LittleEndian.Uint64(d[40:]) ^ w10 ^ w1
		w6 ^= binary.LittleEndian.Uint64(d[48:]) ^ w11 ^ w2
		w7 ^= binary.LittleEndian.Uint64(d[56:]) ^ w12 ^ w3
		w8 ^= binary.LittleEndian.Uint64(d[64:]) ^ w13 ^ w4
		w9 ^= binary.LittleEndian.Uint64(d[72:]) ^ w14 ^ w5
		w10 ^= binary.LittleEndian.Uint64(d[80:]) ^ w15 ^ w6
		w11 ^= binary.LittleEndian.Uint64(d[88:]) ^ w0 ^ w7
		w12 ^= binary.LittleEndian.Uint64(d[96:]) ^ w1 ^ w8
		w13 ^= binary.LittleEndian.Uint64(d[104:]) ^ w2 ^ w9
		w14 ^= binary.LittleEndian.Uint64(d[112:]) ^ w3 ^ w10
		w15 ^= binary.LittleEndian.Uint64(d[120:]) ^ w4 ^ w11
		b = b[foldSize:]
	}
	*w = [foldWords]uint64{w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15}
}
