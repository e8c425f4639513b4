package comp

import (
	"math/bits"
	"slices"
)

// prefixCode is a prefix code for encoding: each symbol's code, first bit
// lowest, and its length.
type prefixCode struct {
	codes [fixedLiteralCodes]uint16
	sizes [fixedLiteralCodes]uint8
}

// codeBuilder makes prefix codes. It is kept to save its memory.
type codeBuilder struct {
	leaves [literalCodes]leaf
	weight [literalCodes]uint32 // of inner nodes, in the order of their making
	parent [2 * literalCodes]uint16
}

// leaf is a symbol that occurs: how often, and behind that, in symbolBits, which;
// so leaves sort by weight. A packet's octets are too few to overflow 32 bits.
type leaf int

const symbolBits = 9 // literalCodes are fewer than 1<<symbolBits

func leafOf(symbol int, weight uint32) leaf { return leaf(weight<<symbolBits) | leaf(symbol) }

func (l leaf) symbol() int    { return int(l & (1<<symbolBits - 1)) }
func (l leaf) weight() uint32 { return uint32(l >> symbolBits) }

// build fills c with the best code for counts whose longest code has longest
// bits or fewer. At least two symbols get a code, since not every inflater
// takes an incomplete one.
func (b *codeBuilder) build(c *prefixCode, counts []uint32, longest int) {
	leaves := b.leaves[:0]
	for s, n := range counts {
		c.sizes[s] = 0
		if n > 0 {
			leaves = append(leaves, leafOf(s, n))
		}
	}
	for s := 0; len(leaves) < 2; s++ {
		if counts[s] == 0 {
			leaves = append(leaves, leafOf(s, 1))
		}
	}
	slices.Sort(leaves)
	lengths := b.lengths(leaves, longest)
	// The rarest symbols get the longest codes.
	i := 0
	for n := longest; n > 0; n-- {
		for range lengths[n] {
			c.sizes[leaves[i].symbol()] = uint8(n)
			i++
		}
	}
	c.assign(len(counts))
}

// lengths returns how many codes there are of each length. Huffman's tree is
// built with two queues: the leaves by weight, and the inner nodes, which come
// into being by weight.
func (b *codeBuilder) lengths(leaves []leaf, longest int) (counts [maxCodeBits + 1]uint16) {
	n := len(leaves)
	leafAt, innerAt := 0, 0
	lightest := func(made int) (node int, weight uint32) {
		if innerAt == made || leafAt < n && leaves[leafAt].weight() <= b.weight[innerAt] {
			leafAt++
			return leafAt - 1, leaves[leafAt-1].weight()
		}
		innerAt++
		return n + innerAt - 1, b.weight[innerAt-1]
	}
	for made := range n - 1 {
		x, wx := lightest(made)
		y, wy := lightest(made)
		b.parent[x], b.parent[y] = uint16(n+made), uint16(n+made)
		b.weight[made] = wx + wy
	}
	// parent becomes depth, from the root down.
	depth := b.parent[:2*n-1]
	depth[2*n-2] = 0
	for i := 2*n - 3; i >= 0; i-- {
		depth[i] = depth[depth[i]] + 1
	}
	room := 1 << longest
	for _, d := range depth[:n] {
		d = min(d, uint16(longest))
		counts[d]++
		room -= 1 << (longest - int(d))
	}
	// Codes that were cut take more room than there is. For each unit of it a
	// code of full length moves up beside one that is made a bit longer.
	for ; room < 0; room++ {
		d := longest - 1
		for counts[d] == 0 {
			d--
		}
		counts[d]--
		counts[d+1] += 2
		counts[longest]--
	}
	return counts
}

// assign gives the first n symbols codes by their lengths (RFC 1951 section
// 3.2.2).
func (c *prefixCode) assign(n int) {
	var count, next [maxCodeBits + 2]uint16
	for _, size := range c.sizes[:n] {
		count[size]++
	}
	count[0] = 0
	for size := 1; size <= maxCodeBits; size++ {
		next[size] = (next[size-1] + count[size-1]) << 1
	}
	for s, size := range c.sizes[:n] {
		if size > 0 {
			c.codes[s] = bits.Reverse16(next[size]) >> (16 - size)
			next[size]++
		}
	}
}

// cost returns how many bits counts take with the code lengths sizes.
func cost(counts []uint32, sizes []uint8) (bits int) {
	for s, n := range counts {
		bits += int(n) * int(sizes[s])
	}
	return bits
}
