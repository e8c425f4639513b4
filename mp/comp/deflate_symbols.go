package comp

import "math/bits"

// Numbers of RFC 1951.
const (
	minMatch = 3
	maxMatch = 258

	endOfBlock   = 256
	firstLength  = 257 // symbol of the shortest match
	literalCodes = 286 // literals, end of block and lengths
	offsetCodes  = 30
	// fixed codes have two more symbols of each kind, which stand for nothing
	fixedLiteralCodes = literalCodes + 2
	fixedOffsetCodes  = offsetCodes + 2
	lengthCodes       = 19 // codes of code lengths

	maxCodeBits       = 15
	maxLengthCodeBits = 7

	storedBlock  = 0
	fixedBlock   = 1
	dynamicBlock = 2

	// Codes of code lengths that repeat: the last length 3 to 6 times, zero 3
	// to 10 times, zero 11 to 138 times.
	repeatLast  = 16
	repeatZero  = 17
	repeatZeros = 18
)

// lengthOrder is the order in which the lengths of code length codes are sent
// (RFC 1951 section 3.2.7).
var lengthOrder = [lengthCodes]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// lengthSymbol returns the code of a match length, counted from firstLength,
// and how many bits follow it (RFC 1951 section 3.2.5): with each power of two
// from eight up four codes have one bit more, the longest match has its own.
func lengthSymbol(length int) (symbol, extra int) {
	if length == maxMatch {
		return literalCodes - 1 - firstLength, 0
	}
	n := length - minMatch
	if n < 8 {
		return n, 0
	}
	extra = bits.Len(uint(n)) - 3
	return 4*extra + n>>extra, extra
}

// offsetSymbol returns the code of the distance of a match and how many bits
// follow it: with each power of two from four up two codes have one bit more.
func offsetSymbol(distance int) (symbol, extra int) {
	n := distance - 1
	if n < 4 {
		return n, 0
	}
	extra = bits.Len(uint(n)) - 2
	return 2*extra + n>>extra, extra
}

// base is the least number that a symbol stands for and the number of bits
// that are added to it.
type base struct {
	least uint16
	extra uint8
}

var lengthBases, offsetBases = makeBases()

func makeBases() (lengths [literalCodes - firstLength]base, offsets [offsetCodes]base) {
	for n := maxMatch; n >= minMatch; n-- {
		s, extra := lengthSymbol(n)
		lengths[s] = base{uint16(n), uint8(extra)}
	}
	for n := 1 << DeflateMaxWindow; n >= 1; n-- {
		s, extra := offsetSymbol(n)
		offsets[s] = base{uint16(n), uint8(extra)}
	}
	return lengths, offsets
}

// fixedLengths are the code lengths of fixed blocks (RFC 1951 section 3.2.6):
// of literals and lengths, and of distances.
var fixedLengths, fixedOffsetLengths = makeFixedLengths()

func makeFixedLengths() (literals [fixedLiteralCodes]uint8, offsets [fixedOffsetCodes]uint8) {
	for s := range literals {
		switch {
		case s < 144:
			literals[s] = 8
		case s < 256:
			literals[s] = 9
		case s < 280:
			literals[s] = 7
		default:
			literals[s] = 8
		}
	}
	for s := range offsets {
		offsets[s] = 5
	}
	return literals, offsets
}
