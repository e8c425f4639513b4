package mp

import "time"

// What lies below us, a tty's buffer, a modem's, cannot be overtaken: it must
// stay short, or a key press waits behind a second of bulk data. A pace says
// how many bytes may be handed to the line, and when the next may follow.
//
// A line of which nothing is known is given more and more, until writes have to
// wait: a large one, or several small ones in a row, since a machine with other work
// lets a write wait as well. Then it is filled, at once and again and again: what was
// handed over between the ends of two waits is what the line has sent meanwhile.
// When some such samples agree, the rate is known, and with it what the line had
// swallowed before the first wait.
//
// Where that is little, the line is shallow: it is given a little more than it
// sends, which keeps it busy and lets it wait now and then and tell its rate.
// Where it is much, the line is deep: it is left alone until it has sent that,
// and then given a little less than it sends. It waits no more then, unless it
// has become slower. Whether it has become faster is tried by filling it, and
// the more seldom the longer that takes.
const (
	firstRate = 64 << 10 // bytes a second for a line of which nothing is known
	freeRate  = 32 << 20 // no line with a rate worth keeping is faster
	fastRate  = 2 << 20  // a faster line is left alone: what is below it is gone soon
	fullFrame = 1500     // bytes
	lineTime  = 4 * time.Millisecond
	maxBurst  = 64 << 10

	hadToWait = 2 * time.Millisecond  // what took longer had to wait,
	waitShare = 0.15                  // on a deep line longer than this share of a full frame's time
	pause     = 20 * time.Millisecond // without a write in which a line may have run dry

	enough      = 3    // samples that agree,
	enoughBytes = 4096 // and what they are taken of: waits may end a little early or late
	leastSample = 1024

	// For how long a machine with other work lets a write of so few bytes wait.
	busyTime = 50 * time.Millisecond
	fewBytes = 512

	releasedTime = 50 * time.Millisecond // after which a line that was too fast to be paced may be so no longer
	agreement    = 1.1                   // the greatest ratio of a sample to those before that agrees
	agreeBytes   = 24 << 10              // and of what they are taken until they need not, on a machine
	sureBytes    = 24 << 10              // with other work: then it takes so many
	confirmed    = 1.1                   // and of a rate that is still right
	faster       = 0.3                   // the weight of a shallow line's newest sample
	slower       = 0.1                   // which may be too low
	excess       = 1.1                   // of a shallow line's rate is handed over
	restraint    = 0.98                  // of a deep line's rate is handed over
	quickWrites  = 8                     // that do not wait: the shallow line has become faster
	bottomless   = 256 << 10             // bytes that fill any line

	parts     = 16 // in which a burst is handed over
	leastPart = 128

	deepTime  = 25 * time.Millisecond // what is deeper is deep,
	deepShare = 0.25                  // if it is more than this share of a full frame

	// A deep line is filled after so many times the time that it is deep, and
	// when that has confirmed the rate after twice as long, up to a limit.
	trialFirst = 20
	trialLast  = 160
	trialLeast = 500 * time.Millisecond
	heldBack   = 8 // writes in a row that the pace has held back: there is enough to fill it with

	// The rate is not known better than that, nor is thus what is below, of what
	// has been sent since nothing was.
	depthError = 0.02
	recently   = 8 << 10
	lately     = 1 << 20 // when the rate has just been measured
)

type paceState uint8

const (
	paceUnknown paceState = iota
	paceFilling
	paceShallow
	paceDeep
	paceFixed
	paceFree // nothing is held back
)

