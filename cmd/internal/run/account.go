package run

import (
	"time"

	"pppdial/mp"
)

const (
	keptVerdicts = 10 // last ones
	// fullDay is how long the program must have run for statistics at midnight.
	fullDay = 3 * time.Hour
)

// An account sums up what an interface has cost. It knows the time only as an
// argument.
type account struct {
	tried, made, failed int           // our calls
	taken               int           // the peer's
	connected           time.Duration // of the connections that have ended
	since               time.Time     // the present one began; zero: there is none
	atStart             octets        // carried when it began
	verdicts            []pastVerdict

	started  time.Time
	midnight time.Time // the next
	day      daily     // as things stood at the last midnight
}

type pastVerdict struct {
	at time.Time
	Verdict
}

// Octets are what was carried, as the interface sees it.
type octets struct{ sent, received uint64 }

func (t octets) less(before octets) octets {
	return octets{t.sent - before.sent, t.received - before.received}
}

// A daily is what the statistics of a day are the difference of.
type daily struct {
	tried, made, taken, failed int
	connected                  time.Duration
	octets
}

// A session is one connection.
type session struct {
	lasted time.Duration
	octets
}

func (a *account) begin(now time.Time) {
	a.started, a.midnight = now, nextMidnight(now)
}

// nextMidnight is the next begin of a day of the calendar, however long days
// are.
func nextMidnight(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
}

func (a *account) up(now time.Time) { a.since = now }

func (a *account) down(now time.Time, carried octets) session {
	s := session{now.Sub(a.since).Round(time.Millisecond), carried.less(a.atStart)}
	a.connected += now.Sub(a.since)
	a.since, a.atStart = time.Time{}, carried
	return s
}

// ended keeps a verdict, in a list of limited length.
func (a *account) ended(now time.Time, v Verdict) {
	if a.since.IsZero() {
		a.failed++
	}
	if len(a.verdicts) == keptVerdicts {
		a.verdicts = append(a.verdicts[:0], a.verdicts[1:]...)
	}
	a.verdicts = append(a.verdicts, pastVerdict{now, v})
}

// total is the time of all connections, the present one included.
func (a *account) total(now time.Time) time.Duration {
	if a.since.IsZero() {
		return a.connected
	}
	return a.connected + now.Sub(a.since)
}

func (a *account) midnightPassed(now time.Time) bool { return !now.Before(a.midnight) }

// dayOver returns the sums since the last midnight, or since the start; worth
// reports whether there was enough of a day.
func (a *account) dayOver(now time.Time, carried octets) (day daily, worth bool) {
	all := daily{a.tried, a.made, a.taken, a.failed, a.total(now), carried}
	day = daily{
		all.tried - a.day.tried, all.made - a.day.made, all.taken - a.day.taken, all.failed - a.day.failed,
		all.connected - a.day.connected, all.octets.less(a.day.octets),
	}
	worth = now.Sub(a.started) >= fullDay
	a.day, a.midnight = all, nextMidnight(now)
	return day, worth
}

// dayOver logs the statistics of the last 24 hours.
func (u *unit) dayOver(now time.Time) {
	if s, worth := u.account.dayOver(now, u.carried()); worth {
		u.log.Info("last 24 hours", "calls", s.tried, "made", s.made, "taken", s.taken, "failed", s.failed,
			"connected", s.connected.Round(time.Second), "sent", s.sent, "received", s.received)
	}
}

// carried is what the interface has carried so far.
func (u *unit) carried() octets {
	if u.iface == nil {
		return octets{}
	}
	s, ok := u.iface.bundle.Stats()
	if !ok {
		return octets{}
	}
	return octetsOf(s)
}

func octetsOf(s mp.Stats) octets { return octets{s.Tx.Bytes, s.Rx.Bytes} }
