package account

import (
	"hash/maphash"
	"time"
)

// How many attempts may fail: so many at once, and one more after each pause.
const (
	nameBurst = 5
	namePause = 20 * time.Second
	allBurst  = 100
	allPause  = time.Second / 5
)

// slots is how many allowances there are for names. Names share one now and
// then; names that are no accounts have one as well, or their refusal would
// differ.
const slots = 4096

// A limiter counts failures.
type limiter struct {
	seed  maphash.Seed
	names map[uint64]*allowance
	all   allowance
}

// An allowance is a bucket of failures that fills again as time passes.
type allowance struct {
	used   int
	since  time.Time // the last time that some were given back
	proven bool      // the name was right the last time
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed(), names: map[uint64]*allowance{}} }

// left gives back what time has given back, and returns what is left.
func (a *allowance) left(now time.Time, burst int, pause time.Duration) int {
	if a.used > 0 {
		n := int(now.Sub(a.since) / pause)
		a.used = max(0, a.used-n)
		a.since = a.since.Add(time.Duration(n) * pause)
	}
	if a.used == 0 {
		a.since = now
	}
	return burst - a.used
}

func (l *limiter) slot(name string) uint64 { return maphash.String(l.seed, name) % slots }

// allowed reports whether a password for the name is looked at.
func (l *limiter) allowed(now time.Time, name string) bool {
	all := l.all.left(now, allBurst, allPause)
	a := l.names[l.slot(name)]
	if a == nil {
		return all > 0
	}
	return a.left(now, nameBurst, namePause) > 0 && (all > 0 || a.proven)
}

func (l *limiter) failed(now time.Time, name string) {
	s := l.slot(name)
	if l.names[s] == nil {
		l.names[s] = new(allowance)
	}
	for _, a := range []struct {
		*allowance
		burst int
		pause time.Duration
	}{{l.names[s], nameBurst, namePause}, {&l.all, allBurst, allPause}} {
		a.left(now, a.burst, a.pause)
		a.used++
	}
	l.names[s].proven = false
}

func (l *limiter) passed(name string) {
	s := l.slot(name)
	if l.names[s] == nil {
		l.names[s] = new(allowance)
	}
	l.names[s].proven = true
}
