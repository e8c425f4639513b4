package capture

import "time"

// A memory keeps the newest blocks, each behind the time at which it was added,
// as many as fit.
type memory struct {
	limit int // bytes
	buf   []byte
	first int // offset of the oldest
}

const stamp = 8 // bytes of the time

func (m *memory) add(at time.Time, block []byte) {
	n := stamp + len(block)
	if n > m.limit {
		return
	}
	for len(m.buf)-m.first+n > m.limit {
		m.first += m.size(m.first)
	}
	if m.first > 0 && len(m.buf)+n > cap(m.buf) {
		m.buf = m.buf[:copy(m.buf, m.buf[m.first:])]
		m.first = 0
	}
	m.buf = append(le.AppendUint64(m.buf, uint64(at.UnixNano())), block...)
}

// size is that of the block at an offset, with its time.
func (m *memory) size(at int) int { return stamp + int(le.Uint32(m.buf[at+stamp+4:])) }

func (m *memory) forget() { m.buf, m.first = m.buf[:0], 0 }

// merged appends the blocks of two memories in the order of their times.
func merged(b []byte, one, two *memory) []byte {
	i, k := one.first, two.first
	for i < len(one.buf) || k < len(two.buf) {
		from, at := one, &i
		if i == len(one.buf) || k < len(two.buf) && le.Uint64(two.buf[k:]) < le.Uint64(one.buf[i:]) {
			from, at = two, &k
		}
		n := from.size(*at)
		b = append(b, from.buf[*at+stamp:*at+n]...)
		*at += n
	}
	return b
}