type pace struct {
	state   paceState
	limit   float64 // bytes a second that the line cannot exceed; 0: not known
	allowed float64 // bytes a second that are handed over at most
	rate    float64 // bytes a second that the line sends; 0: not known
	guess   float64 // the rate as far as one can say, when it is not known
	quick   int     // writes since one has waited
	doubts  int     // small writes in a row that an unknown line has let wait, though not for long
	fast    bool    // it has been measured and found too fast to be paced

	// Samples of the rate.
	waited  time.Time     // end of the last wait, if a sample may begin there
	since   int           // bytes handed over since the last wait
	idle    time.Duration // since then, in which a shallow line had nothing to send
	first   time.Time     // end of the wait from which on the samples agree
	total   int           // bytes handed over from then to the last wait
	samples int           // in this time
	tried   int           // bytes of all samples of this filling

	// What is below.
	past  history
	depth float64   // bytes below at the end of a wait; negative: not known
	level float64   // bytes below at the end of the last write
	at    time.Time // of the last write's end

	// Trials.
	held   int           // writes in a row that were held back
	trial  time.Time     // when the line is filled
	period time.Duration // until then

	began time.Time // of the write under way
	n     int       // its bytes
	next  time.Time // when the next write may begin
}

// newPace paces a line by what is known of it in bytes a second, 0 each if it
// is not: its rate, and what it cannot exceed.
func newPace(rate, limit float64, free bool) pace {
	switch {
	case free:
		return pace{state: paceFree, allowed: freeRate}
	case rate > 0:
		return pace{state: paceFixed, rate: rate, allowed: rate}
	case limit > 0:
		// What cannot be handed over any faster cannot fill it, either.
		return pace{state: paceDeep, rate: limit, limit: limit, allowed: limit, depth: -1}
	}
	return pace{allowed: firstRate, depth: -1}
}

// started says that a write of n bytes begins.
func (p *pace) started(now time.Time, n int) {
	late := now.Sub(p.next)
	if p.held++; late > pause/2 {
		p.held = 0
	}
	idle := p.dry(now)
	if p.state == paceShallow {
		p.idle += idle
	}
	if late > pause && (p.rate == 0 || idle > 0) {
		p.forget()
		if p.state == paceFilling && p.rate > 0 {
			// There is not enough for a trial.
			p.leave()
		}
	}
	p.began, p.n = now, n
}

// dry is for how long nothing has been below, as far as that is known.
func (p *pace) dry(now time.Time) time.Duration {
	if p.rate == 0 {
		return 0
	}
	return max(0, now.Sub(p.at)-seconds(p.level/p.rate))
}

// forget gives up the sample under way.
func (p *pace) forget() { p.waited, p.since, p.idle = time.Time{}, 0, 0 }

// done says that the write has ended.
func (p *pace) done(h handover) {
	switch p.state {
	case paceFree:
		return
	case paceFixed:
		if p.next.Before(p.began) {
			p.next = p.began
		}
		p.next = p.next.Add(p.span(float64(p.n)))
		p.level = max(0, p.rate*p.next.Sub(h.ended).Seconds())
		return
	}
	if h.waited.IsZero() && !h.atOnce && h.ended.Sub(p.began) > hadToWait {
		h.waited, h.rest = h.ended, 0 // bit by bit
	}
	if h.waited.Sub(p.began) > p.patience() {
		p.past.add(p.began, h.waited, p.n-h.rest, true)
		p.past.add(h.waited, h.ended, h.rest, false)
		p.since += p.n - h.rest
		p.quick = 0
		inParts := p.state != paceDeep // else where it waited is not known well enough
		switch {
		case p.state == paceUnknown && p.since < leastSample:
			// So little fills no line: it was the machine that let us wait.
		case p.state == paceUnknown && !p.fast && p.n < fewBytes && p.doubts < 2 && h.waited.Sub(p.began) < busyTime:
			// It may have been again. A line that is full lets the next writes wait, too.
			p.doubts++
		case p.waited.IsZero() || p.since >= leastSample:
			p.learn(h.waited)
			p.forget()
			if inParts {
				p.waited = h.waited
			}
		}
		p.since += h.rest
		p.level = max(0, p.depth+float64(h.rest)-p.rate*h.ended.Sub(h.waited).Seconds())
	} else {
		p.past.add(p.began, h.ended, p.n, false)
		p.since += p.n
		p.level = max(0, p.level-p.sends()*p.began.Sub(p.at).Seconds())
		p.level = max(0, p.level+float64(p.n)-p.sends()*h.ended.Sub(p.began).Seconds())
		p.grow(h.ended)
	}
	p.at = h.ended
	p.wait()
}

