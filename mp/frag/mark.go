package frag

import (
	"time"

	"pppdial/mp/wire"
)

// A mark is due after a line has lagged for markAfter, or for markSkews times
// of what it is later than the first of the others: what is numbered after a
// mark is delivered after it. The peer asks whether a line is still there when it
// has been silent for longer than markAfter (package mp, silence), and that takes
// room of what it sends over the line.
const (
	markAfter = 150 * time.Millisecond
	markSkews = 8
)

// carried says that line l was given a fragment of class 0: the others lag
// behind it from now on. last says that it was the last of its packet.
func (s *Splitter) carried(now time.Time, l *Line, last bool) {
	l.lags = false
	if len(s.cfg.Mark) == 0 {
		return
	}
	for _, j := range s.lines {
		if j == l {
			continue
		}
		if !j.lags {
			j.lags, j.due = true, now.Add(s.markPeriod(j))
		}
		if j.idle && last {
			s.markAt = earlier(s.markAt, later(j.due, now))
		}
	}
}

func (s *Splitter) markPeriod(l *Line) time.Duration {
	n := len(s.cfg.Mark)
	late := max(l.delivers(n)-s.first(n, l), 0)
	return max(markAfter, seconds(markSkews*late))
}

// markDue reports whether line l, which has room, should carry a mark now.
func (s *Splitter) markDue(now time.Time, l *Line) bool {
	if !l.lags || len(s.cfg.Mark) == 0 || s.bulk.begun() {
		return false
	}
	if now.Before(l.due) {
		s.markAt = earlier(s.markAt, l.due)
		return false
	}
	return true
}

// giveMark hands out a mark. The other lines do not lag for that: nobody waits
// for what is lost in front of a mark.
func (s *Splitter) giveMark(now time.Time, l *Line) Fragment {
	c := &s.classes[0]
	from := s.number(c, s.mark, slotRoom, true, true)
	l.gave(now, 0, len(s.cfg.Mark)+l.cost())
	l.kept.add(l.free, s.mark[from:])
	l.counts.Marks++
	l.lags = false
	c.latest = later(c.latest, l.arrival())
	return Fragment{Protocol: wire.MP, Store: s.mark, From: from}
}
