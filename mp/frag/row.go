package frag

import "time"

// A row is the fragments of one class, in the order of their numbers. It
// counts positions, which are numbers that do not wrap.
type row struct {
	class   uint8
	next    int64 // the position that is wanted next
	slots   []fragment
	pending int   // fragments in slots
	floor   int64 // what is missing below counts as lost

	packet []byte // being put together; nil: none
	parts  int    // fragments in it
	broken bool   // since the last loss no packet has begun

	seen   int64         // the position that sawAt belongs to; see since
	sawAt  time.Duration // when a fragment behind it came
	gaveUp gap           // the latest that was waited for in vain
}

// A gap is positions that nothing came for.
type gap struct {
	from, to int64
	since    time.Duration
}

func (w *row) at(pos int64) *fragment { return &w.slots[pos%int64(len(w.slots))] }

func (w *row) put(pos int64, f fragment) {
	*w.at(pos) = f
	w.pending++
}

// take goes on to the next position and returns what came for this one.
func (w *row) take() fragment {
	slot := w.at(w.next)
	f := *slot
	if f.data != nil {
		w.pending--
		*slot = fragment{}
	}
	w.next++
	return f
}

// since is when it showed that the next position is missing: when the fragment
// behind the gap came. There must be one.
func (w *row) since(r *Reassembler) time.Duration {
	if w.pending > 0 && (w.seen != w.next+1) {
		pos := w.next
		for w.at(pos).data == nil {
			pos++
		}
		w.seen, w.sawAt = w.next+1, w.at(pos).at
	}
	return w.sawAt
}

// step goes on as far as fragments have come or are known to be lost, until a
// packet is whole.
func (w *row) step(r *Reassembler, now time.Duration) ([]byte, bool) {
	for w.pending > 0 || w.next < w.floor {
		if w.at(w.next).data == nil {
			if !w.lost(r, now) {
				return nil, false
			}
			r.counts.LostFragments++
			w.take()
			w.lose(r)
			continue
		}
		if p, ok := w.add(r, w.take()); ok {
			return p, true
		}
	}
	return nil, false
}

// lost reports whether the next position will not come any more: every link
// that counts has brought a later one (RFC 1990, section 4.1), the room is
// needed, or it was waited for long enough.
func (w *row) lost(r *Reassembler, now time.Duration) bool {
	if w.next < w.floor || w.next < w.overtaken(r) {
		return true
	}
	if now-w.awaited(r) < r.late.patience() {
		return false
	}
	since := w.since(r)
	if w.gaveUp.to != w.next {
		w.gaveUp = gap{from: w.next}
	}
	w.gaveUp.to, w.gaveUp.since = w.next+1, since
	r.counts.TimedOut++
	return true
}

// awaited is since when nothing has come that promises the next position: what
// a link brings is in the order of the numbers, so one that still brings earlier
// ones, be it for seconds because much had waited before a slow line, will bring
// this one as well if it was sent over it.
func (w *row) awaited(r *Reassembler) time.Duration {
	t := w.since(r)
	for _, src := range r.sources {
		if !src.resting && src.last[w.class] < w.next {
			t = max(t, src.came[w.class])
		}
	}
	return t
}

// overtaken is the minimum over the links of the latest position that came
// over them, the RFC's M.
func (w *row) overtaken(r *Reassembler) int64 {
	m := w.next + int64(len(w.slots))
	for _, src := range r.sources {
		if !src.resting {
			m = min(m, src.last[w.class])
		}
	}
	return m
}

// lose gives up the packet that is being put together.
func (w *row) lose(r *Reassembler) {
	if w.packet != nil {
		r.release(w.packet)
		w.packet = nil
		r.counts.Discarded += uint64(w.parts)
	}
	if !w.broken {
		w.broken = true
		r.counts.LostPackets++
	}
}

// add adds a fragment to the packet, and returns it when it is whole.
func (w *row) add(r *Reassembler, f fragment) ([]byte, bool) {
	switch {
	case f.begin:
		if w.packet != nil {
			w.lose(r)
		}
		w.broken = false
		w.packet, w.parts = f.data, 1
	case w.packet == nil:
		r.counts.Discarded++
		r.release(f.data)
		w.lose(r)
		return nil, false
	case len(w.packet)+len(f.data) > r.maxPacket():
		r.counts.Discarded++
		r.release(f.data)
		w.lose(r)
		return nil, false
	default:
		w.packet = append(w.packet, f.data...)
		w.parts++
		r.release(f.data)
	}
	if !f.end {
		return nil, false
	}
	p := w.packet
	w.packet = nil
	r.out = p
	if len(p) == 0 {
		r.reuse()
		return nil, false
	}
	return p, true
}
