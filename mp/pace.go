package mp

import "time"

// What lies below us, a tty's buffer, a modem's, cannot be overtaken: it must
// stay short, or a key press waits behind a second of bulk data. A pace says
// how many bytes may be handed to the line, and when the next may follow.
//
// A line with a known rate is paced by it. Any other starts unknown: writes
// follow each other at an allowed rate that doubles as long as none has to
// wait. A write that waits tells the rate at which the line really takes
// bytes; from then on the next is handed over a little before the one before
// it will have left. Some lines let a whole write wait, and take it at once
// then; others take it bit by bit as it leaves, and have little of it left
// when it ends. A probe, the first few bytes written apart, tells them apart.
const (
	firstRate  = 64 << 10 // bytes a second allowed on a line that nothing is known of
	freeRate   = 32 << 20 // no line with a rate worth keeping is faster
	margin     = 1.1      // allowed in excess of what was measured
	patience   = 8        // writes without a wait after which the rate counts as unknown again
	lineTime   = 4 * time.Millisecond
	pause      = 20 * time.Millisecond // without a write in which the line may have run dry
	hadToWait  = 2 * time.Millisecond  // a write that took longer had to wait
	minBurst   = 1                     // the frame that is ready goes, however long
	maxBurst   = 64 << 10
	rateWeight = 4 // the newest sample counts for one part in so many
)

type pace struct {
	fixed float64 // bytes a second, known; 0: find out
	free  bool    // never wait

	allowed  float64 // bytes a second that we hand over at most; 0: not begun
	measured float64 // bytes a second that the line takes; 0: no write has waited
	quick    int     // writes since one has waited

	began  time.Time // of the write under way
	n      int       // its bytes
	waited time.Time // end of the last write that had to wait
	since  int       // bytes handed over in it and after it
	next   time.Time // when the next write may begin
}

// started says that a write of n bytes begins.
func (p *pace) started(now time.Time, n int) {
	if now.Sub(p.next) > pause {
		p.waited = time.Time{}
	}
	p.began, p.n = now, n
}

// done says that it has ended, and when its probe had: by the writer's clock.
func (p *pace) done(probed, at time.Time) {
	switch {
	case p.free:
		return
	case p.fixed > 0:
		p.allowed = p.fixed
		if p.next.Before(p.began) {
			p.next = p.began
		}
		p.next = p.next.Add(p.span(p.n))
		return
	case p.allowed == 0:
		p.allowed = firstRate
	case at.Sub(p.began) > hadToWait:
		p.learn(at)
		if at.Sub(probed) > probed.Sub(p.began) {
			p.since += p.n
			p.next = at
			return
		}
	default:
		grow := 2.0
		if p.quick++; p.known() {
			grow = margin
		}
		p.allowed = min(p.allowed*grow, freeRate)
	}
	p.since += p.n
	p.next = at
	if p.allowed < freeRate {
		p.next = at.Add(p.span(p.n))
	}
}

// probe reports whether the next write wants a probe.
func (p *pace) probe() bool { return !p.free && p.fixed == 0 && p.allowed < freeRate }

// learn takes a sample: two writes that had to wait end with the same little
// left below us, so what was handed over in between is what the line has sent.
func (p *pace) learn(at time.Time) {
	sent, took := p.since, at.Sub(p.waited)
	first := p.waited.IsZero()
	p.waited, p.since = at, 0
	switch {
	case first && p.measured > 0:
		return // the line may have rested in between
	case first:
		sent, took = p.n, at.Sub(p.began) // a guess to begin with
	}
	sample := float64(sent) / took.Seconds()
	if p.known() {
		p.measured += (sample - p.measured) / rateWeight
	} else {
		p.measured = sample
	}
	p.quick = 0
	p.allowed = p.measured * margin
}

// span is the time that n bytes take at the allowed rate.
func (p *pace) span(n int) time.Duration {
	return time.Duration(float64(n) / p.allowed * float64(time.Second))
}

// known reports whether the measured rate is of late.
func (p *pace) known() bool { return p.measured > 0 && p.quick < patience }

// rate is the line's, in bytes a second; 0 while it is not known.
func (p *pace) rate() float64 {
	switch {
	case p.fixed > 0:
		return p.fixed
	case p.known():
		return p.measured
	}
	return 0
}

// burst is the number of bytes that may be put together for the next write.
func (p *pace) burst() int {
	if p.free || p.allowed >= freeRate {
		return maxBurst
	}
	return min(max(int(p.allowed*lineTime.Seconds()), minBurst), maxBurst)
}

// ready reports whether the next write may begin.
func (p *pace) ready(now time.Time) bool { return !now.Before(p.next) }
