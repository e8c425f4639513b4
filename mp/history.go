package mp

import "time"

// A history is the last writes to a line. Those that follow each other are
// kept as one.
type history struct {
	writes [64]written
	n      int // kept so far
}

type written struct {
	began, ended time.Time
	n            int
	waited       bool // a wait ended there
}

const together = 20 * time.Millisecond

func (h *history) add(began, ended time.Time, n int, waited bool) {
	if h.n > 0 && !waited {
		if l := &h.writes[(h.n-1)%len(h.writes)]; !l.waited && ended.Sub(l.began) < together {
			l.ended, l.n = ended, l.n+n
			return
		}
	}
	h.writes[h.n%len(h.writes)] = written{began, ended, n, waited}
	h.n++
}

// level is what was below when the wait ended at that time, and since when
// there was something, if the line sends at this rate. It is false when that
// began before what is known.
func (h *history) level(at time.Time, rate float64) (level float64, since time.Time, ok bool) {
	var last time.Time
	oldest := max(0, h.n-len(h.writes))
	for i := oldest; i < h.n && last.Before(at); i++ {
		w := &h.writes[i%len(h.writes)]
		if level -= rate * w.began.Sub(last).Seconds(); level <= 0 {
			level, since = 0, w.began
			ok = i == 0 || i > oldest
		}
		level = max(0, level+float64(w.n)-rate*w.ended.Sub(w.began).Seconds())
		last = w.ended
	}
	return level, since, ok
}