// patience is how long a write takes at least that has to wait: longer than
// the machine may have let it wait.
func (p *pace) patience() time.Duration {
	switch p.state {
	case paceShallow:
		return max(hadToWait, seconds(float64(p.part(0))/2/p.rate))
	case paceDeep:
		return max(hadToWait, seconds(waitShare*fullFrame/p.rate))
	}
	return hadToWait
}

// sends is what the line is taken to send, in bytes a second.
func (p *pace) sends() float64 {
	if p.state == paceDeep {
		return p.allowed
	}
	return p.rate
}

// learn takes a sample at the end of a wait.
func (p *pace) learn(at time.Time) {
	sample := 0.0
	if !p.waited.IsZero() {
		sample = float64(p.since) / at.Sub(p.waited).Seconds()
	}
	switch p.state {
	case paceUnknown:
		guess := float64(p.n) / at.Sub(p.began).Seconds()
		if p.fast {
			// A single wait may be the fault of a busy machine.
			if sample == 0 {
				p.first, p.total = at, 0
				return
			}
			p.total += p.since
			took := at.Sub(p.first)
			if took < releasedTime {
				return
			}
			if guess = float64(p.total) / took.Seconds(); guess >= fastRate {
				p.first, p.total = at, 0
				return
			}
		}
		p.fill(guess)
		p.first = at
	case paceDeep:
		p.fill(p.rate)
	case paceFilling:
		mean := 0.0
		if p.samples > 0 {
			mean = float64(p.total) / p.waited.Sub(p.first).Seconds()
		}
		if sample > 0 {
			p.tried += p.since
		}
		// A sample that comes between two states of a tty's buffer is wrong by a
		// tenth or more, and a deep line that is given so much more than it
		// sends fills up.
		agree := p.tried <= agreeBytes
		if sample == 0 || mean > 0 && agree && !near(sample, mean, agreement) {
			p.first, p.total, p.samples = at, 0, 0
			return
		}
		p.total += p.since
		p.samples++
		mean = float64(p.total) / at.Sub(p.first).Seconds()
		p.guess = mean
		p.overdrive(mean)
		switch {
		case p.samples < enough || p.total < enoughBytes || !agree && p.total < sureBytes:
		case mean < fastRate:
			p.settle(mean, at)
		default:
			p.release()
		}
	case paceShallow:
		switch {
		case sample > p.rate:
			p.rate += (sample - p.rate) * faster
		case sample > 0:
			// That it had nothing to send for a while is not held against the
			// line. For how long is not known well enough to raise the rate.
			could := float64(p.since) / (at.Sub(p.waited) - p.idle).Seconds()
			p.rate += (min(could, p.rate) - p.rate) * slower
		}
		p.measureDepth(at, recently)
		p.leave()
	}
}

// near reports whether two samples differ by no more than a factor.
func near(a, b, factor float64) bool { return a > 0 && b > 0 && a < b*factor && b < a*factor }

// fill begins to hand over without a pause.
func (p *pace) fill(guess float64) {
	p.state, p.first, p.total, p.samples, p.tried, p.since = paceFilling, time.Time{}, 0, 0, 0, 0
	p.guess = guess
	p.overdrive(guess)
}

// overdrive hands over so much that a line of this rate fills, and not so much
// that a tty which is stopped from afar has swallowed it all by then.
func (p *pace) overdrive(rate float64) { p.allowed = min(max(2*rate, firstRate), freeRate) }

// release ends the filling: the line is too fast to be paced.
func (p *pace) release() {
	p.fast = true
	p.state, p.rate, p.guess, p.allowed = paceUnknown, 0, 0, freeRate
}

// quickly reports whether nothing waits for long before the line, as far as is
// known yet.
func (p *pace) quickly() bool {
	return p.state == paceFree || p.rate == 0 && p.allowed >= fastRate/4
}

