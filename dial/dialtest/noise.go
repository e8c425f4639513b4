package dialtest

import (
	"bytes"
	"math"
	"math/rand/v2"
)

const flag = 0x7e // RFC 1662 section 3.1

// noise looks at the bytes of one direction as PPP frames, counts them, and
// damages what it is told to.
type noise struct {
	frames float64 // fraction of the frames that get one damaged byte
	bytes  float64 // fraction of the bytes that are damaged
	slips  float64 // fraction of the bytes that slip, see slip
	rng    *rand.Rand

	flags  bool // a flag has been seen: PPP is running
	inside int  // bytes since the last flag
	hit    int  // the byte of this frame to damage, from 1; 0: none
	gap    int  // bytes left until the next one that is damaged by itself
}

func newNoise(seed uint64) noise { return noise{rng: rand.New(rand.NewPCG(seed, flag))} }

// set changes the fractions.
func (n *noise) set(frames, bytes, slips float64) {
	n.frames, n.slips = frames, slips
	if bytes != n.bytes {
		n.bytes = bytes
		n.gap = n.next()
	}
}

// next draws how many bytes pass before the next damaged one: a geometric
// distribution, by inversion.
func (n *noise) next() int {
	if n.bytes <= 0 || n.bytes >= 1 {
		return 0
	}
	return int(math.Log(1-n.rng.Float64()) / math.Log1p(-n.bytes))
}

// pass lets b through, damaging it in place.
func (n *noise) pass(b []byte, st *Stats) {
	if n.bytes > 0 {
		n.strike(b, st)
	}
	for len(b) > 0 {
		i := bytes.IndexByte(b, flag)
		end := i
		if i < 0 {
			end = len(b)
		}
		n.frame(b[:end], i >= 0, st)
		if i < 0 {
			return
		}
		if n.inside > 0 {
			st.Frames++
		}
		n.flags, n.inside, n.hit = true, 0, 0
		b = b[i+1:]
	}
}

// slip returns b without some bytes, with others twice, and with flow control
// characters between them: what lines do whose flow control is bad.
func (n *noise) slip(b []byte, st *Stats) []byte {
	const xon, xoff = 0x11, 0x13
	out := make([]byte, 0, len(b)+8)
	for _, c := range b {
		if n.rng.Float64() >= n.slips {
			out = append(out, c)
			continue
		}
		st.Damaged++
		switch n.rng.IntN(4) {
		case 0:
		case 1:
			out = append(out, c, c)
		case 2:
			out = append(out, xon, c)
		case 3:
			out = append(out, xoff, c)
		}
	}
	return out
}

// frame lets a part of a frame through; last says that a flag follows.
func (n *noise) frame(part []byte, last bool, st *Stats) {
	if len(part) == 0 {
		return
	}
	if n.inside == 0 && n.frames > 0 && n.rng.Float64() < n.frames {
		n.hit = 1 + n.rng.IntN(6)
	}
	if at := n.hit - 1 - n.inside; n.hit > 0 && (at < len(part) || last) {
		n.flip(&part[min(max(at, 0), len(part)-1)])
		n.hit = 0
		st.Damaged++
	}
	n.inside += len(part)
}

// strike damages single bytes wherever they stand.
func (n *noise) strike(b []byte, st *Stats) {
	for len(b) > n.gap {
		n.flip(&b[n.gap])
		st.Damaged++
		b = b[n.gap+1:]
		n.gap = n.next()
	}
	n.gap -= len(b)
}

// flip changes one bit, so that no flag or escape (7D) comes of it: a frame stays one frame.
func (n *noise) flip(c *byte) {
	for {
		if x := *c ^ 1<<n.rng.IntN(8); x != flag && x != 0x7d {
			*c = x
			return
		}
	}
}
