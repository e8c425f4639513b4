package dialtest

import (
	"slices"
	"time"
)

// tick is the longest piece of line time that is delivered at once: between two
// deliveries of a busy line lie at least tick, and the last byte of a burst arrives on time.
const tick = 2 * time.Millisecond

// wire is one direction of a serial line as arithmetic: which byte arrives when.
// Bytes leave one after the other at the line's rate and arrive after its delay.
// The times follow from the rate and the moment at which the bytes entered, not from
// when anybody looked, so that a late look delays nothing but what it delivers.
type wire struct {
	rate  int           // bit/s, 10 bits a byte; 0: no limit
	delay time.Duration // one way

	free time.Time // when all that has entered will have been sent
	segs []segment // oldest first
	data []byte    // of the segments, from head on
	head int
}

// segment is a run of bytes that entered at one rate.
type segment struct {
	start time.Time // when its first byte begins to be sent
	n     int
	rate  int
	delay time.Duration
}

// span is the time that n bytes take at rate.
func span(n, rate int) time.Duration {
	if rate == 0 {
		return 0
	}
	return time.Duration(int64(n) * 10 * int64(time.Second) / int64(rate))
}

// within is how many whole bytes are sent at rate in d, the reverse of span.
func within(d time.Duration, rate int) int {
	if d < 0 {
		return 0
	}
	if rate == 0 {
		return int(^uint(0) >> 1)
	}
	// One nanosecond makes up for the fraction that span cuts off.
	return int(float64(d+1) * float64(rate) / 10 / float64(time.Second))
}

// enter puts b on the line at now.
func (w *wire) enter(now time.Time, b []byte) {
	start := now
	if w.free.After(now) {
		start = w.free
	}
	w.free = start.Add(span(len(b), w.rate))
	w.data = append(w.data, b...)
	if k := len(w.segs) - 1; k >= 0 {
		// What follows without a gap is one segment with what went before.
		if s := &w.segs[k]; s.rate == w.rate && s.delay == w.delay && s.rate > 0 && start.Equal(s.start.Add(span(s.n, s.rate))) {
			s.n += len(b)
			w.free = s.start.Add(span(s.n, s.rate))
			return
		}
	}
	w.segs = append(w.segs, segment{start, len(b), w.rate, w.delay})
}

// backlog is the number of bytes that wait to be sent at now.
func (w *wire) backlog(now time.Time) int {
	if w.rate == 0 || !w.free.After(now) {
		return 0
	}
	const byteTime = 10 * int64(time.Second) // at 1 bit/s
	return int((int64(w.free.Sub(now))*int64(w.rate) + byteTime - 1) / byteTime)
}

// backlogAt is when the backlog is down to n bytes.
func (w *wire) backlogAt(n int) time.Time { return w.free.Add(-span(n, w.rate)) }

// size is the number of bytes waiting, on their way, or not yet taken.
func (w *wire) size() int { return len(w.data) - w.head }

// arrives is when the segment's first n bytes have arrived.
func (s *segment) arrives(n int) time.Time { return s.start.Add(span(n, s.rate) + s.delay) }

// take appends what has arrived at now to dst, no more than limit bytes.
func (w *wire) take(now time.Time, dst []byte, limit int) []byte {
	n, gone := 0, 0
	for i := range w.segs {
		s := &w.segs[i]
		k := min(s.n, within(now.Sub(s.start)-s.delay, s.rate), limit-n)
		n += k
		if k < s.n {
			s.start = s.start.Add(span(k, s.rate))
			s.n -= k
			break
		}
		gone++
	}
	w.segs = slices.Delete(w.segs, 0, gone)
	dst = append(dst, w.data[w.head:w.head+n]...)
	w.head += n
	switch {
	case w.head == len(w.data):
		w.data, w.head = w.data[:0], 0
	case w.head > len(w.data)/2:
		w.data, w.head = slices.Delete(w.data, 0, w.head), 0
	}
	return dst
}

// wake is when something worth a delivery has arrived: the end of all that
// is on its way, or tick after the first byte, whichever is earlier. Zero: the wire is empty.
func (w *wire) wake() time.Time {
	if len(w.segs) == 0 {
		return time.Time{}
	}
	first, last := &w.segs[0], &w.segs[len(w.segs)-1]
	end := last.arrives(last.n)
	if t := first.arrives(1).Add(tick); t.Before(end) {
		return t
	}
	return end
}

// retime changes rate and delay at now: what has not been sent yet goes at the new rate.
func (w *wire) retime(now time.Time, rate int, delay time.Duration) {
	if rate == w.rate && delay == w.delay {
		return
	}
	var sent, waiting []segment
	n := 0
	for _, s := range w.segs {
		k := min(s.n, within(now.Sub(s.start), s.rate))
		if k > 0 {
			sent = append(sent, segment{s.start, k, s.rate, s.delay})
		}
		if k < s.n {
			waiting = append(waiting, s)
			n += s.n - k
		}
	}
	w.segs, w.rate, w.delay = sent, rate, delay
	w.free = now
	if len(waiting) > 0 {
		w.segs = append(w.segs, segment{now, n, rate, delay})
		w.free = now.Add(span(n, rate))
	}
}

// clear drops everything and returns how many bytes that were.
func (w *wire) clear() int {
	n := w.size()
	w.data, w.head, w.segs, w.free = w.data[:0], 0, w.segs[:0], time.Time{}
	return n
}
