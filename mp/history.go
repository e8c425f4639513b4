package mp

import "time"

// A history is the last writes to a line. Those that follow each other are
// kept as one, and the older they are the more so.
type history struct {
	writes [64]written
	n      int
	lost   bool // there were writes before the first that is kept
}

type written struct {
	began, ended time.Time
	n            int
	waited       bool // a wait ended there
}

const together = 20 * time.Millisecond

func (h *history) add(began, ended time.Time, n int, waited bool) {
	if h.n > 0 && !waited {
		if l := &h.writes[h.n-1]; !l.waited && ended.Sub(l.began) < together {
			l.ended, l.n = ended, l.n+n
			return
		}
	}
	if h.n == len(h.writes) {
		h.makeRoom()
	}
	h.writes[h.n] = written{began, ended, n, waited}
	h.n++
}

// makeRoom joins pairs of writes between which the line was hardly left alone,
// or forgets the older half.
func (h *history) makeRoom() {
	n := 0
	for i := 0; i < h.n; i++ {
		w := h.writes[i]
		if i+1 < h.n && h.writes[i+1].began.Sub(w.ended) < together {
			i++
			w.ended, w.n, w.waited = h.writes[i].ended, w.n+h.writes[i].n, h.writes[i].waited
		}
		h.writes[n] = w
		n++
	}
	if n > len(h.writes)*3/4 {
		h.lost = true
		n = copy(h.writes[:], h.writes[n/2:n])
	}
	h.n = n
}

// level is what was below when the wait ended at that time, and since when
// there was something, if the line sends at this rate. It is false when that
// began before what is known.
func (h *history) level(at time.Time, rate float64) (level float64, since time.Time, ok bool) {
	var last time.Time
	for i := 0; i < h.n && last.Before(at); i++ {
		w := &h.writes[i]
		if level -= rate * w.began.Sub(last).Seconds(); level <= 0 {
			level, since = 0, w.began
			ok = i > 0 || !h.lost
		}
		level = max(0, level+float64(w.n)-rate*w.ended.Sub(w.began).Seconds())
		last = w.ended
	}
	return level, since, ok
}
