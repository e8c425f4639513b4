package keep

import (
	"slices"
	"time"
)

// A Clock says when it is one of some times of day, in local time: each once a
// day. A time that the change to summer time skips comes as much later, one
// that the change back repeats counts the first time.
//
// It follows the clock on the wall, which may be set: what that leaps over is
// passed over, and nothing comes twice as it is set back a little.
type Clock struct {
	times []time.Duration // since midnight
	last  time.Time       // times up to here are done
}

const (
	lookAgain = time.Minute // the wall clock may have been set
	leap      = time.Hour   // a clock that moves so far was set
)

// NewClock returns a Clock for times since midnight.
func NewClock(times []time.Duration, now time.Time) *Clock {
	return &Clock{times: times, last: now.Round(0)}
}

// Deadline is when Advance wants to be called; zero is never.
func (c *Clock) Deadline() time.Time {
	if len(c.times) == 0 {
		return time.Time{}
	}
	soon := c.last.Add(lookAgain)
	if next := c.next(); next.Before(soon) {
		return next
	}
	return soon
}

// Advance reports whether one of the times has come.
func (c *Clock) Advance(now time.Time) bool {
	now = now.Round(0) // without the monotonic clock
	if len(c.times) == 0 {
		return false
	}
	moved := now.Sub(c.last)
	if moved < 0 && moved > -leap {
		return false
	}
	due := moved >= 0 && moved < leap && !c.next().After(now)
	c.last = now
	return due
}

// next is the first of the times after last.
func (c *Clock) next() time.Time {
	var all []time.Time
	y, m, d := c.last.Date()
	for _, t := range c.times {
		for day := range 3 {
			if at := onDay(y, m, d+day, t, c.last.Location()); at.After(c.last) {
				all = append(all, at)
				break
			}
		}
	}
	return slices.MinFunc(all, time.Time.Compare)
}

// onDay is the moment of a time of day: with the offset from UTC that holds before
// the day begins or, if that gives another time, with the one at its end. Where both
// do not, the time is skipped on that day.
func onDay(y int, m time.Month, d int, t time.Duration, where *time.Location) time.Time {
	utc := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(t)
	with := func(hour int) time.Time {
		_, offset := time.Date(y, m, d, hour, 0, 0, 0, where).Zone()
		return utc.Add(-time.Duration(offset) * time.Second).In(where)
	}
	early, late := with(-1), with(24) // summer time may begin at midnight
	if shows(early, t) || !shows(late, t) {
		return early
	}
	return late
}

// shows reports whether the clock on the wall shows t.
func shows(at time.Time, t time.Duration) bool {
	return time.Duration(at.Hour())*time.Hour+time.Duration(at.Minute())*time.Minute == t
}
