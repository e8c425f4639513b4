package frag

import (
	"math"
	"time"
)

const (
	// hurryTime is how long after a small or urgent packet more of them are
	// expected.
	hurryTime = 2 * time.Second

	// minRatio is the smallest piece that is cut off a packet, in costs of a
	// fragment: its header and framing.
	minRatio = 12

	// A line with less than minShare of the whole rate is not waited for
	// longer than the others take for lookAhead octets: what it adds is less
	// than what everybody loses by the waiting.
	minShare  = 0.05
	lookAhead = 3000

	// engaged is how long after its last fragment a line counts as being in
	// the middle of its work.
	engaged = 10 * time.Millisecond
)

// A slicing says how long the fragments of a long packet are, as time on the
// line. What is handed over cannot be overtaken, and what is numbered later is
// delivered later: shorter slices mean less waiting, longer ones fewer headers.
type slicing struct {
	short, long time.Duration
	costs       float64 // on slow lines they grow as long as headers take more than this share of the rate
}

var (
	calm    = slicing{55 * time.Millisecond, 200 * time.Millisecond, 0.005}
	hurried = slicing{33 * time.Millisecond, 60 * time.Millisecond, 0.025} // small or urgent packets pass
)

// estimate prepares all lines for one decision.
func (s *Splitter) estimate(now time.Time) {
	s.usable, s.rate = 0, 0
	s.hurried = s.cfg.Urgent == OwnClass || now.Before(s.hurry)
	for _, l := range s.lines {
		l.usedRate = l.known()
		l.wait = 0
		if !l.free.IsZero() {
			l.wait = l.free.Sub(now).Seconds()
		}
		if l.wait < 0 {
			// It has room, or should have had it by now; in that case the
			// longer it has not, the longer it may still take.
			l.wait = -l.wait
			if l.idle {
				l.wait = 0
			}
		}
		l.lead = l.wait + l.delay
		if !l.resting {
			s.usable++
			s.rate += l.usedRate
		}
	}
}

// cut says how many octets of a packet line l should take now; 0: none.
// behind is the number of octets that follow the packet. The line that would
// deliver all that is left of the packet first always takes something.
func (s *Splitter) cut(now time.Time, k *slot, l *Line, behind int) int {
	rest := k.rest()
	first := l.delivers(rest) <= s.first(rest, l)
	switch {
	case k.unnumbered:
		if first {
			return rest
		}
		return 0
	case s.usable == 1:
		return l.piece(rest, s.quantum(l))
	}
	n := 0
	if s.cfg.Whole || l.small(k) {
		n = s.undivided(now, k, l, behind)
	} else {
		n = s.share(now, rest, l, behind)
	}
	switch {
	case first && n == 0:
		return min(rest, l.limit())
	case !first && s.tooLate(l, n):
		return 0
	}
	return n
}

// share returns what line l should take of the rest of a packet.
//
// Where much is left for later, a line takes a slice. Towards the end of all
// that there is to send, the rest is shared so that all lines are done at the
// same time: each gets what it can deliver until then. A line that has no share
// would deliver later than the others do without it.
func (s *Splitter) share(now time.Time, rest int, l *Line, behind int) int {
	s.level.fill(s.lines, nil, s.horizon(l, rest+behind))
	n := l.piece(rest, s.quantum(l))
	switch {
	case l.in:
		if share := int((s.level.t-l.lead)*l.usedRate) - l.cost(); share < n {
			n = max(share, l.least())
		}
	case !s.engaged(now, l, behind):
		return 0
	}
	if n > rest-l.least() {
		n = min(rest, l.limit())
	}
	return n
}

// undivided decides on a packet that is better not cut: line l takes it when
// it will not be delivered later for that.
func (s *Splitter) undivided(now time.Time, k *slot, l *Line, behind int) int {
	rest := k.rest()
	limit := max(s.first(rest, l), s.class(k).latest.Sub(now).Seconds())
	if behind > 0 {
		s.level.fill(s.lines, l, s.horizon(l, rest+behind))
		limit = max(limit, s.level.t)
	}
	if l.delivers(rest) > limit && !s.engaged(now, l, behind) {
		return 0
	}
	return min(rest, l.limit())
}

