// Package fcs computes the 16-bit frame check sequence of RFC 1662 appendix
// C.2: the CRC of CCITT with the polynomial x^16 + x^12 + x^5 + 1, least
// significant bit first. The framing and the compressors check with it.
//
// Long inputs are first folded into [foldSize] octets with the same remainder
// (fold.go), short ones go through tables, sixteen octets a step. All
// functions may be called from any goroutine.
package fcs

import "encoding/binary"

const (
	// Init is the value before the first octet.
	Init uint16 = 0xffff
	// Good is the value after a frame and its check sequence.
	Good uint16 = 0xf0b8
	// Size is the length of a check sequence in octets.
	Size = 2
)

// reversed is the polynomial, least significant bit first, without x^16.
const reversed = 0x8408

// slices is the number of octets that one step through the tables takes.
const slices = 16

// tables[k][v] is the remainder of octet v followed by k zero octets.
var tables = makeTables()

func makeTables() (t [slices][256]uint16) {
	for v := range t[0] {
		crc := uint16(v)
		for range 8 {
			crc = crc>>1 ^ reversed&-(crc&1)
		}
		t[0][v] = crc
	}
	for k := 1; k < slices; k++ {
		for v, crc := range t[k-1] {
			t[k][v] = crc>>8 ^ t[0][crc&0xff]
		}
	}
	return t
}

// Update returns the value after the octets of b, starting from crc: [Init],
// or what Update returned for the octets before.
func Update(crc uint16, b []byte) uint16 {
	if len(b) >= foldFrom {
		return fold(crc, b)
	}
	return sliced(crc, b)
}

// Append appends the check sequence of b[from:] to b, least significant octet
// first, so that Update over b[from:] and it is [Good].
func Append(b []byte, from int) []byte {
	return binary.LittleEndian.AppendUint16(b, ^Update(Init, b[from:]))
}

// sliced computes the remainder by tables. Only two of the sixteen octets of a
// step wait for the step before.
func sliced(crc uint16, b []byte) uint16 {
	for len(b) >= slices {
		lo := binary.LittleEndian.Uint64(b) ^ uint64(crc)
		hi := binary.LittleEndian.Uint64(b[8:])
		b = b[slices:]
		crc = tables[7][hi&0xff] ^ tables[6][hi>>8&0xff] ^
			tables[5][hi>>16&0xff] ^ tables[4][hi>>24&0xff] ^
			tables[3][hi>>32&0xff] ^ tables[2][hi>>40&0xff] ^
			tables[1][hi>>48&0xff] ^ tables[0][hi>>56] ^
			tables[15][lo&0xff] ^ tables[14][lo>>8&0xff] ^
			tables[13][lo>>16&0xff] ^ tables[12][lo>>24&0xff] ^
			tables[11][lo>>32&0xff] ^ tables[10][lo>>40&0xff] ^
			tables[9][lo>>48&0xff] ^ tables[8][lo>>56]
	}
	for _, c := range b {
		crc = crc>>8 ^ tables[0][byte(crc)^c]
	}
	return crc
}