// settle ends the filling: the line sends at this rate.
func (p *pace) settle(rate float64, at time.Time) {
	if p.limit > 0 {
		rate = min(rate, p.limit)
	}
	was := p.rate
	p.rate, p.guess = rate, rate
	same := near(rate, was, confirmed)
	if p.period *= 2; !same {
		p.period = 0
	}
	if p.depth < 0 || same { // else what went before went at another rate
		p.measureDepth(at, lately)
	}
	p.leave()
}

// measureDepth finds out how much was below at the end of a wait: for sure
// much, or for sure little. Nothing may have been below so many bytes ago.
func (p *pace) measureDepth(at time.Time, ago float64) {
	level, empty, ok := p.past.level(at, p.rate)
	sent := p.rate * at.Sub(empty).Seconds()
	doubt := depthError * sent
	if ok && sent < ago && (level > 2*doubt || level+doubt < p.deepFrom()) {
		p.depth = level
	}
}

// deepFrom is from how many bytes on a line is deep.
func (p *pace) deepFrom() float64 { return max(deepTime.Seconds()*p.rate, deepShare*fullFrame) }

// leave ends the filling, at a rate that is known.
func (p *pace) leave() {
	if p.depth >= 0 && p.depth < p.deepFrom() {
		p.state, p.allowed = paceShallow, p.rate*excess
		return
	}
	p.state, p.allowed = paceDeep, p.rate*restraint
	full := max(0, p.depth) / p.rate
	p.period = max(min(max(p.period, seconds(trialFirst*full)), seconds(trialLast*full)), trialLeast)
	p.trial = p.at.Add(p.period)
}

// grow is told of a write that did not wait.
func (p *pace) grow(at time.Time) {
	p.quick++
	p.doubts = 0
	switch p.state {
	case paceUnknown:
		if p.held > 0 {
			p.allowed = min(p.allowed*2, freeRate)
		}
	case paceFilling:
		if p.since > bottomless {
			p.release()
		}
	case paceShallow:
		if p.allowed *= excess; p.quick > quickWrites {
			p.state, p.rate = paceUnknown, 0
		}
	case paceDeep:
		if p.held > heldBack && at.After(p.trial) && p.rate != p.limit {
			p.fill(p.rate)
			p.waited = time.Time{}
		}
	}
}

// wait sets when the next write may begin.
func (p *pace) wait() {
	p.next = p.at
	switch {
	case p.state == paceDeep, p.state == paceShallow && p.quick == 0:
		p.next = p.at.Add(p.span(max(0, p.level-p.rate*lineTime.Seconds())))
	case p.quick > 0 && p.allowed < freeRate:
		p.next = p.at.Add(p.span(float64(p.n)))
	}
}

// estimate is the rate, or what is guessed of it; 0: nothing is known.
func (p *pace) estimate() float64 {
	if p.rate > 0 {
		return p.rate
	}
	return p.guess
}

// below is the number of octets that have been handed over and have not left
// yet, as far as that can be known.
func (p *pace) below(now time.Time) float64 {
	if p.at.IsZero() || p.rate == 0 {
		return 0
	}
	return max(0, p.level-p.rate*now.Sub(p.at).Seconds())
}

// span is the time that so many bytes take at the allowed rate.
func (p *pace) span(bytes float64) time.Duration { return seconds(bytes / p.allowed) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// burst is the number of bytes that may be put together for the next write.
func (p *pace) burst() int {
	n := maxBurst
	if p.allowed < freeRate {
		n = min(n, int(p.allowed*lineTime.Seconds()))
	}
	if p.state == paceUnknown {
		n = min(n, p.since/8) // if that is too much, it is not by much
	}
	return max(n, 1)
}

// part is how much of a write of n bytes is handed over at a time, so that
// waits are seen where they end.
func (p *pace) part(n int) int {
	switch {
	case p.state == paceDeep, p.state == paceFixed, p.state == paceFree, p.allowed >= freeRate:
		return n
	}
	return max(int(p.allowed*lineTime.Seconds())/parts, leastPart)
}

// ready reports whether the next write may begin.
func (p *pace) ready(now time.Time) bool { return !now.Before(p.next) }
