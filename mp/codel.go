package mp

import (
	"math"
	"time"
)

// A codel decides which packets of one flow have waited too long, as RFC 8289,
// section 5 lays it down: when all have waited for more than the target during
// a whole interval, one is dropped, and then more, ever faster, until they no
// longer do.
type codel struct {
	above    time.Time // when the wait will have been above the target for an interval; zero: it is not
	dropNext time.Time
	count    int // drops in this state
	lastN    int // count when the state was left
	dropping bool
}

// discard judges a packet that has waited so long. More says that the flow
// has more than a packet's worth waiting behind it: the last one is never
// dropped.
func (c *codel) discard(now time.Time, waited, target, interval time.Duration, more bool) bool {
	if !c.tooLong(now, waited, target, interval, more) {
		c.dropping = false
		return false
	}
	switch {
	case c.dropping && !now.Before(c.dropNext):
		c.count++
		c.dropNext = controlLaw(c.dropNext, interval, c.count)
		return true
	case c.dropping:
		return false
	}
	c.dropping = true
	// Who was here a moment ago goes on from where the rate was right.
	delta := c.count - c.lastN
	c.count = 1
	if delta > 1 && now.Sub(c.dropNext) < 16*interval {
		c.count = delta
	}
	c.dropNext = controlLaw(now, interval, c.count)
	c.lastN = c.count
	return true
}

func (c *codel) tooLong(now time.Time, waited, target, interval time.Duration, more bool) bool {
	switch {
	case waited < target || !more:
		c.above = time.Time{}
		return false
	case c.above.IsZero():
		c.above = now.Add(interval)
		return false
	}
	return !now.Before(c.above)
}

// emptied says that the flow has nothing left.
func (c *codel) emptied() {
	c.above = time.Time{}
	c.dropping = false
}

// controlLaw says when to drop next.
func controlLaw(t time.Time, interval time.Duration, count int) time.Time {
	return t.Add(time.Duration(float64(interval) / math.Sqrt(float64(count))))
}
