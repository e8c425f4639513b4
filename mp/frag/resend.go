package frag

import (
	"time"

	"pppdial/mp/wire"
)

// memorySize is the number of fragments that are remembered of a line: about
// as many as a slow one is given within two seconds.
const memorySize = 32

// A memory holds the last numbered fragments that a line was given, for the
// case that the line loses them: with their numbers they can be sent anew over
// another, and what the peer holds behind them is saved.
type memory struct {
	ring [memorySize]kept
	n    int // so far
}

type kept struct {
	left time.Time // when the line will have sent it
	info []byte    // the header first
}

func (m *memory) add(left time.Time, info []byte) {
	k := &m.ring[m.n%memorySize]
	k.left, k.info = left, append(k.info[:0], info...)
	m.n++
}

// A queue is fragments that are to be sent anew, each behind room for framing.
type queue struct {
	slots [][]byte
	first int
	n     int
}

func (q *queue) push(info []byte) {
	if q.first+q.n == len(q.slots) {
		q.slots = append(q.slots, nil)
	}
	slot := &q.slots[q.first+q.n]
	*slot = append(append((*slot)[:0], emptyRoom[:linkRoom]...), info...)
	q.n++
}

// head is how long the first fragment is.
func (q *queue) head() int { return len(q.slots[q.first]) - linkRoom }

func (q *queue) pop() []byte {
	b := q.slots[q.first]
	q.first++
	if q.n--; q.n == 0 {
		q.first = 0
	}
	return b
}

func (q *queue) clear() { q.first, q.n = 0, 0 }

// Resend says that what line l had not sent by then is lost, or may be. The
// numbered fragments that are remembered of it are handed out again, to other
// lines, before anything else, unless they are too long for them. It returns how
// many they are.
func (s *Splitter) Resend(l *Line, since time.Time) int {
	m, n := &l.kept, 0
	for i := max(0, m.n-memorySize); i < m.n; i++ {
		if k := &m.ring[i%memorySize]; !k.left.Before(since) {
			s.anew.push(k.info)
			n++
		}
	}
	m.n = 0
	return n
}

// giveAnew hands out the next fragment that another line has lost. One that no
// line in use takes is lost: it cannot be cut any more.
func (s *Splitter) giveAnew(now time.Time, l *Line) (Fragment, bool) {
	for s.anew.n > 0 && !s.taken(s.anew.head()) {
		s.anew.pop()
	}
	if s.anew.n == 0 || s.anew.head() > l.cfg.MRU {
		return Fragment{}, false
	}
	store := s.anew.pop()
	n := len(store) - linkRoom - s.cfg.Format.Size()
	l.gave(now, n, n+l.cost())
	l.kept.add(l.free, store[linkRoom:])
	l.counts.Resent++
	c := &s.classes[0]
	c.latest = later(c.latest, l.arrival())
	return Fragment{Protocol: wire.MP, Store: store, From: linkRoom}, true
}

// taken reports whether any line in use takes so long an information field.
func (s *Splitter) taken(n int) bool {
	for _, l := range s.lines {
		if !l.resting && n <= l.cfg.MRU {
			return true
		}
	}
	return false
}
