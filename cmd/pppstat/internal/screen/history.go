package screen

import (
	"time"

	"pppdial/cmd/internal/status"
)

// maxHistory is how many refreshes are remembered: more than any window is wide.
const maxHistory = 512

// A History holds the rates of an interface and its links, refresh by refresh.
// They come from counters, so that they are those of the time between two
// refreshes, however long that was.
type History struct {
	last  *status.Bundle
	at    time.Time
	whole series
	links map[string]*series
}

// A series is bits a second, in and out, oldest first.
type series struct{ rx, tx []float64 }

// Add takes in a refresh. Another interface begins another history.
func (h *History) Add(b *status.Bundle, now time.Time) {
	old, took := h.last, now.Sub(h.at).Seconds()
	if old != nil && !b.Is(old) {
		*h = History{}
		old = nil
	}
	copied := *b
	h.last, h.at = &copied, now
	if old == nil {
		return
	}
	if took <= 0 {
		return
	}
	since := b.Minus(*old)
	h.whole.add(since.Rx.Bytes, since.Tx.Bytes, took)
	links := map[string]*series{}
	for _, k := range since.Links {
		s := h.links[k.Line]
		if s == nil {
			s = &series{}
		}
		if old.Link(k.Line) != nil {
			s.add(k.Rx.Bytes, k.Tx.Bytes, took)
		}
		links[k.Line] = s
	}
	h.links = links
}

func (s *series) add(rx, tx uint64, seconds float64) {
	add := func(to []float64, n uint64) []float64 {
		if len(to) == maxHistory {
			to = append(to[:0], to[1:]...)
		}
		return append(to, float64(n)*8/seconds)
	}
	s.rx, s.tx = add(s.rx, rx), add(s.tx, tx)
}

// bundle and link return rates; before there are two refreshes, the daemon's.
func (h *History) bundle(b *status.Bundle) series {
	if h == nil || len(h.whole.rx) == 0 {
		return series{[]float64{b.Rx.BPS}, []float64{b.Tx.BPS}}
	}
	return h.whole
}

func (h *History) link(k *status.Link) series {
	if h == nil || h.links[k.Line] == nil || len(h.links[k.Line].rx) == 0 {
		return series{[]float64{k.Rx.BPS}, []float64{k.Tx.BPS}}
	}
	return *h.links[k.Line]
}

func latest(s []float64) float64 { return s[len(s)-1] }
