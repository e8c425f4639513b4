package mp

import "time"

const (
	slot = time.Second // in which load is measured
	// The lines count as saturated in a slot when they were for this share of
	// it: between the last octet of one packet and the first of the next there
	// is always some time.
	saturation = 0.95
	// Of what is received the rate is known less well: it need not be that at
	// which we send. A line so slow that a full frame takes a tenth of a second
	// is saturated when there are no gaps and it has never carried much more.
	rxSaturation = 0.85
	rxPeak       = 0.9
	rxGap        = 25 * time.Millisecond
	rxGaps       = 0.1 // of a slot
	slowRate     = 16 << 10
	// One line fewer is enough when the others would have been used to this
	// share, on the average over several slots.
	sparing = 0.9
	window  = 5 * slot
)

// A load watches how much of its lines a bundle uses, for bandwidth on demand.
type load struct {
	began    time.Time // of the present slot; zero: nothing is measured
	noted    time.Time // when the lines were last looked at
	occupied time.Time // until when they all have something to send from then on
	full     time.Duration

	busy   time.Duration // how long they have been saturated
	calm   time.Duration // how long one line fewer would have done
	tx, rx uint64        // octets in the present window
	inside time.Duration // how long it has lasted
}

// traffic is what one link carries, as the load sees it.
type traffic struct {
	tx, rx   uint64    // octets by the end of the last slot
	received time.Time // when the last ones came
	gaps     time.Duration
	peak     float64 // received octets a second at most
}

// heard takes note of received octets.
func (t *traffic) heard(now time.Time) {
	if gap := now.Sub(t.received); gap > rxGap {
		t.gaps += gap
	}
	t.received = now
}

// restart begins anew: a link has come or gone.
func (l *load) restart(now time.Time, b *Bundle) {
	*l = load{}
	if b.mp == nil || b.links() == 0 {
		return
	}
	l.began, l.noted, l.occupied = now, now, now
	b.mp.members(func(k *Link) {
		k.traffic.tx, k.traffic.rx, k.traffic.gaps = k.sent.Bytes, k.received.Bytes, 0
		k.traffic.received = now
	})
}

// note takes a look at the lines after they were offered what waits.
func (l *load) note(now time.Time, b *Bundle) {
	if l.began.IsZero() {
		return
	}
	if b.links() < 2 && now.Sub(l.began) > window {
		l.restart(now, b) // nothing has happened for long
	}
	for end := l.began.Add(slot); !now.Before(end); end = l.began.Add(slot) {
		l.count(end)
		l.end(end, b)
		if l.began.IsZero() {
			return
		}
	}
	l.count(now)
	l.occupied = time.Time{} // who knows how long
	if b.pending() {
		return
	}
	b.mp.members(func(k *Link) {
		if k.usable() && !k.port.busy.Load() {
			free := k.pace.next
			if free.Before(now) {
				free = now
			}
			l.occupied = earlier(l.occupied, free)
		}
	})
}

// count adds the time until now during which all lines had something to send.
func (l *load) count(now time.Time) {
	until := now
	if !l.occupied.IsZero() && l.occupied.Before(now) {
		until = l.occupied
	}
	l.full += max(until.Sub(l.noted), 0)
	l.noted = now
}

// end judges the slot that ends now.
func (l *load) end(now time.Time, b *Bundle) {
	full := float64(l.full) > saturation*float64(slot)
	l.began, l.full = now, 0
	received := true // on all lines as much as they carry
	most, rate := 0., 0.
	b.mp.members(func(k *Link) {
		t := &k.traffic
		rx := float64(k.received.Bytes-t.rx) / slot.Seconds()
		l.tx += k.sent.Bytes - t.tx
		l.rx += k.received.Bytes - t.rx
		t.heard(now)
		if t.peak = max(t.peak, rx); k.usable() {
			r := k.rate()
			most, rate = max(most, r), rate+r
			if r <= slowRate {
				received = received && float64(t.gaps) < rxGaps*float64(slot) && rx > rxPeak*t.peak
			} else {
				received = received && rx > rxSaturation*max(r, t.peak)
			}
		}
		t.tx, t.rx, t.gaps = k.sent.Bytes, k.received.Bytes, 0
	})
	if full = full || received && rate > 0; full {
		l.calm, l.inside, l.tx, l.rx = 0, 0, 0, 0
		if l.busy += slot; b.cfg.MP.BusyDelay > 0 && l.busy >= b.cfg.MP.BusyDelay {
			l.busy = 0
			b.cfg.Events.Busy(b)
		}
		return
	}
	l.busy = 0
	if l.inside += slot; l.inside < window {
		return
	}
	enough := sparing * (rate - most) * l.inside.Seconds()
	if l.calm += l.inside; float64(max(l.tx, l.rx)) > enough || b.links() < 2 {
		l.calm = 0
	}
	l.inside, l.tx, l.rx = 0, 0, 0
	if b.cfg.MP.IdleDelay > 0 && l.calm >= b.cfg.MP.IdleDelay {
		l.calm = 0
		b.cfg.Events.Slack(b)
	}
}

// rate is how much the link's line carries, in octets a second, as far as one
// can say.
func (k *Link) rate() float64 {
	if r := k.pace.estimate(); r > 0 {
		return r
	}
	return k.traffic.peak
}

// deadline is when the present slot ends. With a single link it ends at the
// next opportunity: saturated lines are looked at all the time.
func (l *load) deadline(b *Bundle) time.Time {
	if l.began.IsZero() || b.cfg.MP.IdleDelay == 0 || b.links() < 2 {
		return time.Time{}
	}
	return l.began.Add(slot)
}
