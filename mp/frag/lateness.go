package frag

import "time"

// A lateness remembers how much later than its successors a fragment may be
// and still come: what is not slower than links have lately been is waited
// for.
type lateness struct {
	recent, before time.Duration // the greatest of the present period and of the one before
	from           time.Duration // begin of the period
	begun          bool
}

const (
	firstPatience  = time.Second
	leastPatience  = time.Second
	mostPatience   = 3 * time.Second
	latenessFactor = 2
	latenessPeriod = time.Minute
)

// sample takes note of a fragment that came so late.
func (l *lateness) sample(now, late time.Duration) {
	if !l.begun || now-l.from > latenessPeriod {
		l.before, l.recent, l.from, l.begun = l.recent, 0, now, true
	}
	l.recent = max(l.recent, late)
}

// patience is how long to wait for a fragment whose successor has come.
func (l *lateness) patience() time.Duration {
	if !l.begun {
		return firstPatience
	}
	return min(max(latenessFactor*max(l.recent, l.before), leastPatience), mostPatience)
}
