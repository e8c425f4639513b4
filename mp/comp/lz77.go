package comp

import (
	"encoding/binary"
	"math/bits"
)

// How hard the matcher looks, about as zlib does by default.
const (
	chainLength = 128  // strings compared at a place
	shortChain  = 32   // the same when there is already a match of goodMatch
	goodMatch   = 8    // octets
	lazyMatch   = 16   // a match this long is taken without a look one octet on
	niceMatch   = 128  // a match this long ends the search
	farMatch    = 4096 // a match of three octets farther away does not pay
	// spareWindow is the part of the window that is not used. zlib's
	// compressor leaves so much, and no peer has seen more.
	spareWindow = maxMatch + minMatch + 1
)

// matcher finds repetitions in a stream of packets.
type matcher struct {
	window int // a power of two

	// history holds up to two windows and a packet, and then loses one
	// window from its front. Places in head and prev are counted from one,
	// zero is none.
	history []byte
	head    []int32 // by hash of three octets: the last place of them
	prev    []int32 // by place, modulo window: the place before with that hash
	known   int     // places before this one are in head and prev
}

func newMatcher(window int) matcher {
	size := 1 << window
	return matcher{window: size, head: make([]int32, size), prev: make([]int32, size)}
}

func (m *matcher) reset() {
	m.history = m.history[:0]
	m.known = 0
	clear(m.head)
}

// slide drops windows from the front.
func (m *matcher) slide() {
	for len(m.history) >= 2*m.window {
		n := copy(m.history, m.history[m.window:])
		m.history = m.history[:n]
		m.known -= m.window
		for _, places := range [...][]int32{m.head, m.prev} {
			for i, p := range places {
				places[i] = max(p-int32(m.window), 0)
			}
		}
	}
}

func (m *matcher) hash(at int) uint32 {
	b := m.history[at : at+minMatch]
	v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	return v * 0x9e3779b1 >> (32 - uint(bits.TrailingZeros(uint(len(m.head)))))
}

// learn puts the places before end into the table, as far as three octets are
// known of them.
func (m *matcher) learn(end int) {
	for end = min(end, len(m.history)-minMatch+1); m.known < end; m.known++ {
		h := m.hash(m.known)
		m.prev[m.known&(m.window-1)] = m.head[h]
		m.head[h] = int32(m.known) + 1
	}
}

// longest returns the longest match of the octets at a place that is longer
// than least, or a length of zero.
func (m *matcher) longest(at, least int) (length, distance int) {
	most := min(len(m.history)-at, maxMatch)
	if most < minMatch || least >= most {
		return 0, 0
	}
	tries := chainLength
	if least >= goodMatch {
		tries = shortChain
	}
	here := m.history[at : at+most]
	nice := min(niceMatch, most)
	nearest := at - (m.window - spareWindow)
	best := max(least, minMatch-1)
	for p := int(m.head[m.hash(at)]) - 1; p >= 0 && p >= nearest && tries > 0; tries-- {
		there := m.history[p : p+most]
		if there[best] == here[best] && there[best-1] == here[best-1] {
			if n := common(there, here); n > best {
				length, distance, best = n, at-p, n
				if n >= nice {
					break
				}
			}
		}
		p = int(m.prev[p&(m.window-1)]) - 1
	}
	if length == minMatch && distance > farMatch {
		return 0, 0
	}
	return length, distance
}

// common returns how many octets at the beginning of a and b are equal, which
// are of one length.
func common(a, b []byte) int {
	n := 0
	for len(a)-n >= 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// tokens adds a packet to the history and its literals and matches to e. A match
// is only taken when there is no longer one an octet further on.
func (m *matcher) tokens(packet []byte, e *blockEncoder) {
	m.slide()
	at := len(m.history)
	m.history = append(m.history, packet...)

	held := false // the octet before at is still to be said
	heldLength, heldDistance := 0, 0
	for at < len(m.history) {
		m.learn(at)
		length, distance := 0, 0
		if heldLength < lazyMatch {
			length, distance = m.longest(at, heldLength)
		}
		if heldLength > 0 && length == 0 {
			e.addMatch(heldLength, heldDistance)
			at += heldLength - 1
			held, heldLength = false, 0
			continue
		}
		if held {
			e.addLiteral(m.history[at-1])
		}
		held, heldLength, heldDistance = true, length, distance
		at++
	}
	switch {
	case heldLength > 0:
		e.addMatch(heldLength, heldDistance)
	case held:
		e.addLiteral(m.history[at-1])
	}
}
