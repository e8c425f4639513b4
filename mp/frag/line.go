package frag

import (
	"math"
	"time"

	"pppdial/mp/wire"
)

// unknownRate is taken for a line of unknown rate where no other is known, in
// octets a second.
const unknownRate = 64 << 10

// A LineConfig is what does not change in the life of a line.
type LineConfig struct {
	// Overhead is the number of octets on the line that a fragment costs
	// beside its multilink header and its data: flag, address, control,
	// protocol, FCS.
	Overhead int
	// MRU is the longest information field that the peer receives on it; 0:
	// 1500.
	MRU int
}

// A Line is a member of a splitter's bundle.
type Line struct {
	cfg LineConfig
	s   *Splitter // nil when it was removed

	rate    float64 // octets a second, 0 when not known
	delay   float64 // seconds, one way, beside the time on the line
	resting bool

	idle    bool      // it was offered, and got nothing since
	free    time.Time // when all that it was given will have left
	lags    bool      // other lines have carried data since it last carried anything
	due     time.Time // when it wants a mark for that
	benched bool
	counts  LineCounters
	kept    memory

	// Estimates for the call under way.
	usedRate float64 // octets a second
	wait     float64 // seconds until it can take more
	lead     float64 // wait and delay: seconds until the next octet would arrive
	in       bool    // it has a share
}

// LineCounters count what a line was given.
type LineCounters struct {
	Fragments uint64
	Octets    uint64 // of data, headers left out
	Marks     uint64
	Resent    uint64 // of the fragments: those that another line has lost
}

// Add takes a line into the bundle.
func (s *Splitter) Add(cfg LineConfig) *Line {
	if cfg.MRU == 0 {
		cfg.MRU = wire.DefaultMRU
	}
	l := &Line{cfg: cfg, s: s, lags: !s.classes[0].latest.IsZero()}
	s.lines = append(s.lines, l)
	return l
}

// Remove takes a line out of the bundle. What it was given is lost if the line
// is.
func (s *Splitter) Remove(l *Line) {
	for i := range s.lines {
		if s.lines[i] == l {
			s.lines = append(s.lines[:i], s.lines[i+1:]...)
			l.s = nil
			return
		}
	}
}

// Update tells how fast the line is, in octets a second, 0 when that is not
// known, and its delay one way. Of the delays only the differences between
// lines matter.
func (l *Line) Update(rate float64, delay time.Duration) {
	l.rate, l.delay = max(rate, 0), delay.Seconds()
}

// Rest says that the line is not to be used for the time being, or again. It
// stays a member.
func (l *Line) Rest(resting bool) {
	l.resting = resting
	if resting {
		l.idle, l.benched = false, false
	}
}

// Resting reports whether it is not to be used.
func (l *Line) Resting() bool { return l.resting }

// Benched reports whether the line, when it was last offered, got nothing of a
// packet because others deliver it sooner.
func (l *Line) Benched() bool { return l.benched }

// Counters returns what the line was given.
func (l *Line) Counters() LineCounters { return l.counts }

// cost is the number of octets that a fragment takes beside its data.
func (l *Line) cost() int { return l.cfg.Overhead + l.s.cfg.Format.Size() }

// limit is the greatest number of octets of a packet in one fragment.
func (l *Line) limit() int { return max(l.cfg.MRU-l.s.cfg.Format.Size(), 1) }

// offered says that the line has room now, and what is still below.
func (l *Line) offered(now time.Time, below int) {
	l.idle = true
	if below == 0 {
		if l.free.After(now) {
			l.free = now
		}
		return
	}
	l.free = now.Add(seconds(float64(below) / l.known()))
}

// gave says that the line was given n octets of data that take size octets.
func (l *Line) gave(now time.Time, n, size int) {
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(seconds(float64(size) / l.usedRate))
	l.idle, l.benched = false, false
	l.counts.Fragments++
	l.counts.Octets += uint64(n)
}

// arrival is when the last of what the line was given will have arrived.
func (l *Line) arrival() time.Time { return l.free.Add(seconds(l.delay)) }

func (l *Line) known() float64 {
	if l.rate > 0 {
		return l.rate
	}
	best := 0.0
	for _, j := range l.s.lines {
		best = max(best, j.rate)
	}
	if best == 0 {
		return unknownRate
	}
	return best
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s, math.MaxInt32) * float64(time.Second))
}
