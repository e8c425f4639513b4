package dial

import (
	"math/rand/v2"
	"time"
)

// PolicyConfig is when to call, of the keywords in, out, quiet, camp, modwait,
// modtries, modpause and redial_limit.
type PolicyConfig struct {
	AtOnce bool // the first call needs no traffic
	Demand bool // traffic calls, and a broken link waits for more of it
	Camp   bool // a broken link is made again at once, for ever

	Wait  time.Duration // rest of the modem between calls
	Tries int           // calls in a row before giving up for now
	Pause time.Duration // rest after giving up

	HourLimit int         // calls in any hour; 0: no limit
	History   []time.Time // of the calls of the last hour, by programs before this one

	Random func() float64 // 0 to 1; nil: math/rand
}

// An Action is what a Policy wants of its owner.
type Action int

const (
	Nothing Action = iota
	MakeCall
	GiveUp // for now: what waits for a link is dropped
	End    // there will be no further call
)

const (
	// A cause that further calls hardly mend doubles the rest between them,
	// beginning with slowRest.
	slowRest    = time.Minute
	slowestRest = time.Hour
	// What a call that the other side's may have crossed adds to the rest at
	// most, doubled each time.
	crossingRest    = 2 * time.Second
	longestCrossing = 6
)

// A Policy decides when to call. It knows the time only as an argument and does
// nothing itself: its methods tell it what has happened and return what to do
// now; when Deadline has come, Advance does the same.
type Policy struct {
	cfg PolicyConfig

	tries    int
	hopeless int // failures in a row that calling again hardly mends
	crossed  int
	deaf     int // rests in a row because of lines on which no call can be awaited
	up       bool
	calling  bool
	next     time.Time // of the next call, if it is wanted; else before which none is made
	wanted   bool
	calls    []time.Time // within the last hour
}

// NewPolicy returns a policy that waits for Start.
func NewPolicy(c PolicyConfig) *Policy {
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return &Policy{cfg: c, calls: c.History}
}

// Start begins.
func (p *Policy) Start(now time.Time) Action {
	p.wanted = p.cfg.AtOnce
	return p.Advance(now)
}

// Traffic says that a packet waits for a link.
func (p *Policy) Traffic(now time.Time) Action {
	if !p.cfg.Demand || p.up || p.calling {
		return Nothing
	}
	p.wanted = true
	return p.Advance(now)
}

// Calling reports whether a call was to be made of which nothing is known yet.
func (p *Policy) Calling() bool { return p.calling }

// Postponed says that the call was not made, or broken off, because the other
// side's is on its way.
func (p *Policy) Postponed(now time.Time) {
	if p.calling {
		p.calling, p.wanted, p.next = false, true, now.Add(p.cfg.Wait)
	}
}

// Deaf says that no call can be awaited on a line, while others do their work: it
// is tried again after a rest, longer each time.
func (p *Policy) Deaf(now time.Time) {
	if p.calling {
		p.calling, p.wanted, p.next = false, true, now.Add(growing(p.cfg.Wait, p.deaf))
		p.deaf++
	}
}

// Answered says that a call has come in whose link is another's.
func (p *Policy) Answered() { p.tries, p.hopeless, p.deaf = 0, 0, 0 }

// Wish says that somebody wants a call now, whatever the mode.
func (p *Policy) Wish(now time.Time) Action {
	p.wanted = true
	return p.Advance(now)
}

// Order is a Wish that does not wait for the rest after the call before. Where
// HourLimit forbids the call, it is made at the Deadline.
func (p *Policy) Order(now time.Time) Action {
	p.next = now
	return p.Wish(now)
}

// Up says that the link carries traffic, whoever has made the call.
func (p *Policy) Up(time.Time) {
	p.up, p.calling, p.wanted = true, false, false
}

// Down says that the link has ended after it was up.
func (p *Policy) Down(now time.Time) Action {
	p.up, p.calling = false, false
	p.tries, p.hopeless, p.crossed = 0, 0, 0
	p.next = now.Add(p.cfg.Wait)
	switch {
	case p.cfg.Camp:
		p.wanted = true
	case !p.cfg.Demand:
		return End
	}
	return Nothing
}

// A Cause is what the time of the next call depends on when one has failed.
type Cause struct {
	// Hopeless is what another call hardly mends: refused credentials, no dial
	// tone, a locked SIM.
	Hopeless bool
	// Crossed is what also happens when the other side is calling us: its line
	// is busy, or ours.
	Crossed bool
	// Until is before when no call makes sense; zero: not known.
	Until time.Time
}

// Failed says that the call was not made, or that its link never came up or was of
// no use.
func (p *Policy) Failed(now time.Time, c Cause) Action {
	p.up, p.calling = false, false
	p.tries++
	p.next = now.Add(p.cfg.Wait)
	if c.Until.After(p.next) {
		p.next = c.Until
	}
	if c.Crossed && p.cfg.Demand {
		// Both sides' next calls must not meet again.
		p.crossed = min(p.crossed+1, longestCrossing)
		p.next = p.next.Add(time.Duration(p.cfg.Random() * float64(crossingRest<<p.crossed)))
	}
	hopeless := c.Hopeless
	if hopeless {
		rest := slowestRest
		if p.hopeless < 6 {
			rest = slowRest << p.hopeless
		}
		p.hopeless++
		if slow := now.Add(rest); slow.After(p.next) {
			p.next = slow
		}
	} else {
		p.hopeless = 0
	}
	if p.tries < p.cfg.Tries && (!hopeless || p.cfg.Camp || p.cfg.Demand) {
		p.wanted = true
		return Nothing
	}
	p.tries = 0
	if rested := now.Add(p.cfg.Pause); rested.After(p.next) {
		p.next = rested
	}
	switch {
	case p.cfg.Camp:
		p.wanted = true
	case p.cfg.Demand:
		p.wanted = false
	default:
		return End
	}
	return GiveUp
}

// Again counts a further call of the same connection, and reports false when
// there have been too many calls in this hour.
func (p *Policy) Again(now time.Time) bool {
	if now.Before(p.allowed()) {
		return false
	}
	p.count(now)
	return true
}

// Uncalled takes back the last count: nobody was called.
func (p *Policy) Uncalled() {
	if n := len(p.calls); n > 0 {
		p.calls = p.calls[:n-1]
	}
}

// Deadline is when Advance wants to be called; zero is never.
func (p *Policy) Deadline() time.Time {
	if !p.wanted || p.up || p.calling {
		return time.Time{}
	}
	return p.due()
}

// due is when the wanted call may be made.
func (p *Policy) due() time.Time {
	if t := p.allowed(); t.After(p.next) {
		return t
	}
	return p.next
}

// allowed is when HourLimit lets the next call be made.
func (p *Policy) allowed() time.Time {
	n := len(p.calls)
	if p.cfg.HourLimit == 0 || n < p.cfg.HourLimit {
		return time.Time{}
	}
	return p.calls[n-p.cfg.HourLimit].Add(time.Hour)
}

func (p *Policy) count(now time.Time) {
	for len(p.calls) > 0 && now.Sub(p.calls[0]) >= time.Hour {
		p.calls = p.calls[1:]
	}
	p.calls = append(p.calls, now)
}

// Advance does what is due.
func (p *Policy) Advance(now time.Time) Action {
	if !p.wanted || p.up || p.calling || now.Before(p.due()) {
		return Nothing
	}
	p.wanted, p.calling = false, true
	p.count(now)
	return MakeCall
}

// Calls are the times of the calls of the last hour, for the history of the
// next program.
func (p *Policy) Calls() []time.Time { return p.calls }
