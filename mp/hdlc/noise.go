package hdlc

// noiseSize is how many octets of noise are kept.
const noiseSize = 256

// noise is a ring of the last octets that formed no good frame.
type noise struct {
	ring [noiseSize]byte
	next int // where the next octet goes
	full bool
}

func (n *noise) add(b []byte) {
	b = b[max(0, len(b)-noiseSize):]
	for len(b) > 0 {
		c := copy(n.ring[n.next:], b)
		b = b[c:]
		if n.next += c; n.next == noiseSize {
			n.next, n.full = 0, true
		}
	}
}

// bytes returns the octets in the order in which they came.
func (n *noise) bytes() []byte {
	var all []byte
	if n.full {
		all = append(all, n.ring[n.next:]...)
	}
	return append(all, n.ring[:n.next]...)
}
