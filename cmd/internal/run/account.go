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
	before              daily // of that, what the unit before has counted

	started time.Time
}

type pastVerdict struct {
	at time.Time
	Verdict
}

// Octets are what was carried, as the interface sees it.
type octets struct{ sent, received uint64 }

func (t octets) plus(more octets) octets {
	return octets{t.sent + more.sent, t.received + more.received}
}

func (t octets) less(before octets) octets {
	return octets{t.sent - before.sent, t.received - before.received}
}

// A daily is what the statistics of a day are the difference of.
type daily struct {
	tried, made, failed, taken int
	connected                  time.Duration
	octets
}

func (s daily) plus(more daily) daily {
	return daily{
		s.tried + more.tried, s.made + more.made, s.failed + more.failed, s.taken + more.taken,
		s.connected + more.connected, s.octets.plus(more.octets),
	}
}

func (s daily) less(before daily) daily {
	return daily{
		s.tried - before.tried, s.made - before.made, s.failed - before.failed, s.taken - before.taken,
		s.connected - before.connected, s.octets.less(before.octets),
	}
}

// Days are what the program's statistics come from. They know the time only as an
// argument.
type days struct {
	started  time.Time
	midnight time.Time // the next
	ended    daily     // of the units that have ended
	last     daily     // as things stood at the last midnight
}

// A session is one connection.
type session struct {
	lasted time.Duration
	octets
}

func (d *days) begin(now time.Time) { d.started, d.midnight = now, nextMidnight(now) }

// over returns the sums since the last midnight, or since the start, when it is
// midnight; worth reports whether there was enough of a day.
func (d *days) over(now time.Time, all daily) (day daily, worth bool) {
	if now.Before(d.midnight) { // the clock has been set back
		return daily{}, false
	}
	day = all.less(d.last)
	d.last, d.midnight = all, nextMidnight(now)
	return day, now.Sub(d.started) >= fullDay
}

// nextMidnight is the next begin of a day of the calendar, however long days
// are.
func nextMidnight(now time.Time) time.Time {
	y, m, d := now.Date()
	t := time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
	if t.Day() == d { // summer time skips midnight, and this is the hour before
		return t.Add(time.Hour)
	}
	return t
}

func (a *account) up(now time.Time) { a.since = now }

func (a *account) down(now time.Time, carried octets) session {
	s := session{now.Sub(a.since).Round(time.Millisecond), carried.less(a.atStart)}
	a.connected += now.Sub(a.since)
	a.since, a.atStart = time.Time{}, carried
	return s
}

// follow goes on with what the unit before has counted.
func (a *account) follow(b *account) {
	a.tried, a.made, a.failed, a.taken = a.tried+b.tried, a.made+b.made, a.failed+b.failed, a.taken+b.taken
	a.connected, a.verdicts = a.connected+b.connected, b.verdicts
	a.before = daily{b.tried, b.made, b.failed, b.taken, b.connected, octets{}}
}

// ended takes the verdict on a connection, or on a call of ours.
func (a *account) ended(now time.Time, v Verdict) {
	if a.since.IsZero() {
		a.failed++
	}
	a.keep(now, v)
}

// keep keeps a verdict, in a list of limited length.
func (a *account) keep(now time.Time, v Verdict) {
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

// counted are the sums of a unit for those of the program. A call that an entry has
// answered for another one is counted there.
func (d *daemon) counted(u *unit, now time.Time) daily {
	a := &u.account
	s := daily{a.tried, a.made, a.failed, a.taken, a.total(now), u.carried()}.less(a.before)
	if d.main != nil && d.main != u && d.main.entry.Reconfigure {
		s.taken = 0
	}
	return s
}

// sums are those of all units until now.
func (d *daemon) sums(now time.Time) daily {
	all := d.days.ended
	for _, u := range d.units {
		all = all.plus(d.counted(u, now))
	}
	return all
}

// awaitMidnight logs the statistics of the last 24 hours, day after day.
func (d *daemon) awaitMidnight() {
	d.midnight = d.after(time.Until(d.days.midnight), func() {
		now := time.Now()
		if s, worth := d.days.over(now, d.sums(now)); worth {
			log := d.log
			if d.main != nil {
				log = d.main.log
			}
			log.Info("last 24 hours", "calls", s.tried, "made", s.made, "failed", s.failed, "taken", s.taken,
				"connected", s.connected.Round(time.Second), "sent", s.sent, "received", s.received)
		}
		d.awaitMidnight()
	})
}

// carried is what the interface has carried so far, or, when it is gone, until the
// connection began or after the last one.
func (u *unit) carried() octets {
	if u.iface == nil {
		return octets{}
	}
	s, ok := u.iface.bundle.Stats()
	if !ok {
		return u.account.atStart
	}
	return octetsOf(s)
}

func octetsOf(s mp.Stats) octets { return octets{s.Tx.Bytes, s.Rx.Bytes} }