// horizon is how much of n octets is looked at to find line l's share.
func (s *Splitter) horizon(l *Line, n int) int {
	if s.weak(l) {
		return min(n, lookAhead)
	}
	return n
}

func (s *Splitter) weak(l *Line) bool { return l.usedRate < minShare*s.rate }

// engaged reports whether the line is in the middle of its work: what it was
// given before is only arriving, so that nothing is delivered earlier when it
// pauses, but less in all.
func (s *Splitter) engaged(now time.Time, l *Line, behind int) bool {
	if behind == 0 || l.free.IsZero() || s.weak(l) {
		return false
	}
	soonest := l.delay
	for _, j := range s.lines {
		if !j.resting {
			soonest = min(soonest, j.delay)
		}
	}
	return now.Sub(l.free) <= seconds(l.delay-soonest)+engaged
}

// tooLate reports whether so many fragments would come in over the other lines
// before one of n octets over this one that the peer could not keep them.
func (s *Splitter) tooLate(l *Line, n int) bool {
	arrives, fragments := l.delivers(n), 0.0
	for _, j := range s.lines {
		if j != l && !j.resting {
			fragments += max(arrives-j.lead, 0) * j.usedRate / min(s.quantum(j), float64(j.limit()))
		}
	}
	return fragments > float64(s.cfg.Window)
}

// first is the number of seconds until another line than l would have
// delivered n octets.
func (s *Splitter) first(n int, l *Line) float64 {
	t := math.Inf(1)
	for _, j := range s.lines {
		if j != l && !j.resting {
			t = min(t, j.delivers(n))
		}
	}
	return t
}

// quantum is the size of a slice on the line, in octets.
func (s *Splitter) quantum(l *Line) float64 {
	if s.usable == 1 && s.cfg.Urgent != OwnClass || s.cfg.Whole {
		return math.Inf(1)
	}
	p := &calm
	if s.hurried {
		p = &hurried
	}
	// In slices of this time a header for each line costs what it may.
	cheap := float64(s.usable*l.cost()) / (s.rate * p.costs)
	t := min(max(cheap, p.short.Seconds()), p.long.Seconds())
	return max(l.usedRate*t, float64(l.least()))
}

// small reports whether a packet is not worth cutting.
func (l *Line) small(k *slot) bool { return !k.begun() && k.rest() <= 2*l.least() }

// least is the smallest piece that is cut off for the line.
func (l *Line) least() int { return minRatio * l.cost() }

// piece is the first of the equal pieces, each near the quantum, into which
// rest is cut.
func (l *Line) piece(rest int, quantum float64) int {
	pieces := max(int(math.Round(float64(rest)/quantum)), 1)
	pieces = max(pieces, (rest+l.limit()-1)/l.limit())
	return (rest + pieces - 1) / pieces
}

// delivers is the number of seconds until the line would have delivered a
// fragment of n octets.
func (l *Line) delivers(n int) float64 { return l.lead + float64(n+l.cost())/l.usedRate }

// A level is how far the lines are filled when so many octets are shared out
// that all are done at the same time, as water finds its level in vessels that
// stand on steps.
type level struct {
	t float64 // seconds until then
}

// fill shares n octets out to all lines but one. A line takes part when it can
// deliver its smallest piece before the others would have delivered
// everything.
func (v *level) fill(lines []*Line, but *Line, n int) {
	var rate, base float64 // Σ rate, Σ rate × lead + cost
	members := 0
	for _, l := range lines {
		if l.in = l != but && !l.resting; l.in {
			members++
			rate += l.usedRate
			base += l.usedRate*l.lead + float64(l.cost())
		}
	}
	for v.t = math.Inf(1); members > 0; members-- {
		v.t = (float64(n) + base) / rate
		var last *Line
		latest := 0.0
		for _, l := range lines {
			if l.in {
				if d := l.delivers(l.least()); last == nil || d > latest {
					last, latest = l, d
				}
			}
		}
		if members == 1 || latest <= v.t {
			return
		}
		last.in = false
		rate -= last.usedRate
		base -= last.usedRate*last.lead + float64(last.cost())
	}
}
