package comp

import "math/bits"

// A huffman table decodes a prefix code by looking at tableBits bits at once,
// and for longer codes at the bits behind them in a second table.
const (
	tableBits = 9
	tableLink = 1 << 15 // an entry that leads to a second table
	// secondSize holds the second tables of any complete code of 288 symbols
	// and 15 bits beside a first table of 9 bits (340 entries).
	secondSize = 512
)

// huffman is a table of entries. An entry is a symbol, shifted left by four,
// and the length of its code; or, with tableLink, the place of a second table,
// shifted likewise, and how many bits that looks at. Zero is no code.
type huffman struct {
	first  [1 << tableBits]uint16
	second [secondSize]uint16
}

// build makes the table for code lengths by symbol (RFC 1951 section 3.2.2) and
// reports whether they make a code: complete, or a single symbol of one bit, or
// none at all, as blocks have it that hold no match.
func (h *huffman) build(sizes []uint8) bool {
	var count [maxCodeBits + 1]uint16
	for _, n := range sizes {
		count[n]++
	}
	unused, longest := 1, 0
	var next [maxCodeBits + 1]uint16
	for n := 1; n <= maxCodeBits; n++ {
		next[n] = (next[n-1] + count[n-1]) << 1
		if n == 1 {
			next[n] = 0
		}
		unused = unused<<1 - int(count[n])
		if unused < 0 {
			return false
		}
		if count[n] > 0 {
			longest = n
		}
	}
	if unused != 0 && longest > 1 {
		return false
	}

	h.first = [1 << tableBits]uint16{}
	if longest > tableBits && !h.link(sizes, next) {
		return false
	}
	for symbol, n := range sizes {
		if n == 0 {
			continue
		}
		code := bits.Reverse16(next[n]) >> (16 - n)
		next[n]++
		entry := uint16(symbol)<<4 | uint16(n)
		if n <= tableBits {
			for i := int(code); i < len(h.first); i += 1 << n {
				h.first[i] = entry
			}
			continue
		}
		link := h.first[code&(1<<tableBits-1)]
		table := h.second[link&^tableLink>>4:]
		for i := int(code >> tableBits); i < 1<<(link&0xf); i += 1 << (n - tableBits) {
			table[i] = entry
		}
	}
	return true
}

// link lays out the second tables: each is as large as the longest of its codes
// needs.
func (h *huffman) link(sizes []uint8, next [maxCodeBits + 1]uint16) bool {
	var longest [1 << tableBits]uint8
	for _, n := range sizes {
		if n > 0 {
			code := bits.Reverse16(next[n]) >> (16 - n)
			next[n]++
			if n > tableBits {
				i := code & (1<<tableBits - 1)
				longest[i] = max(longest[i], n)
			}
		}
	}
	used := 0
	for i, n := range longest {
		if n > 0 {
			h.first[i] = tableLink | uint16(used)<<4 | uint16(n-tableBits)
			if used += 1 << (n - tableBits); used > len(h.second) {
				return false
			}
		}
	}
	return true
}

// decode returns the next symbol, or -1 when the bits are no code. The reader
// has been filled.
func (h *huffman) decode(r *bitReader) int {
	e := h.first[r.bits&(1<<tableBits-1)]
	if e&tableLink != 0 {
		e = h.second[int(e&^tableLink>>4)+int(r.bits>>tableBits&(1<<(e&0xf)-1))]
	}
	n := uint(e & 0xf)
	if n == 0 {
		return -1
	}
	if n > r.have {
		r.short = true
		return -1
	}
	r.bits >>= n
	r.have -= n
	return int(e >> 4)
}
